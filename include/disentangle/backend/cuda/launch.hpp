// SPDX-License-Identifier: Apache-2.0
// The launchers of the CUDA backend. A kernel is a functor, a trivially copyable value with host/device
// members; three launchers run it: an index space, one result per block, one result of everything.
//
// Compiled by nvcc they launch (launch.cuh). Compiled by a plain C++ compiler they hand the functor to the
// emulation of CUDA that the tests link, which runs the same functor bodies on the host; a program that links
// no emulation must compile the files that use backend::Cuda with nvcc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <cuda_runtime_api.h>

#include <disentangle/core/config.hpp>

namespace disentangle::backend::cuda {

/// Threads of a block.
inline constexpr unsigned block_threads = 256;

/// Blocks for n indices: the kernels stride over the grid, so that more than these would only wait.
inline unsigned grid_blocks(std::size_t n) {
  constexpr std::size_t most = 16 * 132 * 8;
  return static_cast<unsigned>(std::clamp<std::size_t>((n + block_threads - 1) / block_threads, 1, most));
}

/// Blocks that a reduction of n elements to one is split into: a function of n alone, as its order of
/// summation is.
inline unsigned reduction_blocks(std::size_t n) {
  return static_cast<unsigned>(std::clamp<std::size_t>((n + 1023) / 1024, 1, 512));
}

}  // namespace disentangle::backend::cuda

#if defined(DISENTANGLE_CUDACC)

#include <disentangle/backend/cuda/launch.cuh>

#else

extern "C" int disentangle_cuda_emulation_launch(cudaStream_t stream, void (*run)(void const* functor),
                                                 void const* functor, std::size_t size, unsigned blocks,
                                                 unsigned threads);

#include <disentangle/backend/cuda/error.hpp>

namespace disentangle::backend::cuda {

namespace detail {

template <class Job>
void emulate(cudaStream_t stream, Job const& job, unsigned blocks) {
  static_assert(std::is_trivially_copyable_v<Job>, "[disentangle] a kernel is copied to the device as bytes");
  auto const run = [](void const* bytes) { static_cast<Job const*>(bytes)->run(); };
  auto const status = static_cast<cudaError_t>(
      disentangle_cuda_emulation_launch(stream, run, &job, sizeof(Job), blocks, block_threads));
  check(status, "kernel launch", __FILE__, __LINE__);
}

// One tree for the threads of a block, the one that the device uses, so that sums have the same order.
template <class F, class PartialOfThread>
typename F::value_type combine_block(F const& f, PartialOfThread&& partial) {
  typename F::value_type shared[block_threads];
  for (unsigned thread = 0; thread < block_threads; ++thread) shared[thread] = partial(thread);
  for (unsigned half = block_threads / 2; half > 0; half /= 2) {
    for (unsigned thread = 0; thread < half; ++thread) {
      shared[thread] = f.combine(shared[thread], shared[thread + half]);
    }
  }
  return shared[0];
}

}  // namespace detail

/// f(i) for every i < n, in no order.
template <class F>
void for_each_index(cudaStream_t stream, std::size_t n, F const& f) {
  struct Job {
    F f;
    std::size_t n;
    void run() const {
      for (std::size_t i = n; i-- > 0;) f(i);  // backwards: nothing may rest on the order
    }
  };
  if (n > 0) detail::emulate(stream, Job{f, n}, grid_blocks(n));
}

/// f.finish(block, value) for every block, where value combines f.partial(block, thread) over block_threads
/// threads.
template <class F>
void reduce_blocks(cudaStream_t stream, std::size_t blocks, F const& f) {
  struct Job {
    F f;
    std::size_t blocks;
    void run() const {
      for (std::size_t block = blocks; block-- > 0;) {
        f.finish(block, detail::combine_block(f, [&](unsigned thread) { return f.partial(block, thread); }));
      }
    }
  };
  if (blocks > 0) detail::emulate(stream, Job{f, blocks}, static_cast<unsigned>(blocks));
}

/// f.finish(value), where value combines f.partial(block, thread) over all blocks; the blocks' own values go
/// through `partials` (one for each block) and the last block to end, found by `ticket` (zero before and
/// after), combines them.
template <class F>
void reduce_all(cudaStream_t stream, unsigned blocks, typename F::value_type* partials, unsigned* ticket,
                F const& f) {
  struct Job {
    F f;
    typename F::value_type* partials;
    unsigned* ticket;
    unsigned blocks;
    void run() const {
      for (unsigned block = blocks; block-- > 0; ++*ticket) {
        partials[block] = detail::combine_block(f, [&](unsigned thread) { return f.partial(block, thread); });
      }
      if (*ticket != blocks) return;  // as on the device, where the last block would not be found
      f.finish(detail::combine_block(f, [&](unsigned thread) {
        auto total = f.identity();
        for (unsigned i = thread; i < blocks; i += block_threads) total = f.combine(total, partials[i]);
        return total;
      }));
      *ticket = 0;
    }
  };
  detail::emulate(stream, Job{f, partials, ticket, blocks}, blocks);
}

}  // namespace disentangle::backend::cuda

#endif
