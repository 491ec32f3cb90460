// SPDX-License-Identifier: Apache-2.0
// cuBLAS's handles.
#pragma once

#include "settings.hpp"

#include <cstddef>
#include <cublas_v2.h>

struct cublasContext {
  cudaStream_t stream = nullptr;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
  void* workspace = nullptr;
  std::size_t workspace_bytes = 0;
};

namespace disentangle::emulation::detail {

/// Whether it exists; otherwise it is reported.
bool exists(cublasHandle_t handle);

std::size_t number_of_blas_handles();

template <class Body>
cublasStatus_t with_handle(char const* function, cublasHandle_t handle, Body body) {
  return blas_call(function, [&] {
    if (!exists(handle)) {
      return CUBLAS_STATUS_NOT_INITIALIZED;
    }
    return body();
  });
}

}  // namespace disentangle::emulation::detail
