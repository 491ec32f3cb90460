// SPDX-License-Identifier: Apache-2.0
// train(model, data, options, callbacks...): the training loop. It draws minibatches, makes steps and calls
// callbacks; it knows neither methods nor what the callbacks do. With a method's header it is all that a
// program needs to write a Model on the CPU and train it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/augmented_shape.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/train/callbacks.hpp>
#include <disentangle/train/epoch_images.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/run.hpp>
#include <disentangle/train/run_warnings.hpp>
#include <disentangle/train/step_batches.hpp>

namespace disentangle {

namespace detail {

/// The images of a data set for policies that look at all of it between epochs: views of one epoch, augmented
/// as those of minibatches are, with other random numbers.
template <class Data>
EpochImages epoch_images(Data const& data, Seed seed, long epoch) {
  if constexpr (!data::augmented_data<Data>) {
    return {data.size(), [&data](int, std::span<std::size_t const> indices, std::span<float> out) {
              data.images(indices, out);
            }};
  } else {
    return {data.size(),
            [&data, seed, epoch](int v, std::span<std::size_t const> indices, std::span<float> out) {
              using OwnShape = typename data::unaugmented_t<Data>::image_shape_type;
              auto const& augmentation = data.augmentation();
              Philox const random{seed.value, stream("epoch") + static_cast<std::uint32_t>(v),
                                  static_cast<std::uint64_t>(epoch)};
              auto const view = static_cast<std::size_t>(v);
              if constexpr (changes_shape<std::remove_cvref_t<decltype(augmentation)>, OwnShape>) {
                std::vector<float> whole(indices.size() * OwnShape::size);
                data::unaugmented(data).images(indices, whole);
                augmentation(random, OwnShape{}, view, indices, std::span<float const>(whole), out);
              } else {
                data::unaugmented(data).images(indices, out);
                augmentation(random, OwnShape{}, view, indices, out);
              }
            }};
  }
}

}  // namespace detail

/// Trains until the model has made options.steps steps in all, or a callback stops the run.
///
///     dis::train(model, data, {.steps = 20'000, .batch_size = 64}, dis::progress_bar(),
///                dis::checkpoint("run/"));
///
/// A callback is an object with some of the following members, called in the order of the arguments; what it
/// lacks costs nothing. `run` is a Run<Model>&, `report` a Model::report_type const&.
///
///     void on_begin(auto& run);                          before the first step
///     void on_step(auto& run, auto const& report);       after every step; may call run.stop("why")
///     void on_end(auto& run);                            after the last step, also of a stopped run
///     void on_failure(auto& run, std::exception const& error);
///         instead of on_end where a step or a callback throws
///     void on_resume(auto& run);                       before on_begin of all: may restore the model's state
///
/// A function (run, report) is a callback too, and stands for on_step.
///
/// The images of step s are a pure function of the data set, the model's seed, options.batch_size and s, and
/// so are the random numbers of the step: a run that goes on from a checkpoint equals one that was never
/// interrupted. Methods that take several minibatches a step draw each from all images, independently of the
/// others. A labelled minibatch is drawn from the images that have a label (data::keep_labels hides those of
/// the others), each time anew. All are augmented where the data set says how (data::augmented); a method
/// that compares views of an image needs that. Epochs are of data::steps_per_epoch() steps. Allocates nothing
/// per step after the first steps, callbacks aside. One thread prepares minibatches in the background.
///
/// A loss that explodes and a posterior that collapses are said in words, with the hyper-parameters to change
/// (RunWarnings): by progress_bar() and csv_log() when they are noticed, and in the summary. The run goes on.
///
/// @throws NumericalError where a part of the loss is not finite; Model::step says what it leaves of the
/// model, and the message names the last good checkpoint if there is one: with checkpoint(file, {.resume =
/// true}) the next run goes on from there. @throws ValueError for a batch size of 0, and for one
/// that the data set, or its labelled part, cannot fill.
template <class Model, data::data_set Data, class... Callbacks>
DISENTANGLE_COLD TrainSummary train(Model& model, Data const& data, TrainOptions const& options,
                                    Callbacks&&... callbacks) {
  static_assert(std::is_same_v<typename Model::image_shape_type, typename Data::image_shape_type>,
                "[disentangle] train: the model's image shape is not that of the data set; pass "
                "data.image_shape() to Model");
  static_assert(Model::views == 1 || data::augmented_data<Data>,
                "[disentangle] train: this method compares views of each image; pass "
                "data::augmented(data, pipeline) to say how they are made");
  using R = Run<Model>;
  if (options.log_every < 1) {
    throw ValueError("train: log_every is " + std::to_string(options.log_every) + ", expected at least 1");
  }
  if (options.batch_size < 1) throw ValueError("train: batch_size is 0, expected at least 1");
  R run(model, options, data.name(), data.size());
  detail::CallbackList<R, typename Model::report_type, std::remove_reference_t<Callbacks>...> each(
      callbacks...);
  try {
    each.resume(run);
    run.begin();
    each.begin(run);
    detail::StepBatches<Model, Data> batches(model, data, options);
    auto const epoch_steps = static_cast<long>(
        data::steps_per_epoch(data.size(), options.batch_size, options.last_batch, options.order));
    RunWarnings warnings;
    while (model.steps() < options.steps && !run.stopping()) {
      if (Model::surveys_epochs && model.steps() % epoch_steps == 0) {
        long const epoch = model.steps() / epoch_steps;
        model.before_epoch(epoch, detail::epoch_images(data, model.seed(), epoch));
      }
      std::span<Minibatch const> const minibatches = batches.next();
      auto const& report = model.step(minibatches, run.logs(model.steps() + 1));
      run.made_step(report.loss, minibatches[0].size);
      warnings.on_step(run, report);
      each.step(run, report);
    }
    batches.report_waits(run);
    each.end(run);
  } catch (std::exception const& error) {
    each.failure(run, error);
    if (dynamic_cast<NumericalError const*>(&error) != nullptr && !run.last_checkpoint().empty()) {
      throw NumericalError(std::string(error.what()) + "; the last good checkpoint is " +
                           run.last_checkpoint());
    }
    throw;
  }
  return run.summary();
}

/// The same with the default options.
template <class Model, data::data_set Data>
TrainSummary train(Model& model, Data const& data) {
  return train(model, data, TrainOptions{});
}

}  // namespace disentangle
