// SPDX-License-Identifier: Apache-2.0
// What include/disentangle/backend/cuda/launch.hpp calls where it is compiled without nvcc.
#pragma once

#include <cstddef>
#include <cuda_runtime_api.h>

/// Enqueues run(functor) with a copy of the functor's `size` bytes, as a kernel launch does with its
/// parameters. A cudaError_t.
extern "C" int disentangle_cuda_emulation_launch(cudaStream_t stream, void (*run)(void const* functor),
                                                 void const* functor, std::size_t size, unsigned blocks,
                                                 unsigned threads);
