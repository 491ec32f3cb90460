// SPDX-License-Identifier: Apache-2.0
// Events: positions in streams, or in captures.
#include "events.hpp"

#include "capture.hpp"
#include "memory.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "streams.hpp"

#include <chrono>
#include <memory>
#include <set>

struct CUevent_st {
  bool timed = true;
  bool recorded = false;
  disentangle::emulation::detail::Position position;  // empty stream: never recorded outside a capture
  std::shared_ptr<std::chrono::steady_clock::time_point> time;
  std::shared_ptr<disentangle::emulation::detail::Capture> capture;  // recorded in it
  std::vector<std::size_t> capture_front;
};

namespace disentangle::emulation::detail {
namespace {

std::set<cudaEvent_t>& events() {
  static auto& value = *new std::set<cudaEvent_t>;
  return value;
}

bool exists(cudaEvent_t event) {
  if (events().count(event) != 0) return true;
  report("%p is not an event, or no longer one", static_cast<void*>(event));
  return false;
}

cudaError_t create(cudaEvent_t* event, unsigned flags) {
  constexpr unsigned known = cudaEventBlockingSync | cudaEventDisableTiming | cudaEventInterprocess;
  if (event == nullptr || (flags & ~known) != 0) return cudaErrorInvalidValue;
  *event = new CUevent_st;
  (*event)->timed = (flags & cudaEventDisableTiming) == 0;
  events().insert(*event);
  return cudaSuccess;
}

/// Waiting for an event on the host, or asking for it, is not possible in a capture.
cudaError_t refuse_captured(CUevent_st const& event) {
  if (event.capture) {
    if (!event.capture->ended) event.capture->invalid = true;
    return cudaErrorCapturedEvent;
  }
  return refuse_in_capture();
}

cudaError_t wait_in_capture(std::shared_ptr<Stream> const& stream, CUevent_st const& event) {
  if (!event.capture || event.capture->ended) {
    if (!event.recorded) return cudaSuccess;  // nothing to wait for
    stream->capture->invalid = true;
    return event.capture ? cudaErrorCapturedEvent : cudaErrorStreamCaptureIsolation;
  }
  if (event.capture != stream->capture) {
    event.capture->invalid = stream->capture->invalid = true;
    return cudaErrorStreamCaptureMerge;
  }
  join_capture(stream, event.capture, event.capture_front);
  return cudaSuccess;
}

}  // namespace

std::size_t number_of_events() { return events().size(); }

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return runtime_call("cudaEventCreate", [&] { return create(event, cudaEventDefault); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return runtime_call("cudaEventCreateWithFlags", [&] { return create(event, flags); });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return runtime_call("cudaEventDestroy", [&] {
    if (!exists(event)) return cudaErrorInvalidResourceHandle;
    events().erase(event);
    delete event;
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  return runtime_call("cudaEventRecord", [&] {
    auto const stream = stream_of(handle);
    if (!stream || !exists(event)) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      if (stream->capture->invalid) return cudaErrorStreamCaptureInvalidated;
      event->recorded = true;
      event->capture = stream->capture;
      event->capture_front = stream->capture_front;
      return cudaSuccess;
    }
    auto time = std::make_shared<std::chrono::steady_clock::time_point>();
    Operation record;
    record.name = "the record of an event";
    record.run = [time] { *time = std::chrono::steady_clock::now(); };
    record.is_work = false;
    if (auto const error = submit(handle, std::move(record)); error != cudaSuccess) return error;
    event->recorded = true;
    event->capture = nullptr;
    event->position = end_of(stream);
    event->time = std::move(time);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  return runtime_call("cudaStreamWaitEvent", [&] {
    auto const stream = stream_of(handle);
    if (!stream || !exists(event)) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      if (stream->capture->invalid) return cudaErrorStreamCaptureInvalidated;
      return wait_in_capture(stream, *event);
    }
    if (event->capture) {
      if (event->capture->ended) return cudaErrorCapturedEvent;
      if (event->capture->invalid) return cudaErrorStreamCaptureInvalidated;
      if (stream->legacy) {
        event->capture->invalid = true;
        return cudaErrorStreamCaptureImplicit;
      }
      join_capture(stream, event->capture, event->capture_front);
      return cudaSuccess;
    }
    if (event->recorded) wait_for(*stream, event->position);
    return cudaSuccess;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return runtime_call("cudaEventSynchronize", [&] {
    if (!exists(event)) return cudaErrorInvalidResourceHandle;
    if (auto const error = refuse_captured(*event); error != cudaSuccess) return error;
    ++settings().counters.event_synchronisations;
    run_to(event->position);
    check_canaries(true);
    return cudaSuccess;
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return runtime_call("cudaEventQuery", [&] {
    if (!exists(event)) return cudaErrorInvalidResourceHandle;
    if (auto const error = refuse_captured(*event); error != cudaSuccess) return error;
    if (event->position.reached()) return cudaSuccess;
    advance_one(event->position);
    return cudaErrorNotReady;
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return runtime_call("cudaEventElapsedTime", [&] {
    if (!exists(start) || !exists(end)) return cudaErrorInvalidResourceHandle;
    if (milliseconds == nullptr) return cudaErrorInvalidValue;
    for (auto const* event : {start, end}) {
      if (event->capture) return cudaErrorCapturedEvent;
      if (!event->timed || !event->recorded) return cudaErrorInvalidResourceHandle;
    }
    if (!start->position.reached() || !end->position.reached()) return cudaErrorNotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(*end->time - *start->time).count();
    return cudaSuccess;
  });
}

}  // extern "C"
