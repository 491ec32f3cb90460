// SPDX-License-Identifier: Apache-2.0
// Tape<Backend>: reverse mode. Records only boundaries (an assigned expression, a reduction, a matrix
// product, a network), so a training step is tens of records; storage comes from arenas that are reused from
// step to step.
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include <disentangle/autodiff/variable.hpp>
#include <disentangle/backend/generic/arena.hpp>

namespace disentangle {

/// The memory and the history of one forward pass. Variables point to their tape: it must not move while they
/// live.
template <class Backend>
class Tape {
 public:
  using scalar = typename Backend::scalar;

  explicit Tape(Backend backend) : backend_(backend), tensors_(backend), records_(backend::HostMemory{}) {}
  Tape(Tape const&) = delete;
  Tape& operator=(Tape const&) = delete;

  Backend& backend() { return backend_; }

  /// An uninitialised tensor; its gradient, if wanted, starts at zero.
  template <std::size_t Rank>
  Variable<Backend, static_cast<int>(Rank)> variable(std::array<std::ptrdiff_t, Rank> const& extents,
                                                     bool with_gradient) {
    Variable<Backend, static_cast<int>(Rank)> v;
    auto const n = static_cast<std::size_t>(product(extents));
    v.tape = this;
    v.value = scratch(n);
    v.extents = extents;
    v.strides = contiguous_strides(extents);
    v.generation = generation_;
    if (with_gradient && recording_) {
      v.gradient = tensors_.take(n);
      backend_.fill(v.gradient, n, scalar(0));
    }
    return v;
  }

  /// A tensor without gradient, from host data.
  template <std::size_t Rank, class Number>
  Variable<Backend, static_cast<int>(Rank)> constant(std::array<std::ptrdiff_t, Rank> const& extents,
                                                     Number const* host) {
    auto const v = variable(extents, false);
    backend_.upload(host, v.value, static_cast<std::size_t>(v.size()));
    return v;
  }

  /// Uninitialised working memory, valid until the tape is reset or rewound.
  scalar* scratch(std::size_t n) {
    scalar* const p = tensors_.take(n);
    if (poisoned_) backend_.fill(p, n, std::numeric_limits<scalar>::infinity());
    return p;
  }

  /// Host memory for a record (indices, pointers), valid until the tape is reset.
  template <class T>
  T* host(std::size_t n) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 64);
    return reinterpret_cast<T*>(records_.take(n * sizeof(T)));
  }

  /// Runs `backward()` on the way back. The callable is stored in the arena: it must need no destructor.
  template <class Backward>
  void record(Backward backward) {
    static_assert(std::is_trivially_destructible_v<Backward>);
    if (!recording_) return;
    struct Entry final : Record {
      Backward body;
      Entry(Record* previous_, Backward body_) : Record{previous_, &run}, body(std::move(body_)) {}
      static void run(Record* record) { static_cast<Entry*>(record)->body(); }
    };
    static_assert(alignof(Entry) <= 64);
    last_ = new (records_.take(sizeof(Entry))) Entry(last_, std::move(backward));
    ++count_;
  }

  /// Runs all records, the last one first, and forgets them. Seed the gradients of the losses before.
  void backward() {
    for (Record* record = last_; record != nullptr; record = record->previous) {
      auto const mark = tensors_.mark();
      record->run(record);
      tensors_.rewind(mark);
    }
    last_ = nullptr;
  }

  /// The same for one loss: its gradient is 1. What it is made of gets its gradients added.
  void backward(Variable<Backend, 0> const& loss) {
    if (loss.gradient != nullptr) backend_.fill(loss.gradient, 1, scalar(1));
    backward();
  }

  /// Ends the pass: every variable and record of this tape is gone.
  void reset() {
#if DISENTANGLE_CHECKED
    ++generation_.number;
#endif
    last_ = nullptr;
    count_ = 0;
    tensors_.reset();
    records_.reset();
  }

  /// With false, nothing is recorded and variables get no gradients: inference.
  void set_recording(bool on) { recording_ = on; }
  bool recording() const { return recording_; }

  /// With true, new tensors are filled with infinity, so that what is never written shows: for tests.
  void set_poisoned(bool on) { poisoned_ = on; }

  /// Where its memory for tensors stands; what is taken after a mark is free again once it is rewound to.
  using Mark = typename backend::Arena<scalar, Backend>::Mark;
  Mark mark() const { return tensors_.mark(); }
  void rewind(Mark mark) { tensors_.rewind(mark); }

  /// Number of records since the last reset.
  std::size_t records() const { return count_; }
  /// The present pass, from 1, where variables know theirs (DISENTANGLE_CHECKED).
  detail::Generation generation() const { return generation_; }

 private:
  struct Record {
    Record* previous;
    void (*run)(Record*);
  };

  Backend backend_;
  backend::Arena<scalar, Backend> tensors_;
  backend::Arena<std::byte, backend::HostMemory> records_;
  Record* last_ = nullptr;
  std::size_t count_ = 0;
  bool recording_ = true;
  bool poisoned_ = false;
#if DISENTANGLE_CHECKED
  detail::Generation generation_{1};
#else
  [[no_unique_address]] detail::Generation generation_{};
#endif
};

/// What its tape gives out for tensors while it lives is free again afterwards: working memory of a
/// computation that records nothing.
template <class Backend>
class ScratchScope {
 public:
  explicit ScratchScope(Tape<Backend>& tape) : tape_(tape), mark_(tape.mark()) {}
  ScratchScope(ScratchScope const&) = delete;
  ScratchScope& operator=(ScratchScope const&) = delete;
  ~ScratchScope() { tape_.rewind(mark_); }

 private:
  Tape<Backend>& tape_;
  typename Tape<Backend>::Mark mark_;
};

/// While it lives, its tape records nothing and gives no gradients.
template <class Backend>
class RecordingOff {
 public:
  explicit RecordingOff(Tape<Backend>& tape) : tape_(tape), before_(tape.recording()) {
    tape_.set_recording(false);
  }
  RecordingOff(RecordingOff const&) = delete;
  RecordingOff& operator=(RecordingOff const&) = delete;
  ~RecordingOff() { tape_.set_recording(before_); }

 private:
  Tape<Backend>& tape_;
  bool before_;
};

}  // namespace disentangle
