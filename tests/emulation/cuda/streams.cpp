// SPDX-License-Identifier: Apache-2.0
#include "streams.hpp"

#include "capture.hpp"
#include "memory.hpp"
#include "report.hpp"
#include "settings.hpp"

#include <algorithm>
#include <map>

struct CUstream_st {};  // a handle; what it stands for is a detail::Stream

namespace disentangle::emulation {
namespace detail {
namespace {

struct Streams {
  std::map<cudaStream_t, std::shared_ptr<Stream>> by_handle;  // without the default ones
  std::vector<std::shared_ptr<Stream>> all;  // in order of creation, destroyed ones with work left too
  std::shared_ptr<Stream> legacy = std::make_shared<Stream>();
  std::shared_ptr<Stream> per_thread = std::make_shared<Stream>();
  Streams() {
    legacy->legacy = true;
    all = {legacy, per_thread};
  }
};

Streams& streams() {
  static auto& value = *new Streams;
  return value;
}

void run_front(Stream& stream) {
  Operation const operation = std::move(stream.queue.front().operation);
  stream.queue.pop_front();
  execute(operation);
  ++stream.done;
}

bool is_ready(Stream const& stream) {
  if (stream.queue.empty()) return false;
  auto const& after = stream.queue.front().after;
  return std::all_of(after.begin(), after.end(), [](Position const& position) { return position.reached(); });
}

bool stays_late(Stream const& stream) {
  return stream.deferred || (settings().schedule == Schedule::uneven && stream.late_when_uneven);
}

void run_what_is_ready() {
  DeviceAccess const access;
  for (bool ran = true; ran;) {
    ran = false;
    for (auto const& stream : streams().all) {
      while (!stays_late(*stream) && is_ready(*stream)) {
        run_front(*stream);
        ran = true;
      }
    }
  }
}

void enqueue(std::shared_ptr<Stream> const& stream, Operation operation) {
  if (operation.when_enqueued) operation.when_enqueued();
  std::vector<Position> after;
  if (stream->legacy) {  // after everything before it in blocking streams, before everything behind it
    for (auto const& other : streams().all)
      if (!other->non_blocking && other != stream) after.push_back(end_of(other));
  } else if (!stream->non_blocking) {
    after.push_back(end_of(streams().legacy));
  }
  std::erase_if(after, [](Position const& position) { return position.reached(); });
  stream->queue.push_back({std::move(operation), std::move(after)});
  ++stream->enqueued;
  if (settings().schedule != Schedule::late) run_what_is_ready();
}

void forget_idle_destroyed_streams() {
  auto const& handles = streams().by_handle;
  std::erase_if(streams().all, [&](std::shared_ptr<Stream> const& stream) {
    bool const kept =
        stream == streams().legacy || stream == streams().per_thread || !stream->queue.empty() ||
        std::any_of(handles.begin(), handles.end(), [&](auto const& e) { return e.second == stream; });
    return !kept;
  });
}

cudaError_t create(cudaStream_t* handle, unsigned flags) {
  if (handle == nullptr || (flags & ~static_cast<unsigned>(cudaStreamNonBlocking)) != 0)
    return cudaErrorInvalidValue;
  auto stream = std::make_shared<Stream>();
  stream->non_blocking = flags == cudaStreamNonBlocking;
  stream->device = current_device();
  stream->late_when_uneven = streams().by_handle.size() % 2 == 0;
  *handle = new CUstream_st;
  streams().by_handle[*handle] = stream;
  streams().all.push_back(std::move(stream));
  return cudaSuccess;
}

}  // namespace

bool Position::reached() const { return !stream || stream->done >= ticket; }

std::shared_ptr<Stream> stream_of(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy) return streams().legacy;
  if (handle == cudaStreamPerThread) return streams().per_thread;
  auto const found = streams().by_handle.find(handle);
  if (found != streams().by_handle.end()) return found->second;
  report("%p is not a stream, or no longer one", static_cast<void*>(handle));
  return nullptr;
}

bool is_captured(cudaStream_t handle) {
  auto const stream = stream_of(handle);
  return stream && stream->capture;
}

cudaError_t submit(cudaStream_t handle, Operation operation) {
  auto const stream = stream_of(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (!stream->legacy && stream->device != current_device()) return cudaErrorInvalidResourceHandle;
  if (stream->capture) return add_node(*stream, std::move(operation));
  if (stream->legacy && is_capturing_blocking_stream()) {
    invalidate_captures();
    return cudaErrorStreamCaptureImplicit;
  }
  enqueue(stream, std::move(operation));
  return cudaSuccess;
}

void wait_for(Stream& stream, Position const& position) {
  if (position.reached()) return;
  Operation wait;
  wait.name = "a wait for an event";
  stream.queue.push_back({std::move(wait), {position}});
  ++stream.enqueued;
}

void run_to(Position const& position) {
  if (position.reached()) return;
  DeviceAccess const access;
  Stream& stream = *position.stream;
  while (stream.done < position.ticket) {
    auto const after = stream.queue.front().after;
    for (Position const& needed : after) run_to(needed);
    run_front(stream);
  }
}

Position end_of(std::shared_ptr<Stream> const& stream) { return {stream, stream->enqueued}; }

void advance_one(Position const& position) {
  if (position.reached()) return;
  Stream& stream = *position.stream;
  for (Position const& needed : stream.queue.front().after)
    if (!needed.reached()) return advance_one(Position(needed));
  DeviceAccess const access;
  run_front(stream);
}

void run_everything() {
  DeviceAccess const access;
  auto const all = streams().all;
  for (auto stream = all.rbegin(); stream != all.rend(); ++stream) run_to(end_of(*stream));
  check_canaries(true);
  forget_idle_destroyed_streams();
}

void execute(Operation const& operation) {
  if (!operation.run) return;
  DeviceAccess const access;
  char const* const outer = running_operation();
  running_operation() = operation.name.c_str();
  operation.run();
  if (operation.is_work) {
    ++settings().counters.executed;
    check_canaries(false);
  }
  running_operation() = outer;
}

cudaError_t refuse_in_capture() {
  if (!is_capturing_strictly()) return cudaSuccess;
  invalidate_captures();
  return cudaErrorStreamCaptureUnsupported;
}

std::size_t number_of_streams() { return streams().by_handle.size(); }

void forget_deferred_streams() {
  for (auto const& stream : streams().all) stream->deferred = false;
}

}  // namespace detail

void defer(CUstream_st* stream) {
  if (auto const found = detail::stream_of(stream)) found->deferred = true;
}

}  // namespace disentangle::emulation

using namespace disentangle::emulation::detail;

extern "C" {

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return runtime_call("cudaStreamCreate", [&] { return create(stream, cudaStreamDefault); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return runtime_call("cudaStreamCreateWithFlags", [&] { return create(stream, flags); });
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return runtime_call("cudaStreamDestroy", [&] {
    auto const stream = stream_of(handle);
    if (!stream || handle == nullptr || handle == cudaStreamLegacy || handle == cudaStreamPerThread)
      return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      report("a stream was destroyed while it was captured");
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    streams().by_handle.erase(handle);
    delete handle;
    forget_idle_destroyed_streams();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return runtime_call("cudaStreamSynchronize", [&] {
    auto const stream = stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    if (stream->legacy) {  // the legacy default stream is idle when all blocking ones are
      Operation marker;
      marker.name = "a synchronisation";
      if (auto const error = submit(handle, std::move(marker)); error != cudaSuccess) return error;
    }
    ++settings().counters.stream_synchronisations;
    run_to(end_of(stream));
    check_canaries(true);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return runtime_call("cudaStreamQuery", [&] {
    auto const stream = stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    Position const end = end_of(stream);
    if (end.reached()) return cudaSuccess;
    advance_one(end);  // so that polling comes to an end
    return cudaErrorNotReady;
  });
}

cudaError_t cudaDeviceSynchronize() {
  return runtime_call("cudaDeviceSynchronize", [&] {
    if (auto const error = refuse_in_capture(); error != cudaSuccess) return error;
    ++settings().counters.device_synchronisations;
    run_everything();
    return cudaSuccess;
  });
}

}  // extern "C"
