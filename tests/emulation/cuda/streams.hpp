// SPDX-License-Identifier: Apache-2.0
// Streams: queues of operations that run when the schedule or a synchronisation says so.
#pragma once

#include <cstdint>
#include <cuda_runtime_api.h>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace disentangle::emulation::detail {

struct Capture;

/// One operation of a stream, which is one node of a graph when the stream is captured.
struct Operation {
  cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
  std::string name;                          ///< for messages
  void const* function = nullptr;            ///< what a kernel runs
  std::vector<std::int64_t> parameters;      ///< what an update of a graph must find unchanged
  std::function<void()> run;                 ///< on the device
  std::function<void()> when_enqueued = {};  ///< on the host, when the operation or its graph is enqueued
  bool is_work = true;                       ///< counts as executed
};

struct Stream;

/// The operation number `ticket` of a stream, counted from 1.
struct Position {
  std::shared_ptr<Stream> stream;
  std::uint64_t ticket = 0;
  bool reached() const;
};

struct Stream {
  bool non_blocking = false;
  bool legacy = false;
  bool deferred = false;
  bool late_when_uneven = false;
  int device = 0;
  std::uint64_t enqueued = 0, done = 0;
  struct Queued {
    Operation operation;
    std::vector<Position> after;
  };
  std::deque<Queued> queue;
  std::shared_ptr<Capture> capture;        ///< while the stream is captured
  std::vector<std::size_t> capture_front;  ///< nodes that the next one comes after
};

/// The stream of a handle, the default streams included; nullptr for a handle that is no stream (any more).
std::shared_ptr<Stream> stream_of(cudaStream_t handle);

/// Whether what is submitted to the stream becomes part of a graph.
bool is_captured(cudaStream_t handle);

/// Enqueues the operation, or adds it to the graph that captures the stream.
cudaError_t submit(cudaStream_t handle, Operation operation);

/// Makes what the stream gets from now on come after the position.
void wait_for(Stream& stream, Position const& position);

/// Runs what must run for the stream to be that far.
void run_to(Position const& position);

/// The stream's end as it is now.
Position end_of(std::shared_ptr<Stream> const& stream);

/// Runs one operation that the position still needs; what a poll lets happen.
void advance_one(Position const& position);

/// Runs everything, and looks at all canaries.
void run_everything();

/// One operation on the device, now.
void execute(Operation const& operation);

/// A call that may wait for the device is refused, and ends the captures, while a stream is captured.
cudaError_t refuse_in_capture();

std::size_t number_of_streams();
void forget_deferred_streams();

}  // namespace disentangle::emulation::detail
