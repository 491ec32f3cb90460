// SPDX-License-Identifier: Apache-2.0
// Copies and fills.
#include "capture.hpp"
#include "memory.hpp"
#include "pinned.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "streams.hpp"

#include <cstring>
#include <memory>
#include <vector>

namespace disentangle::emulation::detail {
namespace {

/// Rows of bytes at a distance. One row is a plain range.
struct Rows {
  std::byte* data;
  std::size_t pitch, width, height;
  std::size_t extent() const { return (height - 1) * pitch + width; }
  std::byte* row(std::size_t index) const { return data + index * pitch; }
};

void copy(Rows const& to, Rows const& from) {
  for (std::size_t row = 0; row < to.height; ++row) std::memcpy(to.row(row), from.row(row), to.width);
}

enum class Place { device, pinned, pageable };

Place place_of(Rows const& rows) {
  if (is_device_address(rows.data)) return Place::device;
  return pinned_that_holds(rows.data, rows.extent()) ? Place::pinned : Place::pageable;
}

char const* name_of(cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToHost: return "a copy on the host";
    case cudaMemcpyHostToDevice: return "a copy to the device";
    case cudaMemcpyDeviceToHost: return "a copy to the host";
    case cudaMemcpyDeviceToDevice: return "a copy on the device";
    default: return "a copy of unknown direction";
  }
}

cudaMemcpyKind kind_between(Place to, Place from) {
  if (to == Place::device) return from == Place::device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice;
  return from == Place::device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost;
}

cudaError_t check_side(Rows const& rows, Place place, cudaMemcpyKind kind) {
  if (place != Place::device || inside_one_allocation(rows.data, rows.extent())) return cudaSuccess;
  report("%s: %zu bytes at %p do not lie in one allocation of device memory", name_of(kind), rows.extent(),
         static_cast<void*>(rows.data));
  return cudaErrorInvalidValue;
}

void count(cudaMemcpyKind kind, bool pinned, std::size_t bytes) {
  Counters& counters = settings().counters;
  Copies* copies = nullptr;
  if (kind == cudaMemcpyDeviceToDevice) copies = &counters.on_device;
  if (kind == cudaMemcpyHostToDevice)
    copies = pinned ? &counters.to_device_pinned : &counters.to_device_pageable;
  if (kind == cudaMemcpyDeviceToHost) copies = pinned ? &counters.to_host_pinned : &counters.to_host_pageable;
  if (copies == nullptr) return;
  ++copies->count;
  copies->bytes += bytes;
}

struct Request {
  Rows to, from;
  cudaMemcpyKind kind;
  Place to_place, from_place;
};

/// Ranges of pinned memory that operations read which have not run, or which belong to a graph.
std::vector<std::weak_ptr<Rows const>>& pending_reads() {
  static auto& value = *new std::vector<std::weak_ptr<Rows const>>;
  return value;
}

std::shared_ptr<Rows const> remember_read(Rows const& rows) {
  auto read = std::make_shared<Rows const>(rows);
  std::erase_if(pending_reads(), [](auto const& pending) { return pending.expired(); });
  pending_reads().push_back(read);
  return read;
}

/// What a copy will write is poisoned as soon as it is enqueued, so that nobody reads it too early. Where
/// something that is still to run reads the same memory, it is left alone.
void poison_destination(Rows const& to) {
  for (auto const& pending : pending_reads())
    if (auto const read = pending.lock())
      if (read->data < to.data + to.extent() && to.data < read->data + read->extent()) return;
  for (std::size_t row = 0; row < to.height; ++row) poison(to.row(row), to.width);
}

/// The operation: pinned memory is read and written when it runs, pageable memory is read now.
Operation operation_of(Request const& request) {
  Operation operation;
  operation.type = cudaGraphNodeTypeMemcpy;
  operation.name = name_of(request.kind);
  operation.parameters = {
      request.kind, static_cast<std::int64_t>(request.to.width), static_cast<std::int64_t>(request.to.height),
      static_cast<std::int64_t>(request.to.pitch), static_cast<std::int64_t>(request.from.pitch)};
  Rows from = request.from;
  std::shared_ptr<std::vector<std::byte>> staged;
  if (request.from_place == Place::pageable) {
    staged = std::make_shared<std::vector<std::byte>>(from.width * from.height);
    from.data = staged->data();
    from.pitch = from.width;
    copy(from, request.from);
  }
  std::shared_ptr<Rows const> const read =
      request.from_place == Place::pinned ? remember_read(from) : nullptr;
  operation.run = [request, from, staged, read] {
    char const* const who = running_operation();
    if (request.from_place == Place::device) require_live(who, "its source", from.data, from.extent());
    if (request.to_place == Place::device)
      require_live(who, "its destination", request.to.data, request.to.extent());
    copy(request.to, from);
  };
  if (request.to_place == Place::pinned)
    operation.when_enqueued = [to = request.to] { poison_destination(to); };
  return operation;
}

cudaError_t make_request(Request& request, void* to, std::size_t to_pitch, void const* from,
                         std::size_t from_pitch, std::size_t width, std::size_t height, cudaMemcpyKind kind) {
  if (to == nullptr || from == nullptr) return cudaErrorInvalidValue;
  if (to_pitch < width || from_pitch < width) return cudaErrorInvalidPitchValue;
  request.to = {static_cast<std::byte*>(to), to_pitch, width, height};
  request.from = {static_cast<std::byte*>(const_cast<void*>(from)), from_pitch, width, height};
  request.to_place = place_of(request.to);
  request.from_place = place_of(request.from);
  request.kind = kind_between(request.to_place, request.from_place);
  if (kind != cudaMemcpyDefault && kind != request.kind) {
    if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
    report("%s was asked for, but the addresses are those of %s", name_of(kind), name_of(request.kind));
    return cudaErrorInvalidValue;
  }
  if (auto const error = check_side(request.to, request.to_place, request.kind); error != cudaSuccess)
    return error;
  return check_side(request.from, request.from_place, request.kind);
}

cudaError_t copy_async(Request const& request, cudaStream_t handle) {
  auto const stream = stream_of(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  bool const pageable = request.to_place == Place::pageable || request.from_place == Place::pageable;
  bool const captured = stream->capture != nullptr;
  if (captured && pageable) {  // it would have to wait for the stream
    stream->capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  if (auto const error = submit(handle, operation_of(request)); error != cudaSuccess) return error;
  if (captured) return cudaSuccess;
  count(request.kind, !pageable, request.to.width * request.to.height);
  if (request.to_place == Place::pageable) {
    ++settings().counters.synchronous_copies;
    run_to(end_of(stream));
    check_canaries(true);
  }
  return cudaSuccess;
}

cudaError_t copy_now(Request const& request) {
  if (auto const error = refuse_in_capture(); error != cudaSuccess) return error;
  auto const stream = stream_of(nullptr);
  if (request.from_place ==
      Place::pageable) {  // what was enqueued before may still need the destination's old contents
    Operation marker;
    marker.name = "a synchronisation";
    marker.is_work = false;
    if (auto const error = submit(nullptr, std::move(marker)); error != cudaSuccess) return error;
    run_to(end_of(stream));
  }
  if (auto const error = submit(nullptr, operation_of(request)); error != cudaSuccess) return error;
  bool const pageable = request.to_place == Place::pageable || request.from_place == Place::pageable;
  count(request.kind, !pageable, request.to.width * request.to.height);
  if (request.kind == cudaMemcpyDeviceToDevice) return cudaSuccess;  // not waited for by the host
  ++settings().counters.synchronous_copies;
  // From pageable memory the bytes are staged when the call returns, and need not have arrived in device
  // memory: a stream that does not wait for the default one may not read them yet.
  if (request.kind == cudaMemcpyHostToDevice && request.from_place == Place::pageable) return cudaSuccess;
  run_to(end_of(stream));
  check_canaries(true);
  return cudaSuccess;
}

Operation fill_of(std::byte* to, int value, std::size_t bytes) {
  Operation operation;
  operation.type = cudaGraphNodeTypeMemset;
  operation.name = "a fill";
  operation.parameters = {value, static_cast<std::int64_t>(bytes)};
  operation.run = [to, value, bytes] {
    require_live("a fill", "its destination", to, bytes);
    std::memset(to, value, bytes);
  };
  return operation;
}

cudaError_t fill(void* to, int value, std::size_t bytes, cudaStream_t handle) {
  if (bytes == 0) return cudaSuccess;
  if (!inside_one_allocation(to, bytes)) {
    report("a fill of %zu bytes at %p, which do not lie in one allocation of device memory", bytes, to);
    return cudaErrorInvalidValue;
  }
  auto const stream = stream_of(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  bool const captured = stream->capture != nullptr;
  if (auto const error = submit(handle, fill_of(static_cast<std::byte*>(to), value, bytes));
      error != cudaSuccess)
    return error;
  if (!captured) ++settings().counters.fills;
  return cudaSuccess;
}

}  // namespace
}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudaError_t cudaMemcpy(void* to, void const* from, std::size_t bytes, cudaMemcpyKind kind) {
  return runtime_call("cudaMemcpy", [&] {
    if (bytes == 0) return refuse_in_capture();
    Request request;
    cudaError_t const error = make_request(request, to, bytes, from, bytes, bytes, 1, kind);
    return error == cudaSuccess ? copy_now(request) : error;
  });
}

cudaError_t cudaMemcpyAsync(void* to, void const* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return runtime_call("cudaMemcpyAsync", [&] {
    if (bytes == 0) return stream_of(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle;
    Request request;
    cudaError_t const error = make_request(request, to, bytes, from, bytes, bytes, 1, kind);
    return error == cudaSuccess ? copy_async(request, stream) : error;
  });
}

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, void const* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  return runtime_call("cudaMemcpy2DAsync", [&] {
    if (width == 0 || height == 0) return stream_of(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle;
    Request request;
    cudaError_t const error = make_request(request, to, to_pitch, from, from_pitch, width, height, kind);
    return error == cudaSuccess ? copy_async(request, stream) : error;
  });
}

cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  return runtime_call("cudaMemset", [&] {
    if (auto const error = refuse_in_capture(); error != cudaSuccess) return error;
    return fill(to, value, bytes, nullptr);
  });
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return runtime_call("cudaMemsetAsync", [&] { return fill(to, value, bytes, stream); });
}

}  // extern "C"
