// SPDX-License-Identifier: Apache-2.0
// cuDNN's descriptors of tensors, filters and convolutions.
#include "dnn.hpp"
#include "report.hpp"

#include <algorithm>
#include <set>

namespace disentangle::emulation::detail {
namespace {

template <class Descriptor>
std::set<Descriptor>& all() {
  static auto& value = *new std::set<Descriptor>;
  return value;
}

template <class Descriptor>
bool is_known(Descriptor descriptor, char const* what) {
  if (all<Descriptor>().count(descriptor) != 0) return true;
  report("%p is not the descriptor of a %s, or no longer one", static_cast<void*>(descriptor), what);
  return false;
}

template <class Descriptor>
cudnnStatus_t create(char const* function, Descriptor* descriptor) {
  return dnn_call(function, [&] {
    if (descriptor == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, function);
    *descriptor = new std::remove_pointer_t<Descriptor>;
    all<Descriptor>().insert(*descriptor);
    return CUDNN_STATUS_SUCCESS;
  });
}

template <class Descriptor>
cudnnStatus_t destroy(char const* function, Descriptor descriptor) {
  return dnn_call(function, [&] {
    if (!exists(descriptor)) return refuse(CUDNN_STATUS_BAD_PARAM, function);
    all<Descriptor>().erase(descriptor);
    delete descriptor;
    return CUDNN_STATUS_SUCCESS;
  });
}

bool is_type(cudnnDataType_t type) { return type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_DOUBLE; }

bool is_format(cudnnTensorFormat_t format) {
  return format == CUDNN_TENSOR_NCHW || format == CUDNN_TENSOR_NHWC;
}

bool all_positive(std::array<int, 4> const& values) {
  return std::all_of(values.begin(), values.end(), [](int value) { return value > 0; });
}

/// Distances of a tensor without gaps; extents in the order n, c, h, w.
std::array<int, 4> strides_of(std::array<int, 4> const& e, cudnnTensorFormat_t format) {
  if (format == CUDNN_TENSOR_NCHW) return {e[1] * e[2] * e[3], e[2] * e[3], e[3], 1};
  return {e[1] * e[2] * e[3], 1, e[3] * e[1], e[1]};
}

bool fits_int(std::array<int, 4> const& e) {
  long long count = 1;
  for (int const extent : e)
    if ((count *= extent) > 0x7FFFFFFF) return false;
  return true;
}

cudnnStatus_t set(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, std::array<int, 4> const& extents,
                  std::array<int, 4> const& strides) {
  if (!exists(tensor)) return refuse(CUDNN_STATUS_BAD_PARAM, "a tensor: no descriptor");
  if (!is_type(type))
    return refuse(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "a tensor: neither float nor double");
  if (!all_positive(extents) || !all_positive(strides))
    return refuse(CUDNN_STATUS_BAD_PARAM, "a tensor: an extent or stride is not positive");
  *tensor = {true, type, extents, strides};
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

bool exists(cudnnTensorDescriptor_t descriptor) { return is_known(descriptor, "tensor"); }
bool exists(cudnnFilterDescriptor_t descriptor) { return is_known(descriptor, "filter"); }
bool exists(cudnnConvolutionDescriptor_t descriptor) { return is_known(descriptor, "convolution"); }

std::size_t number_of_dnn_descriptors() {
  return all<cudnnTensorDescriptor_t>().size() + all<cudnnFilterDescriptor_t>().size() +
         all<cudnnConvolutionDescriptor_t>().size();
}

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
  return create("cudnnCreateTensorDescriptor", tensor);
}

cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
  return destroy("cudnnDestroyTensorDescriptor", tensor);
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  return dnn_call("cudnnSetTensor4dDescriptor", [&] {
    std::array<int, 4> const extents{n, c, h, w};
    if (!is_format(format)) return refuse(CUDNN_STATUS_BAD_PARAM, "a tensor: neither NCHW nor NHWC");
    if (!all_positive(extents)) return refuse(CUDNN_STATUS_BAD_PARAM, "a tensor: an extent is not positive");
    if (!fits_int(extents))
      return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a tensor: more than 2^31 - 1 elements");
    return set(tensor, type, extents, strides_of(extents, format));
  });
}

cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int n, int c,
                                           int h, int w, int n_stride, int c_stride, int h_stride,
                                           int w_stride) {
  return dnn_call("cudnnSetTensor4dDescriptorEx", [&] {
    return set(tensor, type, {n, c, h, w}, {n_stride, c_stride, h_stride, w_stride});
  });
}

cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int rank,
                                         int const extents[], int const strides[]) {
  return dnn_call("cudnnSetTensorNdDescriptor", [&] {
    if (extents == nullptr || strides == nullptr)
      return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "a tensor");
    if (rank != 4) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a tensor: only rank 4 is emulated");
    return set(tensor, type, {extents[0], extents[1], extents[2], extents[3]},
               {strides[0], strides[1], strides[2], strides[3]});
  });
}

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
  return create("cudnnCreateFilterDescriptor", filter);
}

cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) {
  return destroy("cudnnDestroyFilterDescriptor", filter);
}

cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int r, int s) {
  return dnn_call("cudnnSetFilter4dDescriptor", [&] {
    std::array<int, 4> const extents{k, c, r, s};
    if (!exists(filter)) return refuse(CUDNN_STATUS_BAD_PARAM, "a filter: no descriptor");
    if (!is_type(type))
      return refuse(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "a filter: neither float nor double");
    if (!is_format(format)) return refuse(CUDNN_STATUS_BAD_PARAM, "a filter: neither KCRS nor KRSC");
    if (!all_positive(extents)) return refuse(CUDNN_STATUS_BAD_PARAM, "a filter: an extent is not positive");
    *filter = {true, type, extents, strides_of(extents, format)};
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convolution) {
  return create("cudnnCreateConvolutionDescriptor", convolution);
}

cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution) {
  return destroy("cudnnDestroyConvolutionDescriptor", convolution);
}

cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w,
                                              int stride_h, int stride_w, int dilation_h, int dilation_w,
                                              cudnnConvolutionMode_t mode, cudnnDataType_t compute) {
  return dnn_call("cudnnSetConvolution2dDescriptor", [&] {
    if (!exists(convolution)) return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: no descriptor");
    if (pad_h < 0 || pad_w < 0 || stride_h <= 0 || stride_w <= 0 || dilation_h <= 0 || dilation_w <= 0)
      return refuse(CUDNN_STATUS_BAD_PARAM,
                    "a convolution: negative padding, or a stride or dilation that is not positive");
    if (mode != CUDNN_CONVOLUTION && mode != CUDNN_CROSS_CORRELATION)
      return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: neither convolution nor cross-correlation");
    if (!is_type(compute))
      return refuse(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "a convolution: neither float nor double");
    convolution->is_set = true;
    convolution->pad = {pad_h, pad_w};
    convolution->stride = {stride_h, stride_w};
    convolution->dilation = {dilation_h, dilation_w};
    convolution->mode = mode;
    convolution->compute = compute;
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math) {
  return dnn_call("cudnnSetConvolutionMathType", [&] {
    if (!exists(convolution)) return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: no descriptor");
    if (math != CUDNN_DEFAULT_MATH && math != CUDNN_TENSOR_OP_MATH &&
        math != CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION && math != CUDNN_FMA_MATH)
      return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: no math type");
    convolution->math = math;
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnGetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t* math) {
  return dnn_call("cudnnGetConvolutionMathType", [&] {
    if (!exists(convolution) || math == nullptr)
      return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: no descriptor");
    *math = convolution->math;
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t convolution, int groups) {
  return dnn_call("cudnnSetConvolutionGroupCount", [&] {
    if (!exists(convolution) || groups <= 0)
      return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: no number of groups");
    convolution->groups = groups;
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnGetConvolutionGroupCount(cudnnConvolutionDescriptor_t convolution, int* groups) {
  return dnn_call("cudnnGetConvolutionGroupCount", [&] {
    if (!exists(convolution) || groups == nullptr)
      return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: no descriptor");
    *groups = convolution->groups;
    return CUDNN_STATUS_SUCCESS;
  });
}

}  // extern "C"
