// SPDX-License-Identifier: Apache-2.0
// The runtime's functions for device memory.
#include "capture.hpp"
#include "memory.hpp"
#include "pinned.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "streams.hpp"

#include <cstdint>

struct CUmemPoolHandle_st {
  std::uint64_t release_threshold = 0;
};

namespace disentangle::emulation::detail {
namespace {

CUmemPoolHandle_st default_pool;

cudaError_t free_now(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  if (auto const error = refuse_in_capture(); error != cudaSuccess) return error;
  Allocation* const allocation = allocation_that_starts_at(pointer);
  if (allocation == nullptr || allocation->going) {
    report("cudaFree of %p, which %s", pointer,
           allocation_at(pointer) ? "is freed already or no start of an allocation" : "is not device memory");
    return cudaErrorInvalidValue;
  }
  run_everything();
  release(*allocation);
  ++settings().counters.frees;
  return cudaSuccess;
}

cudaError_t allocate_in_order(void** pointer, std::size_t size, cudaStream_t handle) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  auto const stream = stream_of(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (stream->capture) {  // a node on the real device: not emulated
    stream->capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  if (size == 0) return cudaSuccess;
  Allocation* allocation = allocate(size, Allocation::State::coming);
  if (allocation == nullptr) {  // memory that is freed earlier in the order of the stream may be used again
    run_to(end_of(stream));
    allocation = allocate(size, Allocation::State::coming);
  }
  if (allocation == nullptr) return cudaErrorMemoryAllocation;
  Operation operation;
  operation.type = cudaGraphNodeTypeMemAlloc;
  operation.name = "cudaMallocAsync";
  operation.run = [allocation] { make_live(*allocation); };
  if (auto const error = submit(handle, std::move(operation)); error != cudaSuccess) {
    make_live(*allocation);
    release(*allocation);
    return error;
  }
  *pointer = allocation->data;
  ++settings().counters.allocations;
  return cudaSuccess;
}

cudaError_t free_in_order(void* pointer, cudaStream_t handle) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  auto const stream = stream_of(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (stream->capture) {
    stream->capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  Allocation* const allocation = allocation_that_starts_at(pointer);
  if (allocation == nullptr || allocation->going) {
    report("cudaFreeAsync of %p, which %s", pointer,
           allocation_at(pointer) ? "is freed already or no start of an allocation" : "is not device memory");
    return cudaErrorInvalidValue;
  }
  Operation operation;
  operation.type = cudaGraphNodeTypeMemFree;
  operation.name = "cudaFreeAsync";
  operation.run = [allocation, pointer] {
    require_live("cudaFreeAsync", "the memory", pointer, allocation->size);
    release(*allocation);
  };
  allocation->going = true;
  if (auto const error = submit(handle, std::move(operation)); error != cudaSuccess) {
    allocation->going = false;
    return error;
  }
  ++settings().counters.frees;
  return cudaSuccess;
}

}  // namespace
}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudaError_t cudaMalloc(void** pointer, std::size_t size) {
  return runtime_call("cudaMalloc", [&] {
    if (pointer == nullptr) return cudaErrorInvalidValue;
    *pointer = nullptr;
    if (auto const error = refuse_in_capture(); error != cudaSuccess) return error;
    if (size == 0) return cudaSuccess;
    Allocation const* const allocation = allocate(size, Allocation::State::live);
    if (allocation == nullptr) return cudaErrorMemoryAllocation;
    *pointer = allocation->data;
    ++settings().counters.allocations;
    return cudaSuccess;
  });
}

cudaError_t cudaFree(void* pointer) {
  return runtime_call("cudaFree", [&] { return free_now(pointer); });
}

cudaError_t cudaMallocAsync(void** pointer, std::size_t size, cudaStream_t stream) {
  return runtime_call("cudaMallocAsync", [&] { return allocate_in_order(pointer, size, stream); });
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  return runtime_call("cudaFreeAsync", [&] { return free_in_order(pointer, stream); });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return runtime_call("cudaMemGetInfo", [&] {
    if (free == nullptr || total == nullptr) return cudaErrorInvalidValue;
    *total = settings().memory_limit;
    *free = *total > bytes_used() ? *total - bytes_used() : 0;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  return runtime_call("cudaDeviceGetDefaultMemPool", [&] {
    if (pool == nullptr) return cudaErrorInvalidValue;
    if (device < 0 || device >= settings().device_count) return cudaErrorInvalidDevice;
    *pool = &default_pool;
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return runtime_call("cudaMemPoolSetAttribute", [&] {
    if (pool != &default_pool || value == nullptr) return cudaErrorInvalidValue;
    if (attribute == cudaMemPoolAttrReleaseThreshold)
      pool->release_threshold = *static_cast<std::uint64_t*>(value);
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, std::size_t) {
  return runtime_call("cudaMemPoolTrimTo",
                      [&] { return pool == &default_pool ? cudaSuccess : cudaErrorInvalidValue; });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, void const* pointer) {
  return runtime_call("cudaPointerGetAttributes", [&] {
    if (attributes == nullptr) return cudaErrorInvalidValue;
    void* const address = const_cast<void*>(pointer);
    *attributes = {};
    attributes->type = cudaMemoryTypeUnregistered;
    attributes->device = -1;
    attributes->hostPointer = address;
    if (inside_one_allocation(pointer, 1)) {
      attributes->type = cudaMemoryTypeDevice;
      attributes->device = allocation_at(pointer)->device;
      attributes->devicePointer = address;
      attributes->hostPointer = nullptr;
    } else if (pinned_that_holds(pointer, 1)) {
      attributes->type = cudaMemoryTypeHost;
      attributes->device = 0;
      attributes->devicePointer = address;
    }
    return cudaSuccess;
  });
}

}  // extern "C"
