// SPDX-License-Identifier: Apache-2.0
// Uploads: pinned host memory for what a step sends to the device, and double-buffered minibatches whose
// copies run beside the step before.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include <disentangle/backend/cuda/context.hpp>

namespace disentangle::backend::cuda {

/// An event of the CUDA runtime without timing.
class Event {
 public:
  Event() { DISENTANGLE_CUDA_CALL(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming)); }
  Event(Event const&) = delete;
  Event& operator=(Event const&) = delete;
  ~Event() { static_cast<void>(cudaEventDestroy(event_)); }

  void record(cudaStream_t stream) { DISENTANGLE_CUDA_CALL(cudaEventRecord(event_, stream)); }
  /// The stream goes on when the event has happened; at once if it was never recorded.
  void hold(cudaStream_t stream) const { DISENTANGLE_CUDA_CALL(cudaStreamWaitEvent(stream, event_, 0)); }
  /// The host goes on when the event has happened.
  void wait() const { DISENTANGLE_CUDA_CALL(cudaEventSynchronize(event_)); }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Host memory that the device reads and writes by itself.
class PinnedBlock {
 public:
  PinnedBlock() = default;
  PinnedBlock(PinnedBlock const&) = delete;
  PinnedBlock& operator=(PinnedBlock const&) = delete;
  ~PinnedBlock() {
    if (data_ != nullptr) static_cast<void>(cudaFreeHost(data_));
  }
  /// At least `bytes`; what was there is lost if it grows, so nobody may still be reading it.
  std::byte* reserve(Context& context, std::size_t bytes) {
    if (bytes > size_) {
      context.count_allocation();
      void* larger = nullptr;
      DISENTANGLE_CUDA_CALL(cudaHostAlloc(&larger, bytes, cudaHostAllocDefault));
      if (data_ != nullptr) static_cast<void>(cudaFreeHost(data_));
      data_ = static_cast<std::byte*>(larger);
      size_ = bytes;
    }
    return data_;
  }
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Small uploads in the order of the stream. Each takes pinned memory that stays untouched until the device
/// has read it: those of a step until the step after the next begins, those between steps until the stream is
/// waited for.
class Staging {
 public:
  explicit Staging(Context& context) : context_(context) {}
  Staging(Staging const&) = delete;
  Staging& operator=(Staging const&) = delete;
  ~Staging() { static_cast<void>(cudaStreamSynchronize(context_.stream())); }  // the device may still read

  /// Pinned memory to fill; then copy it.
  std::byte* take(std::size_t bytes) {
    bytes = (bytes + 63) / 64 * 64;
    if (!in_step_ && turns_[2].used + bytes > between_steps) {
      context_.synchronise();
      turns_[2].used = turns_[2].offset = 0;
      turns_[2].current = 0;
    }
    Turn& turn = turns_[in_step_ ? parity_ : 2];
    while (turn.current < turn.blocks.size() && turn.offset + bytes > turn.blocks[turn.current]->size()) {
      ++turn.current;
      turn.offset = 0;
    }
    if (turn.current == turn.blocks.size()) {
      turn.blocks.push_back(std::make_unique<PinnedBlock>());
      turn.blocks.back()->reserve(context_, std::max(bytes, smallest_block));
      turn.offset = 0;
    }
    std::byte* const p = turn.blocks[turn.current]->data() + turn.offset;
    turn.offset += bytes;
    turn.used += bytes;
    return p;
  }

  /// Waits for the step before the last: its memory is used again.
  void begin_step() {
    parity_ = 1 - parity_;
    Turn& turn = turns_[parity_];
    turn.done.wait();
    turn.current = turn.offset = turn.used = 0;
    in_step_ = true;
  }
  void end_step() {
    turns_[parity_].done.record(context_.stream());
    in_step_ = false;
  }
  /// Leaves the step, also where it failed.
  void abandon_step() noexcept { in_step_ = false; }

 private:
  static constexpr std::size_t smallest_block = std::size_t{1} << 16;
  static constexpr std::size_t between_steps = std::size_t{8} << 20;
  struct Turn {
    std::vector<std::unique_ptr<PinnedBlock>> blocks;
    std::size_t current = 0, offset = 0, used = 0;
    Event done;
  };

  Context& context_;
  std::array<Turn, 3> turns_;  // two of steps, one of uploads between steps
  std::size_t parity_ = 0;
  bool in_step_ = false;
};

/// The minibatches of a step: each has two buffers on the device, filled in turn on a stream of their own, so
/// that the upload for the next step runs while this one computes.
class BatchUpload {
 public:
  explicit BatchUpload(Context& context) : context_(context) {}
  BatchUpload(BatchUpload const&) = delete;
  BatchUpload& operator=(BatchUpload const&) = delete;
  ~BatchUpload() {
    static_cast<void>(cudaStreamSynchronize(context_.upload_stream()));
    for (Turn& turn : turns_) {
      if (turn.device != nullptr) context_.deallocate(turn.device);
    }
  }

  /// Pinned memory to fill. The step that had this buffer before is waited for only if it is still running.
  std::byte* begin(std::size_t bytes) {
    turn_ = 1 - turn_;
    Turn& turn = turns_[turn_];
    turn.copied.wait();
    if (bytes > turn.size) {
      turn.pinned.reserve(context_, bytes);
      if (turn.device != nullptr) context_.deallocate(turn.device);
      turn.device = context_.allocate(bytes);
      turn.size = bytes;
      turn.free.record(context_.stream());  // the memory is there for the upload stream from here on
    }
    return turn.pinned.data();
  }
  /// Copies; the stream of the step waits for the copy, the host does not.
  void* copy(std::size_t bytes) {
    Turn& turn = turns_[turn_];
    turn.free.hold(context_.upload_stream());
    DISENTANGLE_CUDA_CALL(cudaMemcpyAsync(turn.device, turn.pinned.data(), bytes, cudaMemcpyHostToDevice,
                                          context_.upload_stream()));
    turn.copied.record(context_.upload_stream());
    turn.copied.hold(context_.stream());
    return turn.device;
  }
  /// After the step has been queued: its buffer is free when the stream comes here.
  void release() { turns_[turn_].free.record(context_.stream()); }

 private:
  struct Turn {
    PinnedBlock pinned;
    void* device = nullptr;
    std::size_t size = 0;
    Event copied, free;
  };
  Context& context_;
  std::array<Turn, 2> turns_;
  std::size_t turn_ = 0;
};

}  // namespace disentangle::backend::cuda
