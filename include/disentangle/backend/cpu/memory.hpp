// SPDX-License-Identifier: Apache-2.0
// Host memory for tensors: aligned to cache lines, and on Linux in huge pages where it is large, which saves
// the kernels several per cent on layers of some MiB.
#pragma once

#include <cstddef>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <disentangle/backend/cpu/instruction_set.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

/// n scalars aligned to 64 bytes, or to 2 MiB from 4 MiB on. @throws std::bad_alloc
template <class T>
T* allocate(std::size_t n) {
  constexpr std::size_t line = 64, huge = std::size_t{2} << 20;
  std::size_t const bytes = n * sizeof(T);
  std::size_t const alignment = bytes >= 2 * huge ? huge : line;
  void* const p = ::operator new(bytes, std::align_val_t{alignment});
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (alignment == huge)
    ::madvise(p, bytes / huge * huge, MADV_HUGEPAGE);  // advice: nothing is lost if it is not taken
#endif
  return static_cast<T*>(p);
}

/// Gives back what allocate(n) returned.
template <class T>
void deallocate(T* p, std::size_t n) {
  constexpr std::size_t line = 64, huge = std::size_t{2} << 20;
  ::operator delete(p, std::align_val_t{n * sizeof(T) >= 2 * huge ? huge : line});
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
