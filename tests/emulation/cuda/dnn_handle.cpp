// SPDX-License-Identifier: Apache-2.0
// cuDNN: handles, versions, errors.
#include "dnn.hpp"

#include "report.hpp"
#include "streams.hpp"

#include <cstdio>
#include <set>
#include <string>

namespace disentangle::emulation::detail {
namespace {

std::set<cudnnHandle_t>& handles() {
  static auto& value = *new std::set<cudnnHandle_t>;
  return value;
}

std::string& last_message() {
  static auto& value = *new std::string;
  return value;
}

}  // namespace

cudnnStatus_t refuse(cudnnStatus_t status, char const* why) {
  last_message() = why;
  return status;
}

bool exists(cudnnHandle_t handle) {
  if (handles().count(handle) != 0) return true;
  report("%p is not a cuDNN handle, or no longer one", static_cast<void*>(handle));
  return false;
}

std::size_t number_of_dnn_handles() { return handles().size(); }

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  return dnn_call("cudnnCreate", [&] {
    if (handle == nullptr)
      return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "cudnnCreate: no place for the handle");
    *handle = nullptr;
    if (settings().device_count == 0) return refuse(CUDNN_STATUS_NOT_INITIALIZED, "cudnnCreate: no device");
    if (refuse_in_capture() != cudaSuccess)
      return refuse(CUDNN_STATUS_EXECUTION_FAILED_CUDART, "cudnnCreate: a stream is captured");
    *handle = new cudnnContext;
    handles().insert(*handle);
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return dnn_call("cudnnDestroy", [&] {
    if (!exists(handle)) return refuse(CUDNN_STATUS_BAD_PARAM, "cudnnDestroy: no handle");
    handles().erase(handle);
    delete handle;
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return dnn_call("cudnnSetStream", [&] {
    if (!exists(handle) || !stream_of(stream))
      return refuse(CUDNN_STATUS_BAD_PARAM, "cudnnSetStream: no handle or stream");
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, cudaStream_t* stream) {
  return dnn_call("cudnnGetStream", [&] {
    if (!exists(handle) || stream == nullptr)
      return refuse(CUDNN_STATUS_BAD_PARAM, "cudnnGetStream: no handle or place");
    *stream = handle->stream;
    return CUDNN_STATUS_SUCCESS;
  });
}

std::size_t cudnnGetVersion() { return CUDNN_VERSION; }

char const* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS: return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_BAD_PARAM_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT: return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
    case CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH: return "CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH";
    case CUDNN_STATUS_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE: return "CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE";
    case CUDNN_STATUS_INTERNAL_ERROR: return "CUDNN_STATUS_INTERNAL_ERROR";
    case CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED:
      return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
    case CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED:
      return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
    case CUDNN_STATUS_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    case CUDNN_STATUS_EXECUTION_FAILED_CUDART: return "CUDNN_STATUS_EXECUTION_FAILED_CUDART";
    default: return "a cuDNN status that the emulation never returns";
  }
}

void cudnnGetLastErrorString(char* message, std::size_t size) {
  if (message != nullptr && size != 0) std::snprintf(message, size, "%s", last_message().c_str());
  last_message().clear();
}

}  // extern "C"
