// SPDX-License-Identifier: Apache-2.0
// train(model, data, options, callbacks...): the training loop. It draws minibatches, makes steps and calls
// callbacks; it knows neither methods nor what the callbacks do.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/train/epoch_images.hpp>
#include <disentangle/train/labelled_part.hpp>
#include <disentangle/train/run.hpp>

namespace disentangle {

namespace detail {

template <class C, class R>
concept has_on_resume = requires(C& callback, R& run) { callback.on_resume(run); };
template <class C, class R>
concept has_on_begin = requires(C& callback, R& run) { callback.on_begin(run); };
template <class C, class R, class Report>
concept has_on_step = requires(C& callback, R& run, Report const& report) { callback.on_step(run, report); };
template <class C, class R>
concept has_on_end = requires(C& callback, R& run) { callback.on_end(run); };
template <class C, class R>
concept has_on_failure =
    requires(C& callback, R& run, std::exception const& error) { callback.on_failure(run, error); };

/// The hooks of one callback, called where it has them.
template <class C, class R, class Report>
struct Hooks {
  static constexpr bool resume = has_on_resume<C, R>, begin = has_on_begin<C, R>,
                        step = has_on_step<C, R, Report>, end = has_on_end<C, R>,
                        failure = has_on_failure<C, R>, call = std::invocable<C&, R&, Report const&>;
  static_assert(resume || begin || step || end || failure || call,
                "[disentangle] train: a callback has on_begin(run), on_step(run, report) or on_end(run), or "
                "can itself be "
                "called as callback(run, report)");
  static_assert(
      begin || !requires { &C::on_begin; }, "[disentangle] train: a callback's on_begin takes (run)");
  static_assert(
      step || !requires { &C::on_step; }, "[disentangle] train: a callback's on_step takes (run, report)");
  static_assert(
      end || !requires { &C::on_end; }, "[disentangle] train: a callback's on_end takes (run)");
};

/// The name of the stream that minibatch number i of a step is drawn from.
inline std::string minibatch_stream(int i) { return i == 0 ? "batches" : "batches " + std::to_string(i); }

/// The labelled images of a data set and the minibatches drawn from them.
template <class Data>
struct LabelledSource {
  using Augmentation = decltype(data::own_augmentation(std::declval<Data const&>()));
  LabelledPart<Data> part;
  data::BatchSource<LabelledPart<Data>, Augmentation> source;

  LabelledSource(Data const& data, data::BatchOptions const& options)
      : part(data), source(checked(part, options.batch_size), options, data::own_augmentation(data)) {}

 private:
  static LabelledPart<Data> const& checked(LabelledPart<Data> const& part, std::size_t batch) {
    if (part.size() < batch) {
      throw ValueError("train: found " + std::to_string(part.size()) + " of " + part.name() +
                       ", expected at least a labelled minibatch of " + std::to_string(batch) +
                       "; take a smaller labelled_batch_size");
    }
    return part;
  }
};

/// The source of labelled minibatches of a model that takes them; else nothing.
template <class Model, class Data>
auto labelled_source(Model const& model, Data const& data, TrainOptions const& options) {
  std::unique_ptr<LabelledSource<Data>> result;
  if constexpr (Model::takes_labels) {
    result = std::make_unique<LabelledSource<Data>>(
        data, data::BatchOptions{.batch_size = options.labelled_batch_size == 0 ? options.batch_size
                                                                                : options.labelled_batch_size,
                                 .seed = model.seed().value,
                                 .first_step = static_cast<std::uint64_t>(model.steps()),
                                 .prefetch = options.prefetch,
                                 .order = data::Order::independent_batches,
                                 .stream = "labelled batches"});
  }
  return result;
}

/// The images of a data set for policies that look at all of it between epochs: views of one epoch, augmented
/// as those of minibatches are, with other random numbers.
template <class Data>
EpochImages epoch_images(Data const& data, Seed seed, long epoch) {
  return {data.size(),
          [&data, seed, epoch](int v, std::span<std::size_t const> indices, std::span<float> out) {
            data.images(indices, out);
            [[maybe_unused]] Philox const random{seed.value, stream("epoch") + static_cast<std::uint32_t>(v),
                                                 static_cast<std::uint64_t>(epoch)};
            if constexpr (data::augmented_data<Data>) {
              data.augmentation()(random, data.image_shape(), static_cast<std::size_t>(v), indices, out);
            }
          }};
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
/// that compares views of an image needs that. Epochs are of data.size() / batch_size steps. Allocates
/// nothing per step after the first steps, callbacks aside. One thread prepares minibatches in the
/// background.
///
/// @throws NumericalError where a part of the loss is not finite; the model is then as before that step, and
/// the message names the last good checkpoint if there is one. @throws ValueError for a batch size that the
/// data set, or its labelled part, cannot fill.
template <class Model, data::data_set Data, class... Callbacks>
TrainSummary train(Model& model, Data const& data, TrainOptions const& options, Callbacks&&... callbacks) {
  static_assert(std::is_same_v<typename Model::image_shape_type, typename Data::image_shape_type>,
                "[disentangle] train: the model's image shape is not that of the data set; pass "
                "data.image_shape() to Model");
  using R = Run<Model>;
  using Report = typename Model::report_type;
  using Source = data::BatchSource<Data, decltype(data::own_augmentation(data))>;
  static_assert(Model::views == 1 || data::augmented_data<Data>,
                "[disentangle] train: this method compares views of each image; pass "
                "data::augmented(data, pipeline) to say how they are made");
  constexpr auto minibatches = static_cast<std::size_t>(Model::minibatches);
  if (options.log_every < 1) {
    throw ValueError("train: log_every is " + std::to_string(options.log_every) + ", expected at least 1");
  }
  R run(model, options, data.name(), data.size());
  auto const each = [&](auto&& visit) { (visit(callbacks), ...); };
  try {
    each([&](auto& callback) {
      if constexpr (detail::Hooks<std::remove_cvref_t<decltype(callback)>, R, Report>::resume)
        callback.on_resume(run);
    });
    run.begin();
    each([&](auto& callback) {
      if constexpr (detail::Hooks<std::remove_cvref_t<decltype(callback)>, R, Report>::begin)
        callback.on_begin(run);
    });

    std::vector<std::unique_ptr<Source>> sources;
    for (int i = 0; i < Model::draws && model.steps() < options.steps; ++i) {
      sources.push_back(std::make_unique<Source>(
          data,
          data::BatchOptions{.batch_size = options.batch_size,
                             .seed = model.seed().value,
                             .first_step = static_cast<std::uint64_t>(model.steps()),
                             .prefetch = options.prefetch,
                             .order = options.order,
                             .stream = detail::minibatch_stream(i),
                             .views = i == 0 ? static_cast<std::size_t>(Model::views) : 1},
          data::own_augmentation(data)));
    }
    auto const labelled = detail::labelled_source(model, data, options);
    std::array<Minibatch, minibatches> batches;
    long const epoch_steps = static_cast<long>(data.size() / options.batch_size);
    while (model.steps() < options.steps && !run.stopping()) {
      if (Model::surveys_epochs && model.steps() % epoch_steps == 0) {
        long const epoch = model.steps() / epoch_steps;
        model.before_epoch(epoch, detail::epoch_images(data, model.seed(), epoch));
      }
      if constexpr (Model::takes_labels) {
        data::Batch const& batch = labelled->source.next();
        batches.back() = {.images = batch.images,
                          .labels = batch.labels,
                          .size = batch.indices.size(),
                          .data_size = labelled->part.size(),
                          .indices = batch.indices};
      }
      for (std::size_t i = 0; i < sources.size(); ++i) {
        data::Batch const& batch = sources[i]->next();
        for (std::size_t view = 0; view < batch.views; ++view) {
          batches[view == 0 ? i : sources.size() + view - 1] = {.images = batch.view(view),
                                                                .labels = batch.labels,
                                                                .size = options.batch_size,
                                                                .data_size = run.data_size(),
                                                                .indices = batch.indices};
        }
      }
      Report const& report = model.step(std::span<Minibatch const>(batches), run.logs(model.steps() + 1));
      run.made_step(report.loss);
      each([&](auto& callback) {
        using Hooks = detail::Hooks<std::remove_cvref_t<decltype(callback)>, R, Report>;
        if constexpr (Hooks::step) callback.on_step(run, report);
        if constexpr (Hooks::call) callback(run, report);
      });
    }
    for (auto const& source : sources) run.waited_for_data(source->waits(), source->waited().count());
    each([&](auto& callback) {
      if constexpr (detail::Hooks<std::remove_cvref_t<decltype(callback)>, R, Report>::end)
        callback.on_end(run);
    });
  } catch (std::exception const& error) {
    each([&](auto& callback) {
      if constexpr (detail::Hooks<std::remove_cvref_t<decltype(callback)>, R, Report>::failure)
        callback.on_failure(run, error);
    });
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
