// SPDX-License-Identifier: Apache-2.0
// cuDNN's handles and descriptors.
#pragma once

#include "settings.hpp"

#include <array>
#include <cstddef>
#include <cudnn.h>

struct cudnnContext {
  cudaStream_t stream = nullptr;
};

struct cudnnTensorStruct {
  bool is_set = false;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::array<int, 4> extents{}, strides{};  // in the order n, c, h, w
};

struct cudnnFilterStruct {
  bool is_set = false;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::array<int, 4> extents{}, strides{};  // in the order k, c, r, s
};

struct cudnnConvolutionStruct {
  bool is_set = false;
  std::array<int, 2> pad{}, stride{}, dilation{};
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
  int groups = 1;
};

namespace disentangle::emulation::detail {

/// Remembers why, for cudnnGetLastErrorString, and returns the status.
cudnnStatus_t refuse(cudnnStatus_t status, char const* why);

/// Whether it exists; otherwise it is reported.
bool exists(cudnnHandle_t handle);
bool exists(cudnnTensorDescriptor_t descriptor);
bool exists(cudnnFilterDescriptor_t descriptor);
bool exists(cudnnConvolutionDescriptor_t descriptor);

std::size_t number_of_dnn_handles();
std::size_t number_of_dnn_descriptors();

}  // namespace disentangle::emulation::detail
