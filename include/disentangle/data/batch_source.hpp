// SPDX-License-Identifier: Apache-2.0
// Batches of a data set, prepared ahead of the training step by one background thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// Which images a batch holds.
enum class Order {
  /// Each epoch shows every image once in a fresh random order; what does not fill a last batch is left out.
  shuffled_epochs,
  /// Each image of each batch is drawn from all, independently.
  with_replacement,
  /// The images of a batch differ; each batch is drawn from all, independently of the others.
  independent_batches,
};

/// What a BatchSource does; every field has its default.
struct BatchOptions {
  /// Images per batch, at least 1; at most the size of the data set but for with_replacement.
  std::size_t batch_size = 64;
  /// The seed of the run.
  std::uint64_t seed = 0;
  /// The step of the first batch: a resumed run starts where it stopped.
  std::uint64_t first_step = 0;
  /// Batches prepared ahead, in a background thread; 0 prepares each batch inside next(). The batches are the
  /// same.
  std::size_t prefetch = 2;
  Order order = Order::shuffled_epochs;
  /// The name of the stream of random numbers: sources of one run that should not draw alike (a second
  /// minibatch, a labelled subset) have different names.
  std::string_view stream = "batches";
  /// Copies of each image in a batch, at least 1, each changed by the augmentation with draws of its own: two
  /// for methods that compare two views.
  std::size_t views = 1;
};

/// One batch. The spans hold until the next call of next() or the end of the source.
struct Batch {
  std::uint64_t step = 0;
  /// (views, batch, height, width, channels); one view unless BatchOptions::views says more.
  std::span<float const> images;
  /// (batch): where the images lie in the data set.
  std::span<std::size_t const> indices;
  /// (batch, factors), -1 = missing.
  std::span<int const> labels;
  std::size_t views = 1;

  /// The images of view i < views: (batch, height, width, channels).
  std::span<float const> view(std::size_t i) const {
    return images.subspan(i * (images.size() / views), images.size() / views);
  }
};

/// The augmentation that leaves images as they are.
struct NoAugmentation {};

/// What may change the images of a batch on their way: `augmentation(random, shape, view, samples, images)`
/// changes the images of one view in place, images (batch, height, width, channels), where samples (batch)
/// are their indices in the data set. `random` differs from view to view and from epoch to epoch, not within
/// an epoch: its step is the epoch, so numbers are drawn by samples[i], and an image looks the same in
/// whatever batch of the epoch it lies. (The orders without epochs count every batch as one; an image that
/// with_replacement draws twice into a batch is changed twice alike.) It runs in the background thread and
/// must depend on its arguments alone, so that a resumed run sees the same images.
///
/// Optional: `augmentation.check(shape)` throws where its settings are wrong; the source's constructor calls
/// it, so that the error comes from there and not from the first batch.
///
///     struct Dim {
///       void operator()(dis::Philox random, auto shape, std::size_t, std::span<std::size_t const> samples,
///                       std::span<float> images) const {
///         for (std::size_t p = 0; p < images.size(); ++p)
///           images[p] *= random.uniform(samples[p / shape.size]);
///       }
///     };
///
/// Those of the library are composed in augment/pipeline.hpp.
template <class A, class Shape>
concept augmentation_of =
    std::same_as<A, NoAugmentation> ||
    requires(A const& a, Philox random, std::size_t view, std::span<std::size_t const> samples,
             std::span<float> images) { a(random, Shape{}, view, samples, images); };

/// Gives the batches of steps first_step, first_step + 1, ... The batch of step s is a pure function of the
/// data set, the options and s: neither prefetch nor the step at which the source started changes it.
///
///     dis::data::BatchSource source(data, {.batch_size = 64, .seed = 0});
///     for (...) { auto const& batch = source.next(); ... }
///
/// The images of shuffled_epochs are those of Permutation(Philox{seed, stream, epoch}, size) with epoch =
/// step / (size / batch_size), those of independent_batches and with_replacement of Philox{seed, stream,
/// step}. View v is augmented with a Philox of the seed, a stream of this stream's name and v, and the epoch
/// (of shuffled_epochs) or the step (of the others). Nothing is allocated after the constructor. An exception
/// of the data set or the augmentation comes out of the next() whose batch it prevented. next() is for one
/// thread. The data set must outlive the source, which may be destroyed at any moment.
template <data_set Data, class Augmentation = NoAugmentation>
  requires augmentation_of<Augmentation, typename Data::image_shape_type>
class BatchSource {
 public:
  /// Throws ValueError for a batch size of 0, for one above the size of the data set but for
  /// with_replacement, for no view, and what the augmentation's check() throws.
  explicit BatchSource(Data const& data, BatchOptions options = {}, Augmentation augmentation = {})
      : data_(&data),
        size_(data.size()),
        stream_(stream(options.stream)),
        options_(options),
        augmentation_(std::move(augmentation)),
        next_step_(options.first_step),
        made_(options.first_step) {
    options_.stream = {};  // the caller's string may go
    if (options.batch_size == 0 || size_ == 0) {
      throw ValueError("batches of " + std::to_string(options.batch_size) + " from the " +
                       std::to_string(size_) + " images of " + std::string(data.name()) +
                       ": both must be at least 1");
    }
    if (options.order != Order::with_replacement && options.batch_size > size_) {
      throw ValueError("a batch of " + std::to_string(options.batch_size) + " from the " +
                       std::to_string(size_) + " images of " + std::string(data.name()) +
                       ": take a smaller batch, or Order::with_replacement");
    }
    if (options.views == 0) {
      throw ValueError("batches from " + std::string(data.name()) + ": found 0 views, expected at least 1");
    }
    if constexpr (requires { augmentation_.check(Shape{}); }) augmentation_.check(Shape{});
    std::vector<Factor> const& factors = data.factors();
    slots_.resize(options.prefetch + 1);
    for (Slot& slot : slots_) {
      slot.images.resize(options.views * options.batch_size * Shape::size);
      slot.indices.resize(options.batch_size);
      slot.labels.resize(options.batch_size * factors.size());
    }
    if (options.prefetch > 0) thread_ = std::thread([this] { prepare(); });
  }
  BatchSource(Data const&&, BatchOptions = {}, Augmentation = {}) = delete;  // the data set would be gone
  BatchSource(BatchSource const&) = delete;
  BatchSource& operator=(BatchSource const&) = delete;

  ~BatchSource() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_one();
    thread_.join();
  }

  /// The batch of the next step. The batch given before may be overwritten.
  Batch const& next() {
    if (!thread_.joinable()) {
      make(slots_[slot_of(next_step_)], next_step_);
      return hand_out();
    }
    {
      std::unique_lock lock(mutex_);
      held_ = false;
      if (made_ == next_step_ && !failure_) {  // then a slot is free, and the thread is at work
        auto const start = std::chrono::steady_clock::now();
        ready_.wait(lock, [this] { return made_ != next_step_ || failure_; });
        waited_ += std::chrono::steady_clock::now() - start;
        ++waits_;
      }
      if (made_ == next_step_) std::rethrow_exception(failure_);
      held_ = true;
      hand_out();
    }
    room_.notify_one();
    return batch_;
  }

  /// The step whose batch next() gives.
  std::uint64_t step() const { return next_step_; }
  /// Steps in an epoch of shuffled_epochs: size / batch_size, rounded down.
  std::uint64_t steps_per_epoch() const { return size_ / options_.batch_size; }
  /// How often, and for how long together, next() had to wait for the background thread.
  std::uint64_t waits() const { return waits_; }
  std::chrono::duration<double> waited() const { return waited_; }

 private:
  using Shape = typename Data::image_shape_type;
  struct Slot {
    std::vector<float> images;
    std::vector<std::size_t> indices;
    std::vector<int> labels;
  };

  std::size_t slot_of(std::uint64_t step) const { return static_cast<std::size_t>(step % slots_.size()); }

  Batch const& hand_out() {
    Slot const& slot = slots_[slot_of(next_step_)];
    batch_ = {next_step_, slot.images, slot.indices, slot.labels, options_.views};
    ++next_step_;
    return batch_;
  }

  void make(Slot& slot, std::uint64_t step) const {
    std::size_t const n = options_.batch_size;
    if (options_.order == Order::shuffled_epochs) {
      Permutation const order(Philox{options_.seed, stream_, step / steps_per_epoch()}, size_);
      std::uint64_t const first = step % steps_per_epoch() * n;
      for (std::size_t i = 0; i < n; ++i) slot.indices[i] = static_cast<std::size_t>(order(first + i));
    } else if (options_.order == Order::independent_batches) {
      Permutation const order(Philox{options_.seed, stream_, step}, size_);
      for (std::size_t i = 0; i < n; ++i) slot.indices[i] = static_cast<std::size_t>(order(i));
    } else {
      Philox const random{options_.seed, stream_, step};
      for (std::size_t i = 0; i < n; ++i) {
        slot.indices[i] = random.integer(i, static_cast<std::uint32_t>(size_));
      }
    }
    std::span<float> const images(slot.images);
    std::size_t const view_size = n * Shape::size;
    data_->images(slot.indices, images.first(view_size));
    if (!slot.labels.empty()) data_->labels(slot.indices, slot.labels);
    for (std::size_t v = 1; v < options_.views; ++v) {
      std::ranges::copy(images.first(view_size), images.begin() + static_cast<std::ptrdiff_t>(v * view_size));
    }
    if constexpr (!std::same_as<Augmentation, NoAugmentation>) {
      std::uint64_t const epoch = options_.order == Order::shuffled_epochs ? step / steps_per_epoch() : step;
      for (std::size_t v = 0; v < options_.views; ++v) {
        Philox const random{options_.seed, stream_ ^ (stream("augmentation") + static_cast<std::uint32_t>(v)),
                            epoch};
        augmentation_(random, Shape{}, v, std::span<std::size_t const>(slot.indices),
                      images.subspan(v * view_size, view_size));
      }
    }
  }

  /// The background thread: makes batches while a slot is free that the reader neither holds nor has yet to
  /// read.
  void prepare() {
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock, [this] { return stop_ || made_ - next_step_ + (held_ ? 1 : 0) < slots_.size(); });
      if (stop_) return;
      std::uint64_t const step = made_;
      lock.unlock();
      std::exception_ptr failure;
      try {
        make(slots_[slot_of(step)], step);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure) {
        failure_ = failure;
        ready_.notify_one();
        return;
      }
      ++made_;
      ready_.notify_one();
    }
  }

  Data const* data_;
  std::size_t size_;
  std::uint32_t stream_;
  BatchOptions options_;
  Augmentation augmentation_;
  std::vector<Slot> slots_;
  Batch batch_;
  std::uint64_t waits_ = 0;
  std::chrono::duration<double> waited_{0};

  std::mutex mutex_;
  std::condition_variable room_, ready_;
  // Guarded by mutex_ while the thread runs. Steps next_step_ - held_ .. made_ - 1 occupy one slot each.
  std::uint64_t next_step_;
  std::uint64_t made_;
  bool held_ = false;
  bool stop_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace disentangle::data
