// SPDX-License-Identifier: Apache-2.0
// CudaError, and the check around every call of the CUDA libraries: the message carries the call, its file
// and line.
#pragma once

#include <cstddef>
#include <string>

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <disentangle/core/error.hpp>

namespace disentangle {

/// A call of the CUDA runtime, cuBLAS or cuDNN failed.
class CudaError : public Error {
 public:
  using Error::Error;
};

/// The device has no memory for what was asked; the message names the requested, the free and the whole size.
class CudaMemoryError : public CudaError {
 public:
  using CudaError::CudaError;
};

namespace backend::cuda::detail {

inline std::string error_text(cudaError_t status) {
  return std::string(cudaGetErrorName(status)) + ": " + cudaGetErrorString(status);
}
inline std::string error_text(cublasStatus_t status) { return cublasGetStatusString(status); }
inline std::string error_text(cudnnStatus_t status) { return cudnnGetErrorString(status); }

template <class Result>
void check(Result status, char const* call, char const* file, int line) {
  if (status != Result{}) {  // success is 0 in all three libraries
    throw CudaError(std::string(file) + ":" + std::to_string(line) + ": " + call +
                    " failed: " + error_text(status));
  }
}

/// "96.0 MiB"
inline std::string memory_text(std::size_t bytes) {
  std::size_t const tenths = (bytes * 10 + (std::size_t{1} << 19)) >> 20;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

}  // namespace backend::cuda::detail

}  // namespace disentangle

/// Calls a function of the CUDA libraries; @throws CudaError with the call's text and place if it fails.
#define DISENTANGLE_CUDA_CALL(call) \
  ::disentangle::backend::cuda::detail::check((call), #call, __FILE__, __LINE__)
