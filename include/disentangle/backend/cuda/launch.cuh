// SPDX-License-Identifier: Apache-2.0
// The launchers on a device: three kernels, each of which runs any functor. See launch.hpp.
#pragma once

#if !defined(__CUDACC__)
#error "[disentangle] backend/cuda/launch.cuh holds kernels: include launch.hpp instead, which decides"
#endif

#include <disentangle/backend/cuda/error.hpp>

namespace disentangle::backend::cuda {

namespace detail {

template <class F>
__global__ void __launch_bounds__(block_threads) index_kernel(F const f, std::size_t n) {
  std::size_t const stride = std::size_t{gridDim.x} * block_threads;
  for (std::size_t i = std::size_t{blockIdx.x} * block_threads + threadIdx.x; i < n; i += stride) f(i);
}

template <class F>
__device__ typename F::value_type combine_block(F const& f, typename F::value_type* shared,
                                                typename F::value_type own) {
  shared[threadIdx.x] = own;
  __syncthreads();
  for (unsigned half = block_threads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      shared[threadIdx.x] = f.combine(shared[threadIdx.x], shared[threadIdx.x + half]);
    }
    __syncthreads();
  }
  return shared[0];
}

template <class F>
__global__ void __launch_bounds__(block_threads) block_kernel(F const f) {
  __shared__ typename F::value_type shared[block_threads];
  auto const value = combine_block(f, shared, f.partial(blockIdx.x, threadIdx.x));
  if (threadIdx.x == 0) f.finish(blockIdx.x, value);
}

template <class F>
__global__ void __launch_bounds__(block_threads)
    total_kernel(F const f, typename F::value_type* partials, unsigned* ticket) {
  __shared__ typename F::value_type shared[block_threads];
  __shared__ bool last;
  auto const own = combine_block(f, shared, f.partial(blockIdx.x, threadIdx.x));
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = own;
    __threadfence();  // the partial is seen by all before the ticket counts it
    last = atomicAdd(ticket, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (!last) return;
  __threadfence();
  auto total = f.identity();
  for (unsigned i = threadIdx.x; i < gridDim.x; i += block_threads) {
    total = f.combine(total, static_cast<typename F::value_type volatile*>(partials)[i]);
  }
  total = combine_block(f, shared, total);
  if (threadIdx.x == 0) {
    f.finish(total);
    *ticket = 0;
  }
}

}  // namespace detail

template <class F>
void for_each_index(cudaStream_t stream, std::size_t n, F const& f) {
  if (n == 0) return;
  detail::index_kernel<<<grid_blocks(n), block_threads, 0, stream>>>(f, n);
  DISENTANGLE_CUDA_CALL(cudaGetLastError());
}

template <class F>
void reduce_blocks(cudaStream_t stream, std::size_t blocks, F const& f) {
  if (blocks == 0) return;
  detail::block_kernel<<<static_cast<unsigned>(blocks), block_threads, 0, stream>>>(f);
  DISENTANGLE_CUDA_CALL(cudaGetLastError());
}

template <class F>
void reduce_all(cudaStream_t stream, unsigned blocks, typename F::value_type* partials, unsigned* ticket,
                F const& f) {
  detail::total_kernel<<<blocks, block_threads, 0, stream>>>(f, partials, ticket);
  DISENTANGLE_CUDA_CALL(cudaGetLastError());
}

}  // namespace disentangle::backend::cuda
