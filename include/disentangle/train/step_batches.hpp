// SPDX-License-Identifier: Apache-2.0
// StepBatches: the minibatches of the steps of a model, drawn from a data set: those of all images, further
// views of the main one, and the labelled one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/train/labelled_part.hpp>
#include <disentangle/train/run.hpp>

namespace disentangle::detail {

/// The name of the stream that minibatch number i of a step is drawn from.
inline std::string minibatch_stream(int i) { return i == 0 ? "batches" : "batches " + std::to_string(i); }

/// The labelled images of a data set and the minibatches drawn from them.
template <class Data>
struct LabelledSource {
  using Augmentation = decltype(data::own_augmentation(std::declval<Data const&>()));
  using Part = LabelledPart<data::unaugmented_t<Data>>;
  Part part;
  data::BatchSource<Part, Augmentation> source;

  LabelledSource(Data const& data, data::BatchOptions const& options)
      : part(data::unaugmented(data)),
        source(checked(part, options.batch_size), options, data::own_augmentation(data)) {}

 private:
  static Part const& checked(Part const& part, std::size_t batch) {
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

/// What the steps of a model take, from the step that it has reached. Refers to the data set.
template <class Model, class Data>
class StepBatches {
 public:
  DISENTANGLE_COLD StepBatches(Model const& model, Data const& data, TrainOptions const& options) {
    if (model.steps() >= options.steps) return;
    for (int i = 0; i < Model::draws; ++i) {
      sources_.push_back(std::make_unique<Source>(
          data,
          data::BatchOptions{.batch_size = options.batch_size,
                             .seed = model.seed().value,
                             .first_step = static_cast<std::uint64_t>(model.steps()),
                             .prefetch = options.prefetch,
                             .order = options.order,
                             .stream = minibatch_stream(i),
                             .views = i == 0 ? static_cast<std::size_t>(Model::views) : 1,
                             .last_batch = options.last_batch},
          data::own_augmentation(data)));
    }
    labelled_ = labelled_source(model, data, options);
  }

  /// The minibatches of the next step; they stand until the one after.
  std::span<Minibatch const> next() {
    if constexpr (Model::takes_labels) batches_.back() = labelled_->source.next();
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      Minibatch const& batch = sources_[i]->next();
      for (std::size_t view = 0; view < batch.views; ++view)
        batches_[view == 0 ? i : sources_.size() + view - 1] = batch.view(view);
    }
    return batches_;
  }

  /// Tells a run how often and how long its steps had to wait for images.
  template <class R>
  void report_waits(R& run) const {
    for (auto const& source : sources_) run.waited_for_data(source->waits(), source->waited().count());
  }

 private:
  using Source = data::BatchSource<Data, decltype(data::own_augmentation(std::declval<Data const&>()))>;

  std::vector<std::unique_ptr<Source>> sources_;
  std::unique_ptr<LabelledSource<Data>> labelled_;
  std::array<Minibatch, static_cast<std::size_t>(Model::minibatches)> batches_;
};

}  // namespace disentangle::detail
