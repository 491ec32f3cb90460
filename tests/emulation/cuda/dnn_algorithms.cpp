// SPDX-License-Identifier: Apache-2.0
// cuDNN's choice of algorithms. The first that is offered for a backward pass is not deterministic and needs
// workspace to be replaced by one that is, so that a backend must look at what it takes.
#include "dnn_algorithms.hpp"

#include <algorithm>

namespace disentangle::emulation::detail {
namespace {

constexpr Algorithm forward_algorithms[] = {
    {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, 4, true},
    {CUDNN_CONVOLUTION_FWD_ALGO_GEMM, 1, true},
    {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, 0, true},
};
constexpr Algorithm data_algorithms[] = {
    {CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, 0, false},
    {CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, 1, true},
};
constexpr Algorithm filter_algorithms[] = {
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3, 2, false},
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, 0, false},
    {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, 1, true},
};

template <std::size_t N>
Algorithm const* find(Algorithm const (&all)[N], int number) {
  auto const* const found = std::find_if(std::begin(all), std::end(all),
                                         [&](Algorithm const& each) { return each.number == number; });
  return found == std::end(all) ? nullptr : found;
}

/// The supported ones in their order, then the others with their status.
template <class Performance, class Number, std::size_t N>
cudnnStatus_t list(ConvolutionProblem const& problem, Algorithm const (&supported)[N], int count_of_numbers,
                   int requested, int* returned, Performance* results) {
  if (requested <= 0 || returned == nullptr || results == nullptr)
    return refuse(CUDNN_STATUS_BAD_PARAM, "algorithms: none asked for, or no place for them");
  int count = 0;
  auto const add = [&](int number, Algorithm const* algorithm) {
    if (count == requested) return;
    Performance& result = results[count++] = {};
    result.algo = static_cast<Number>(number);
    result.status = algorithm ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
    result.time = -1.0f;  // a guess of the heuristics, as the real call returns
    result.memory = algorithm ? workspace_bytes(problem, *algorithm) : 0;
    result.determinism =
        algorithm && algorithm->deterministic ? CUDNN_DETERMINISTIC : CUDNN_NON_DETERMINISTIC;
    result.mathType = problem.convolution.math;
  };
  for (Algorithm const& each : supported) add(each.number, &each);
  for (int number = 0; number < count_of_numbers; ++number)
    if (find(supported, number) == nullptr) add(number, nullptr);
  *returned = count;
  return CUDNN_STATUS_SUCCESS;
}

template <class Number>
cudnnStatus_t tell_workspace(ConvolutionProblem const& problem, Number number, std::size_t* bytes) {
  Algorithm const* const found = algorithm(number);
  if (bytes == nullptr)
    return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "a workspace: no place for its size");
  if (found == nullptr)
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a workspace: the algorithm is not supported");
  *bytes = workspace_bytes(problem, *found);
  return CUDNN_STATUS_SUCCESS;
}

/// Calls `body` with the problem that the descriptors describe.
template <class Body>
cudnnStatus_t with_problem(char const* function, cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                           cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
                           cudnnTensorDescriptor_t y, Body body) {
  return dnn_call(function, [&] {
    if (!exists(handle)) return refuse(CUDNN_STATUS_BAD_PARAM, "no handle");
    ConvolutionProblem problem;
    cudnnStatus_t const status = make_problem(problem, x, w, convolution, y);
    return status == CUDNN_STATUS_SUCCESS ? body(problem) : status;
  });
}

cudnnStatus_t tell_count(char const* function, cudnnHandle_t handle, int* count, int value) {
  return dnn_call(function, [&] {
    if (!exists(handle) || count == nullptr)
      return refuse(CUDNN_STATUS_BAD_PARAM, "algorithms: no handle or place");
    *count = value;
    return CUDNN_STATUS_SUCCESS;
  });
}

}  // namespace

Algorithm const* algorithm(cudnnConvolutionFwdAlgo_t number) { return find(forward_algorithms, number); }
Algorithm const* algorithm(cudnnConvolutionBwdDataAlgo_t number) { return find(data_algorithms, number); }
Algorithm const* algorithm(cudnnConvolutionBwdFilterAlgo_t number) { return find(filter_algorithms, number); }

std::size_t workspace_bytes(ConvolutionProblem const& problem, Algorithm const& algorithm) {
  if (algorithm.workspace_divisor == 0) return 0;
  return problem.unfolded_bytes() / static_cast<std::size_t>(algorithm.workspace_divisor);
}

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudnnStatus_t cudnnGetConvolutionForwardAlgorithmMaxCount(cudnnHandle_t handle, int* count) {
  return tell_count("cudnnGetConvolutionForwardAlgorithmMaxCount", handle, count,
                    CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithmMaxCount(cudnnHandle_t handle, int* count) {
  return tell_count("cudnnGetConvolutionBackwardDataAlgorithmMaxCount", handle, count,
                    CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(cudnnHandle_t handle, int* count) {
  return tell_count("cudnnGetConvolutionBackwardFilterAlgorithmMaxCount", handle, count,
                    CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT);
}

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                     cudnnFilterDescriptor_t w,
                                                     cudnnConvolutionDescriptor_t convolution,
                                                     cudnnTensorDescriptor_t y, int requested, int* returned,
                                                     cudnnConvolutionFwdAlgoPerf_t* results) {
  return with_problem(
      "cudnnGetConvolutionForwardAlgorithm_v7", handle, x, w, convolution, y, [&](auto const& problem) {
        return list<cudnnConvolutionFwdAlgoPerf_t, cudnnConvolutionFwdAlgo_t>(
            problem, forward_algorithms, CUDNN_CONVOLUTION_FWD_ALGO_COUNT, requested, returned, results);
      });
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t handle, cudnnFilterDescriptor_t w,
                                                          cudnnTensorDescriptor_t dy,
                                                          cudnnConvolutionDescriptor_t convolution,
                                                          cudnnTensorDescriptor_t dx, int requested,
                                                          int* returned,
                                                          cudnnConvolutionBwdDataAlgoPerf_t* results) {
  return with_problem("cudnnGetConvolutionBackwardDataAlgorithm_v7", handle, dx, w, convolution, dy,
                      [&](auto const& problem) {
                        return list<cudnnConvolutionBwdDataAlgoPerf_t, cudnnConvolutionBwdDataAlgo_t>(
                            problem, data_algorithms, CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT, requested,
                            returned, results);
                      });
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                            cudnnTensorDescriptor_t dy,
                                                            cudnnConvolutionDescriptor_t convolution,
                                                            cudnnFilterDescriptor_t dw, int requested,
                                                            int* returned,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t* results) {
  return with_problem("cudnnGetConvolutionBackwardFilterAlgorithm_v7", handle, x, dw, convolution, dy,
                      [&](auto const& problem) {
                        return list<cudnnConvolutionBwdFilterAlgoPerf_t, cudnnConvolutionBwdFilterAlgo_t>(
                            problem, filter_algorithms, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT, requested,
                            returned, results);
                      });
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                      cudnnFilterDescriptor_t w,
                                                      cudnnConvolutionDescriptor_t convolution,
                                                      cudnnTensorDescriptor_t y,
                                                      cudnnConvolutionFwdAlgo_t number, std::size_t* bytes) {
  return with_problem("cudnnGetConvolutionForwardWorkspaceSize", handle, x, w, convolution, y,
                      [&](auto const& problem) { return tell_workspace(problem, number, bytes); });
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t handle, cudnnFilterDescriptor_t w,
                                                           cudnnTensorDescriptor_t dy,
                                                           cudnnConvolutionDescriptor_t convolution,
                                                           cudnnTensorDescriptor_t dx,
                                                           cudnnConvolutionBwdDataAlgo_t number,
                                                           std::size_t* bytes) {
  return with_problem("cudnnGetConvolutionBackwardDataWorkspaceSize", handle, dx, w, convolution, dy,
                      [&](auto const& problem) { return tell_workspace(problem, number, bytes); });
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                             cudnnTensorDescriptor_t dy,
                                                             cudnnConvolutionDescriptor_t convolution,
                                                             cudnnFilterDescriptor_t dw,
                                                             cudnnConvolutionBwdFilterAlgo_t number,
                                                             std::size_t* bytes) {
  return with_problem("cudnnGetConvolutionBackwardFilterWorkspaceSize", handle, x, dw, convolution, dy,
                      [&](auto const& problem) { return tell_workspace(problem, number, bytes); });
}

}  // extern "C"
