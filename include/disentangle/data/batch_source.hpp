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
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/augmented_shape.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// Which images a batch holds.
enum class Order {
  /// Each epoch shows every image once in a fresh random order, but for what LastBatch leaves out.
  shuffled_epochs,
  /// Each image of each batch is drawn from all, independently.
  with_replacement,
  /// The images of a batch differ; each batch is drawn from all, independently of the others.
  independent_batches,
};

/// What becomes of the images of an epoch that do not fill its last batch.
enum class LastBatch {
  drop,  ///< they are left out, others in each epoch
  keep   ///< they are a smaller batch; terms that compare images want two of them at least
};

/// Steps in an epoch: images / batch_size, rounded up where the last batch is kept, else down, and at least
/// 1. The orders without epochs count down too, whatever the last batch. @throws ValueError for a batch_size
/// of 0
[[nodiscard]] inline std::size_t steps_per_epoch(std::size_t images, std::size_t batch_size,
                                                 LastBatch last_batch = LastBatch::drop,
                                                 Order order = Order::shuffled_epochs) {
  if (batch_size == 0) throw ValueError("steps of an epoch: found a batch_size of 0, expected at least 1");
  bool const keeps = last_batch == LastBatch::keep && order == Order::shuffled_epochs;
  return std::max<std::size_t>(1, images / batch_size + (keeps && images % batch_size != 0 ? 1 : 0));
}

/// What a BatchSource does; every field has its default.
struct BatchOptions {
  /// Images per batch, at least 1; at most the size of the data set but for with_replacement and
  /// LastBatch::keep.
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
  /// Of shuffled_epochs; the batches of the other orders are all full.
  LastBatch last_batch = LastBatch::drop;
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
/// An augmentation that changes the images' shape says to which, `template <class Shape> using output_shape`,
/// and is called as `augmentation(random, shape, view, samples, from, to)` instead.
///
/// Those of the library are composed in augment/pipeline.hpp.
template <class A, class Shape>
concept augmentation_of =
    std::same_as<A, NoAugmentation> ||
    (changes_shape<A, Shape> &&
     requires(A const& a, Philox random, std::size_t view, std::span<std::size_t const> samples,
              std::span<float const> from,
              std::span<float> to) { a(random, Shape{}, view, samples, from, to); }) ||
    requires(A const& a, Philox random, std::size_t view, std::span<std::size_t const> samples,
             std::span<float> images) { a(random, Shape{}, view, samples, images); };

/// The data set whose images the augmentation of D takes: where D has one of its own (Augmented), the images
/// that it is made of, `d.unaugmented()`; else D.
template <data_set D>
[[nodiscard]] auto const& unaugmented(D const& data) {
  if constexpr (requires { data.unaugmented(); }) {
    return data.unaugmented();
  } else {
    return data;
  }
}

template <data_set D>
using unaugmented_t = std::remove_cvref_t<decltype(unaugmented(std::declval<D const&>()))>;

/// Gives the batches of steps first_step, first_step + 1, ... The batch of step s is a pure function of the
/// data set, the options and s: neither prefetch nor the step at which the source started changes it.
///
///     dis::data::BatchSource source(data, {.batch_size = 64, .seed = 0});
///     for (...) { auto const& batch = source.next(); ... }
///
/// The images of shuffled_epochs are those of Permutation(Philox{seed, stream, epoch}, size) with epoch =
/// step / steps_per_epoch(), those of independent_batches and with_replacement of Philox{seed, stream,
/// step}. View v is augmented with a Philox of the seed, a stream of this stream's name and v, and the epoch
/// (of shuffled_epochs) or the step (of the others). Nothing is allocated after the constructor. An exception
/// of the data set or the augmentation comes out of the next() whose batch it prevented. next() is for one
/// thread. The data set must outlive the source, which may be destroyed at any moment.
///
/// With an augmentation the images are drawn from unaugmented(data), and those of a batch have the shape that
/// it makes.
template <data_set Data, class Augmentation = NoAugmentation>
  requires augmentation_of<Augmentation,
                           typename std::conditional_t<std::same_as<Augmentation, NoAugmentation>, Data,
                                                       unaugmented_t<Data>>::image_shape_type>
class BatchSource {
  using Drawn = std::conditional_t<std::same_as<Augmentation, NoAugmentation>, Data, unaugmented_t<Data>>;

 public:
  /// Of the images of a batch.
  using image_shape_type = augmented_shape_t<Augmentation, typename Drawn::image_shape_type>;

  /// Throws ValueError for a batch size of 0, for one above the size of the data set where batches must be
  /// full and of different images, for no view, and what the augmentation's check() throws.
  DISENTANGLE_COLD explicit BatchSource(Data const& data, BatchOptions options = {},
                                        Augmentation augmentation = {})
      : data_(&drawn(data)),
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
    bool const keeps = options.order == Order::shuffled_epochs && options.last_batch == LastBatch::keep;
    if (options.order != Order::with_replacement && !keeps && options.batch_size > size_) {
      throw ValueError("a batch of " + std::to_string(options.batch_size) + " from the " +
                       std::to_string(size_) + " images of " + std::string(data.name()) +
                       ": take a smaller batch, or Order::with_replacement");
    }
    if (keeps) options_.batch_size = std::min(options.batch_size, size_);
    if (options.views == 0) {
      throw ValueError("batches from " + std::string(data.name()) + ": found 0 views, expected at least 1");
    }
    if constexpr (requires { augmentation_.check(Shape{}); }) augmentation_.check(Shape{});
    std::vector<Factor> const& factors = data.factors();
    slots_.resize(options.prefetch + 1);
    for (Slot& slot : slots_) {
      slot.images.resize(options.views * options.batch_size * image_shape_type::size);
      slot.indices.resize(options.batch_size);
      slot.labels.resize(options.batch_size * factors.size());
    }
    if constexpr (changes) whole_.resize(options.batch_size * Shape::size);
    if (options.prefetch > 0) thread_ = std::thread([this] { prepare(); });
  }
  BatchSource(Data const&&, BatchOptions = {}, Augmentation = {}) = delete;  // the data set would be gone
  BatchSource(BatchSource const&) = delete;
  BatchSource& operator=(BatchSource const&) = delete;

  DISENTANGLE_COLD ~BatchSource() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_one();
    thread_.join();
  }

  /// The batch of the next step. The batch given before may be overwritten.
  Minibatch const& next() {
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
  /// Steps in an epoch: data::steps_per_epoch().
  std::uint64_t steps_per_epoch() const {
    return data::steps_per_epoch(size_, options_.batch_size, options_.last_batch, options_.order);
  }
  /// How often, and for how long together, next() had to wait for the background thread.
  std::uint64_t waits() const { return waits_; }
  std::chrono::duration<double> waited() const { return waited_; }

 private:
  using Shape = typename Drawn::image_shape_type;
  static constexpr bool changes = changes_shape<Augmentation, Shape>;
  static Drawn const& drawn(Data const& data) {
    if constexpr (std::same_as<Drawn, Data>) {
      return data;
    } else {
      return unaugmented(data);
    }
  }
  struct Slot {
    std::vector<float> images;
    std::vector<std::size_t> indices;
    std::vector<int> labels;
    std::size_t size = 0;  // images that it holds
  };

  std::size_t slot_of(std::uint64_t step) const { return static_cast<std::size_t>(step % slots_.size()); }

  Minibatch const& hand_out() {
    Slot const& slot = slots_[slot_of(next_step_)];
    std::size_t const n = slot.size;
    batch_ = {std::span(slot.images).first(options_.views * n * image_shape_type::size),
              std::span(slot.labels).first(n * (slot.labels.size() / options_.batch_size)),
              n,
              size_,
              std::span(slot.indices).first(n),
              next_step_,
              options_.views};
    ++next_step_;
    return batch_;
  }

  void make(Slot& slot, std::uint64_t step) {
    std::size_t n = options_.batch_size;
    if (options_.order == Order::shuffled_epochs) {
      Permutation const order(Philox{options_.seed, stream_, step / steps_per_epoch()}, size_);
      std::uint64_t const first = step % steps_per_epoch() * n;
      n = std::min<std::size_t>(n, size_ - static_cast<std::size_t>(first));
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
    slot.size = n;
    std::size_t const view_size = n * image_shape_type::size;
    auto const images = std::span(slot.images).first(options_.views * view_size);
    auto const indices = std::span<std::size_t const>(slot.indices).first(n);
    auto const drawn = changes ? std::span(whole_).first(n * Shape::size) : images.first(view_size);
    data_->images(indices, drawn);
    if (!slot.labels.empty())
      data_->labels(indices, std::span(slot.labels).first(n * (slot.labels.size() / options_.batch_size)));
    for (std::size_t v = 1; !changes && v < options_.views; ++v) {
      std::ranges::copy(images.first(view_size), images.begin() + static_cast<std::ptrdiff_t>(v * view_size));
    }
    if constexpr (!std::same_as<Augmentation, NoAugmentation>) {
      std::uint64_t const epoch = options_.order == Order::shuffled_epochs ? step / steps_per_epoch() : step;
      for (std::size_t v = 0; v < options_.views; ++v) {
        Philox const random{options_.seed, stream_ ^ (stream("augmentation") + static_cast<std::uint32_t>(v)),
                            epoch};
        auto const view = images.subspan(v * view_size, view_size);
        if constexpr (changes) {
          augmentation_(random, Shape{}, v, indices, std::span<float const>(drawn), view);
        } else {
          augmentation_(random, Shape{}, v, indices, view);
        }
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

  Drawn const* data_;
  std::size_t size_;
  std::uint32_t stream_;
  BatchOptions options_;
  Augmentation augmentation_;
  std::vector<Slot> slots_;
  std::vector<float> whole_;  // images before an augmentation that changes their shape
  Minibatch batch_;
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
