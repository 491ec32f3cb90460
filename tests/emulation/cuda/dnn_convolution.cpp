// SPDX-License-Identifier: Apache-2.0
// cuDNN's calls of convolutions.
#include "dnn_algorithms.hpp"
#include "dnn_passes.hpp"
#include "memory.hpp"
#include "report.hpp"
#include "streams.hpp"

namespace disentangle::emulation::detail {
namespace {

enum class Pass { forward, backward_data, backward_filter };

struct Call {
  char const* name;
  Pass pass;
  ConvolutionProblem problem;
  Algorithm algorithm;
  void *x, *w, *y;
  void* workspace;
  std::size_t workspace_bytes;
};

using Check = void(char const*, char const*, void const*, std::size_t);

void check_operands(Call const& call, Check check) {
  check(call.name, "the input or its gradient", call.x, call.problem.x_bytes());
  check(call.name, "the filter or its gradient", call.w, call.problem.w_bytes());
  check(call.name, "the output or its gradient", call.y, call.problem.y_bytes());
  check(call.name, "the workspace", call.workspace, call.workspace_bytes);
}

bool meet(void const* a, std::size_t a_bytes, void const* b, std::size_t b_bytes) {
  auto const* const first = static_cast<std::byte const*>(a);
  auto const* const second = static_cast<std::byte const*>(b);
  return first < second + b_bytes && second < first + a_bytes;
}

void check_overlap(Call const& call) {
  struct {
    void const* data;
    std::size_t bytes;
  } const all[] = {{call.x, call.problem.x_bytes()},
                   {call.w, call.problem.w_bytes()},
                   {call.y, call.problem.y_bytes()},
                   {call.workspace, call.workspace_bytes}};
  for (auto const& a : all)
    for (auto const& b : all)
      if (&a < &b && a.bytes != 0 && b.bytes != 0 && meet(a.data, a.bytes, b.data, b.bytes))
        fail("%s: two of its operands or its workspace overlap", call.name);
}

template <class T>
void run(Call const& call, T alpha, T beta, bool reversed) {
  auto* const x = static_cast<T*>(call.x);
  auto* const w = static_cast<T*>(call.w);
  auto* const y = static_cast<T*>(call.y);
  switch (call.pass) {
    case Pass::forward: return forward<T>(call.problem, x, w, y, alpha, beta);
    case Pass::backward_data: return backward_data<T>(call.problem, w, y, x, alpha, beta, reversed);
    case Pass::backward_filter: return backward_filter<T>(call.problem, x, y, w, alpha, beta, reversed);
  }
}

template <class T>
Operation operation_of(Call const& call, T alpha, T beta) {
  static char const tags[3] = {};  // stand for the kernels
  static bool reversed = false;
  Operation operation;
  operation.type = cudaGraphNodeTypeKernel;
  operation.name = call.name;
  operation.function = &tags[static_cast<std::size_t>(call.pass)];
  operation.parameters = call.problem.parameters();
  operation.parameters.push_back(call.algorithm.number);
  operation.run = [call, alpha, beta] {
    check_operands(call, require_live);
    if (call.workspace_bytes != 0) poison(call.workspace, call.workspace_bytes);
    if (!call.algorithm.deterministic) reversed = !reversed;
    run<T>(call, alpha, beta, !call.algorithm.deterministic && reversed);
  };
  return operation;
}

std::size_t& counter_of(Pass pass) {
  Counters& counters = settings().counters;
  switch (pass) {
    case Pass::backward_data: return counters.convolutions_backward_data;
    case Pass::backward_filter: return counters.convolutions_backward_filter;
    default: return counters.convolutions_forward;
  }
}

cudnnStatus_t enqueue(cudnnContext const& context, Call const& call, void const* alpha, void const* beta) {
  check_operands(call, require_allocated);
  check_overlap(call);
  auto const element = call.problem.element();
  for (void const* operand : {call.x, call.w, call.y})
    if (reinterpret_cast<std::uintptr_t>(operand) % element != 0)
      return refuse(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER,
                    "a convolution: an operand is not aligned to its type");
  Operation operation =
      call.problem.x.type == CUDNN_DATA_DOUBLE
          ? operation_of(call, *static_cast<double const*>(alpha), *static_cast<double const*>(beta))
          : operation_of(call, *static_cast<float const*>(alpha), *static_cast<float const*>(beta));
  bool const captured = is_captured(context.stream);
  if (submit(context.stream, std::move(operation)) != cudaSuccess)
    return refuse(CUDNN_STATUS_EXECUTION_FAILED_CUDART, "a convolution: its stream did not take it");
  if (!captured) ++counter_of(call.pass);
  return CUDNN_STATUS_SUCCESS;
}

struct Operands {
  void const *x, *w, *y;
  void* workspace;
  std::size_t workspace_bytes;
};

template <class Number>
cudnnStatus_t convolve(char const* name, Pass pass, cudnnHandle_t handle,
                       cudnnTensorDescriptor_t x_descriptor, cudnnFilterDescriptor_t w_descriptor,
                       cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y_descriptor,
                       Number number, Operands const& operands, void const* alpha, void const* beta) {
  return dnn_call(name, [&] {
    if (!exists(handle)) return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: no handle");
    ConvolutionProblem problem;
    cudnnStatus_t const status = make_problem(problem, x_descriptor, w_descriptor, convolution, y_descriptor);
    if (status != CUDNN_STATUS_SUCCESS) return status;
    Algorithm const* const found = algorithm(number);
    if (found == nullptr)
      return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a convolution: the algorithm is not supported");
    if (alpha == nullptr || beta == nullptr || operands.x == nullptr || operands.w == nullptr ||
        operands.y == nullptr)
      return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "a convolution: an operand is missing");
    std::size_t const needed = workspace_bytes(problem, *found);
    if (operands.workspace_bytes < needed || (needed != 0 && operands.workspace == nullptr))
      return refuse(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT,
                    "a convolution: the workspace is smaller than the algorithm needs");
    Call const call{name,
                    pass,
                    problem,
                    *found,
                    const_cast<void*>(operands.x),
                    const_cast<void*>(operands.w),
                    const_cast<void*>(operands.y),
                    operands.workspace,
                    operands.workspace == nullptr ? 0 : operands.workspace_bytes};
    return enqueue(*handle, call, alpha, beta);
  });
}

}  // namespace
}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, void const* alpha,
                                      cudnnTensorDescriptor_t x_descriptor, void const* x,
                                      cudnnFilterDescriptor_t w_descriptor, void const* w,
                                      cudnnConvolutionDescriptor_t convolution,
                                      cudnnConvolutionFwdAlgo_t number, void* workspace, std::size_t bytes,
                                      void const* beta, cudnnTensorDescriptor_t y_descriptor, void* y) {
  return convolve("cudnnConvolutionForward", Pass::forward, handle, x_descriptor, w_descriptor, convolution,
                  y_descriptor, number, {x, w, y, workspace, bytes}, alpha, beta);
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, void const* alpha,
                                           cudnnFilterDescriptor_t w_descriptor, void const* w,
                                           cudnnTensorDescriptor_t dy_descriptor, void const* dy,
                                           cudnnConvolutionDescriptor_t convolution,
                                           cudnnConvolutionBwdDataAlgo_t number, void* workspace,
                                           std::size_t bytes, void const* beta,
                                           cudnnTensorDescriptor_t dx_descriptor, void* dx) {
  return convolve("cudnnConvolutionBackwardData", Pass::backward_data, handle, dx_descriptor, w_descriptor,
                  convolution, dy_descriptor, number, {dx, w, dy, workspace, bytes}, alpha, beta);
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, void const* alpha,
                                             cudnnTensorDescriptor_t x_descriptor, void const* x,
                                             cudnnTensorDescriptor_t dy_descriptor, void const* dy,
                                             cudnnConvolutionDescriptor_t convolution,
                                             cudnnConvolutionBwdFilterAlgo_t number, void* workspace,
                                             std::size_t bytes, void const* beta,
                                             cudnnFilterDescriptor_t dw_descriptor, void* dw) {
  return convolve("cudnnConvolutionBackwardFilter", Pass::backward_filter, handle, x_descriptor,
                  dw_descriptor, convolution, dy_descriptor, number, {x, dw, dy, workspace, bytes}, alpha,
                  beta);
}

}  // extern "C"
