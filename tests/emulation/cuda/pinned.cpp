// SPDX-License-Identifier: Apache-2.0
#include "pinned.hpp"

#include "memory.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "streams.hpp"

#include <iterator>
#include <map>
#include <new>

namespace disentangle::emulation::detail {
namespace {

constexpr std::align_val_t alignment{4096};

std::map<std::byte const*, Pinned>& allocations() {
  static auto& value = *new std::map<std::byte const*, Pinned>;
  return value;
}

cudaError_t allocate_pinned(void** pointer, std::size_t size) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (auto const error = refuse_in_capture(); error != cudaSuccess) return error;
  if (size == 0) return cudaSuccess;
  *pointer = ::operator new(size, alignment, std::nothrow);
  if (*pointer == nullptr) return cudaErrorMemoryAllocation;
  poison(*pointer, size);
  auto* const data = static_cast<std::byte*>(*pointer);
  allocations()[data] = {data, size};
  ++settings().counters.pinned_allocations;
  return cudaSuccess;
}

}  // namespace

Pinned const* pinned_that_holds(void const* address, std::size_t bytes) {
  auto const* const at = static_cast<std::byte const*>(address);
  auto const found = allocations().upper_bound(at);
  if (found == allocations().begin()) return nullptr;
  Pinned const& pinned = std::prev(found)->second;
  auto const offset = static_cast<std::size_t>(at - pinned.data);
  return offset <= pinned.size && bytes <= pinned.size - offset ? &pinned : nullptr;
}

std::size_t number_of_pinned() { return allocations().size(); }

std::size_t pinned_bytes() {
  std::size_t bytes = 0;
  for (auto const& [data, pinned] : allocations()) bytes += pinned.size;
  return bytes;
}

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudaError_t cudaMallocHost(void** pointer, std::size_t size) {
  return runtime_call("cudaMallocHost", [&] { return allocate_pinned(pointer, size); });
}

cudaError_t cudaHostAlloc(void** pointer, std::size_t size, unsigned flags) {
  constexpr unsigned known = cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined;
  return runtime_call("cudaHostAlloc", [&] {
    return (flags & ~known) != 0 ? cudaErrorInvalidValue : allocate_pinned(pointer, size);
  });
}

cudaError_t cudaFreeHost(void* pointer) {
  return runtime_call("cudaFreeHost", [&] {
    if (pointer == nullptr) return cudaSuccess;
    if (auto const error = refuse_in_capture(); error != cudaSuccess) return error;
    auto const found = allocations().find(static_cast<std::byte*>(pointer));
    if (found == allocations().end()) {
      report("cudaFreeHost of %p, which is no pinned allocation (any more)", pointer);
      return cudaErrorInvalidValue;
    }
    run_everything();
    ::operator delete(pointer, alignment);
    allocations().erase(found);
    ++settings().counters.pinned_frees;
    return cudaSuccess;
  });
}

}  // extern "C"
