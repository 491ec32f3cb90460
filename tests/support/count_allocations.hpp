// SPDX-License-Identifier: Apache-2.0
// Counts heap allocations of the whole test program. Replaces the global operator new, so include it in one
// source only of a program that has several. The thread sanitizer brings its own operator new, so that
// nothing is counted under it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_THREAD__)
#define DISENTANGLE_TEST_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DISENTANGLE_TEST_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef DISENTANGLE_TEST_COUNTS_ALLOCATIONS
#define DISENTANGLE_TEST_COUNTS_ALLOCATIONS 1
#endif

namespace disentangle::test {

inline std::atomic<std::size_t> allocation_count{0};

/// The number of allocations since the program began, by all threads.
inline std::size_t allocations() { return allocation_count.load(); }

inline void* counted(std::size_t bytes) {
  ++allocation_count;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}

inline void* counted(std::size_t bytes, std::align_val_t alignment) {
  ++allocation_count;
  auto const boundary = static_cast<std::size_t>(alignment);
  // aligned_alloc wants a multiple of the alignment.
  if (void* memory = std::aligned_alloc(boundary, (bytes + boundary - 1) / boundary * boundary))
    return memory;
  throw std::bad_alloc();
}

}  // namespace disentangle::test

// Never inlined: g++ would see malloc meet delete, or new meet free, and warn.
#if DISENTANGLE_TEST_COUNTS_ALLOCATIONS
[[gnu::noinline]] void* operator new(std::size_t bytes) { return disentangle::test::counted(bytes); }
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return disentangle::test::counted(bytes); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return disentangle::test::counted(bytes, alignment);
}
[[gnu::noinline]] void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return disentangle::test::counted(bytes, alignment);
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::nothrow_t const&) noexcept {
  ++disentangle::test::allocation_count;  // std::stable_sort asks in this way
  return std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void* operator new[](std::size_t bytes, std::nothrow_t const&) noexcept {
  ++disentangle::test::allocation_count;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif
