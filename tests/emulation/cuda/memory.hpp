// SPDX-License-Identifier: Apache-2.0
// Device memory: an address range of its own that host code cannot touch.
//
// Every allocation has pages of its own, between pages that nothing may touch. Its end lies at the end of its
// last page (but for the alignment to 256 bytes), so that most writes beyond it fault; the rest of its pages
// is filled with a canary. Pages are accessible only while a DeviceAccess exists. The pages of freed memory
// are given back and never used again.
#pragma once

#include <cstddef>

namespace disentangle::emulation::detail {

struct Allocation {
  enum class State {
    coming,  ///< cudaMallocAsync was called and has not been reached by its stream
    live,
    freed
  };
  std::byte* data;
  std::size_t size;
  std::byte* pages;
  std::size_t page_bytes;
  int device;
  State state;
  bool going = false;  ///< cudaFreeAsync was called
};

/// Addresses aligned to 256 bytes, poisoned. nullptr if the limit does not allow it.
Allocation* allocate(std::size_t size, Allocation::State state);
void make_live(Allocation& allocation);
void release(Allocation& allocation);

/// The allocation whose pages hold the address, whatever its state; nullptr if there is none.
Allocation* allocation_at(void const* address);

/// The allocation that starts there and is not freed; nullptr if there is none.
Allocation* allocation_that_starts_at(void const* address);

/// Whether the bytes lie in one allocation that is not freed.
bool inside_one_allocation(void const* address, std::size_t bytes);

/// Ends the program unless the bytes lie in one allocation that is not freed, or in one that is live; `who`
/// touches them.
void require_allocated(char const* who, char const* operand, void const* address, std::size_t bytes);
void require_live(char const* who, char const* operand, void const* address, std::size_t bytes);

/// Bytes that allocations take from the limit.
std::size_t bytes_used();

/// Allocations for which nobody has called a function that frees them, and the bytes that were asked for.
struct Owned {
  std::size_t allocations = 0, bytes = 0;
};
Owned owned();

/// Device work may touch device memory while one exists.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(DeviceAccess const&) = delete;
  DeviceAccess& operator=(DeviceAccess const&) = delete;
};

/// What runs on the device now, for messages; nullptr for nothing.
char const*& running_operation();

/// Ends the program if a canary was overwritten: near the ends of allocations, or everywhere in their pages.
void check_canaries(bool everywhere);

/// NaN in float and in double, an absurd index as an integer.
void poison(void* address, std::size_t bytes);

/// A host access to device memory, or a device access beyond live memory, is told in words. Called on every
/// entry, because doctest sets its own handlers around each test case.
void watch_for_faults();

}  // namespace disentangle::emulation::detail
