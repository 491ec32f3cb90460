// SPDX-License-Identifier: Apache-2.0
// What tests have set, and the entrance that every emulated function shares.
#pragma once

#include "emulation.hpp"

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <mutex>
#include <optional>

namespace disentangle::emulation::detail {

struct Settings {
  Schedule schedule = Schedule::late;
  int device_count = 1;
  std::size_t memory_limit = std::size_t{2} << 30;
  Counters counters;
};
Settings& settings();

/// The device that cudaSetDevice chose for this thread.
int& current_device();

/// What cudaGetLastError returns in this thread.
cudaError_t& last_error();

std::recursive_mutex& entrance();

/// The code of an injected failure, if this call of the function is to meet one.
std::optional<int> take_failure(char const* function);

/// What every call does first.
void enter();

/// A call of the runtime that needs a device: takes the lock, meets injected failures, remembers its error.
template <class Body>
cudaError_t runtime_call(char const* function, Body body) {
  std::scoped_lock lock(entrance());
  enter();
  auto const injected = take_failure(function);
  cudaError_t const error = injected                       ? static_cast<cudaError_t>(*injected)
                            : settings().device_count == 0 ? cudaErrorNoDevice
                                                           : body();
  if (error != cudaSuccess) last_error() = error;
  return error;
}

template <class Body>
cublasStatus_t blas_call(char const* function, Body body) {
  std::scoped_lock lock(entrance());
  enter();
  if (auto const injected = take_failure(function)) return static_cast<cublasStatus_t>(*injected);
  return settings().device_count == 0 ? CUBLAS_STATUS_NOT_INITIALIZED : body();
}

template <class Body>
cudnnStatus_t dnn_call(char const* function, Body body) {
  std::scoped_lock lock(entrance());
  enter();
  if (auto const injected = take_failure(function)) return static_cast<cudnnStatus_t>(*injected);
  return body();
}

}  // namespace disentangle::emulation::detail
