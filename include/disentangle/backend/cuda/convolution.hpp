// SPDX-License-Identifier: Apache-2.0
// Convolutions through cuDNN on NHWC images. What a convolution needs (descriptors, the algorithms that
// cuDNN's heuristics choose, their workspace) is found once for each geometry and batch size and kept.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include <disentangle/backend/cuda/context.hpp>

namespace disentangle::backend::cuda {

/// The descriptors and algorithms of one convolution at one batch size. Only deterministic algorithms are
/// taken.
template <class T>
class ConvolutionPlan {
 public:
  /// The run-time extents of a ConvolutionGeometry.
  struct Extents {
    int batch, in_height, in_width, in_channels, out_height, out_width, out_channels, kernel, stride, pad_y,
        pad_x;
    friend auto operator<=>(Extents const&, Extents const&) = default;
  };

  ConvolutionPlan(Context& context, Extents const& e) : context_(context) {
    constexpr cudnnDataType_t type = std::is_same_v<T, double> ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
    try {
      DISENTANGLE_CUDA_CALL(cudnnCreateTensorDescriptor(&in_));
      DISENTANGLE_CUDA_CALL(cudnnCreateTensorDescriptor(&out_));
      DISENTANGLE_CUDA_CALL(cudnnCreateFilterDescriptor(&filter_));
      DISENTANGLE_CUDA_CALL(cudnnCreateConvolutionDescriptor(&convolution_));
      DISENTANGLE_CUDA_CALL(cudnnSetTensor4dDescriptor(in_, CUDNN_TENSOR_NHWC, type, e.batch, e.in_channels,
                                                       e.in_height, e.in_width));
      DISENTANGLE_CUDA_CALL(cudnnSetTensor4dDescriptor(out_, CUDNN_TENSOR_NHWC, type, e.batch, e.out_channels,
                                                       e.out_height, e.out_width));
      DISENTANGLE_CUDA_CALL(cudnnSetFilter4dDescriptor(filter_, type, CUDNN_TENSOR_NHWC, e.out_channels,
                                                       e.in_channels, e.kernel, e.kernel));
      DISENTANGLE_CUDA_CALL(cudnnSetConvolution2dDescriptor(convolution_, e.pad_y, e.pad_x, e.stride,
                                                            e.stride, 1, 1, CUDNN_CROSS_CORRELATION, type));
      DISENTANGLE_CUDA_CALL(cudnnSetConvolutionMathType(
          convolution_, context.options().tf32 ? CUDNN_TENSOR_OP_MATH : CUDNN_FMA_MATH));
      choose();
    } catch (...) {
      release();
      throw;
    }
  }
  ConvolutionPlan(ConvolutionPlan const&) = delete;
  ConvolutionPlan& operator=(ConvolutionPlan const&) = delete;
  ~ConvolutionPlan() { release(); }

  /// out = conv(in, filter)
  void forward(T const* in, T const* filter, T* out) const {
    T const one = 1, zero = 0;
    DISENTANGLE_CUDA_CALL(cudnnConvolutionForward(
        context_.cudnn(), &one, in_, in, filter_, filter, convolution_, forward_.algorithm,
        workspace(forward_.workspace), forward_.workspace, &zero, out_, out));
  }
  /// in_gradient = adjoint of conv with respect to its input: also a transposed convolution.
  void input_adjoint(T const* filter, T const* out_gradient, T* in_gradient) const {
    T const one = 1, zero = 0;
    DISENTANGLE_CUDA_CALL(cudnnConvolutionBackwardData(
        context_.cudnn(), &one, filter_, filter, out_, out_gradient, convolution_, input_.algorithm,
        workspace(input_.workspace), input_.workspace, &zero, in_, in_gradient));
  }
  /// filter_gradient = adjoint of conv with respect to its filter.
  void filter_adjoint(T const* in, T const* out_gradient, T* filter_gradient) const {
    T const one = 1, zero = 0;
    DISENTANGLE_CUDA_CALL(cudnnConvolutionBackwardFilter(
        context_.cudnn(), &one, in_, in, out_, out_gradient, convolution_, weight_.algorithm,
        workspace(weight_.workspace), weight_.workspace, &zero, filter_, filter_gradient));
  }

 private:
  template <class Algorithm>
  struct Choice {
    Algorithm algorithm{};
    std::size_t workspace = 0;
  };

  /// The first of cuDNN's candidates, which it sorts by expected time, that runs and is deterministic.
  template <class Choice, class Candidate>
  static void take(Choice& choice, std::vector<Candidate> const& candidates, int count, char const* pass) {
    for (int i = 0; i < count; ++i) {
      Candidate const& candidate = candidates[static_cast<std::size_t>(i)];
      if (candidate.status == CUDNN_STATUS_SUCCESS && candidate.determinism == CUDNN_DETERMINISTIC) {
        choice.algorithm = candidate.algo;
        return;
      }
    }
    throw CudaError(std::string("cuDNN has no deterministic algorithm for the ") + pass +
                    " of a convolution");
  }
  void choose() {
    auto const handle = context_.cudnn();
    int count = 0;
    {
      std::vector<cudnnConvolutionFwdAlgoPerf_t> candidates(CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
      DISENTANGLE_CUDA_CALL(cudnnGetConvolutionForwardAlgorithm_v7(handle, in_, filter_, convolution_, out_,
                                                                   CUDNN_CONVOLUTION_FWD_ALGO_COUNT, &count,
                                                                   candidates.data()));
      take(forward_, candidates, count, "forward pass");
      DISENTANGLE_CUDA_CALL(cudnnGetConvolutionForwardWorkspaceSize(handle, in_, filter_, convolution_, out_,
                                                                    forward_.algorithm, &forward_.workspace));
    }
    {
      std::vector<cudnnConvolutionBwdDataAlgoPerf_t> candidates(CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT);
      DISENTANGLE_CUDA_CALL(cudnnGetConvolutionBackwardDataAlgorithm_v7(
          handle, filter_, out_, convolution_, in_, CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT, &count,
          candidates.data()));
      take(input_, candidates, count, "input adjoint");
      DISENTANGLE_CUDA_CALL(cudnnGetConvolutionBackwardDataWorkspaceSize(
          handle, filter_, out_, convolution_, in_, input_.algorithm, &input_.workspace));
    }
    {
      std::vector<cudnnConvolutionBwdFilterAlgoPerf_t> candidates(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT);
      DISENTANGLE_CUDA_CALL(cudnnGetConvolutionBackwardFilterAlgorithm_v7(
          handle, in_, out_, convolution_, filter_, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT, &count,
          candidates.data()));
      take(weight_, candidates, count, "weight adjoint");
      DISENTANGLE_CUDA_CALL(cudnnGetConvolutionBackwardFilterWorkspaceSize(
          handle, in_, out_, convolution_, filter_, weight_.algorithm, &weight_.workspace));
    }
  }
  void* workspace(std::size_t bytes) const { return bytes == 0 ? nullptr : context_.workspace(bytes); }
  void release() noexcept {
    if (in_ != nullptr) static_cast<void>(cudnnDestroyTensorDescriptor(in_));
    if (out_ != nullptr) static_cast<void>(cudnnDestroyTensorDescriptor(out_));
    if (filter_ != nullptr) static_cast<void>(cudnnDestroyFilterDescriptor(filter_));
    if (convolution_ != nullptr) static_cast<void>(cudnnDestroyConvolutionDescriptor(convolution_));
  }

  Context& context_;
  cudnnTensorDescriptor_t in_ = nullptr, out_ = nullptr;
  cudnnFilterDescriptor_t filter_ = nullptr;
  cudnnConvolutionDescriptor_t convolution_ = nullptr;
  Choice<cudnnConvolutionFwdAlgo_t> forward_;
  Choice<cudnnConvolutionBwdDataAlgo_t> input_;
  Choice<cudnnConvolutionBwdFilterAlgo_t> weight_;
};

/// The plans of a device, by geometry and batch size.
template <class T>
class ConvolutionPlans {
 public:
  template <class Geometry>
  ConvolutionPlan<T>& get(Context& context, std::ptrdiff_t batch) {
    typename ConvolutionPlan<T>::Extents const key{
        static_cast<int>(batch), Geometry::in_height, Geometry::in_width,     Geometry::in_channels,
        Geometry::out_height,    Geometry::out_width, Geometry::out_channels, Geometry::kernel,
        Geometry::stride,        Geometry::pad_y,     Geometry::pad_x};
    auto& plan = plans_[key];
    if (plan == nullptr) plan = std::make_unique<ConvolutionPlan<T>>(context, key);
    return *plan;
  }
  std::size_t size() const { return plans_.size(); }

 private:
  std::map<typename ConvolutionPlan<T>::Extents, std::unique_ptr<ConvolutionPlan<T>>> plans_;
};

}  // namespace disentangle::backend::cuda
