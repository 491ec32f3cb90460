// SPDX-License-Identifier: Apache-2.0
// The three passes of a convolution: unfolded image by image, then matrix products.
#include "dnn_algorithms.hpp"
#include "memory.hpp"
#include "multiply.hpp"
#include "report.hpp"
#include "streams.hpp"

#include <algorithm>

namespace disentangle::emulation::detail {
namespace {

using Index = std::ptrdiff_t;

Index at(std::array<int, 4> const& strides, Index i, Index j, Index k, Index l) {
  return i * strides[0] + j * strides[1] + k * strides[2] + l * strides[3];
}

/// The extents of a problem, of one group where channels are meant.
struct Extents {
  explicit Extents(ConvolutionProblem const& p)
      : batch(p.x.extents[0]),
        groups(p.convolution.groups),
        channels(p.w.extents[1]),
        kernels(p.w.extents[0] / groups),
        height(p.x.extents[2]),
        width(p.x.extents[3]),
        out_height(p.y.extents[2]),
        out_width(p.y.extents[3]),
        rows(p.w.extents[2]),
        columns(p.w.extents[3]) {}
  Index batch, groups, channels, kernels, height, width, out_height, out_width, rows, columns;
  std::size_t taps() const { return static_cast<std::size_t>(channels * rows * columns); }
  std::size_t pixels() const { return static_cast<std::size_t>(out_height * out_width); }
};

/// Calls visit(tap, pixel, h, w) for every element of the unfolded image that lies inside the input, channel by channel.
template <class Visit>
void for_each_tap(ConvolutionProblem const& problem, Extents const& e, Visit visit) {
  auto const& c = problem.convolution;
  for (Index r = 0; r < e.rows; ++r) {
    for (Index s = 0; s < e.columns; ++s) {
      bool const flipped = c.mode == CUDNN_CONVOLUTION;
      Index const row = flipped ? e.rows - 1 - r : r, column = flipped ? e.columns - 1 - s : s;
      for (Index oh = 0; oh < e.out_height; ++oh) {
        Index const h = oh * c.stride[0] - c.pad[0] + row * c.dilation[0];
        if (h < 0 || h >= e.height) continue;
        for (Index ow = 0; ow < e.out_width; ++ow) {
          Index const w = ow * c.stride[1] - c.pad[1] + column * c.dilation[1];
          if (w >= 0 && w < e.width)
            visit(static_cast<std::size_t>(r * e.columns + s),
                  static_cast<std::size_t>(oh * e.out_width + ow), h, w);
        }
      }
    }
  }
}

/// Element (tap, channel) of the unfolded image, in this order.
std::size_t row_of(Extents const& e, std::size_t tap, Index channel) {
  return tap * static_cast<std::size_t>(e.channels) + static_cast<std::size_t>(channel);
}

/// (taps, pixels) of one image and group
template <class T>
Packed<T> unfold(ConvolutionProblem const& problem, Extents const& e, T const* x, Index n, Index group) {
  Packed<T> unfolded(e.taps(), e.pixels());
  for_each_tap(problem, e, [&](std::size_t tap, std::size_t pixel, Index h, Index w) {
    for (Index c = 0; c < e.channels; ++c)
      unfolded(row_of(e, tap, c), pixel) = x[at(problem.x.strides, n, group * e.channels + c, h, w)];
  });
  return unfolded;
}

/// (kernels, taps) of one group
template <class T>
Packed<T> filters(ConvolutionProblem const& problem, Extents const& e, T const* w, Index group) {
  Packed<T> packed(static_cast<std::size_t>(e.kernels), e.taps());
  for (Index k = 0; k < e.kernels; ++k)
    for (Index r = 0; r < e.rows; ++r)
      for (Index s = 0; s < e.columns; ++s)
        for (Index c = 0; c < e.channels; ++c)
          packed(static_cast<std::size_t>(k), row_of(e, static_cast<std::size_t>(r * e.columns + s), c)) =
              w[at(problem.w.strides, group * e.kernels + k, c, r, s)];
  return packed;
}

/// (kernels, pixels) of one image and group of the output's gradient
template <class T>
Packed<T> outputs(ConvolutionProblem const& problem, Extents const& e, T const* y, Index n, Index group) {
  Packed<T> packed(static_cast<std::size_t>(e.kernels), e.pixels());
  for (Index k = 0; k < e.kernels; ++k)
    for (Index h = 0; h < e.out_height; ++h)
      for (Index w = 0; w < e.out_width; ++w)
        packed(static_cast<std::size_t>(k), static_cast<std::size_t>(h * e.out_width + w)) =
            y[at(problem.y.strides, n, group * e.kernels + k, h, w)];
  return packed;
}

template <class T>
Packed<T> transposed(Packed<T> const& matrix, std::size_t rows, std::size_t columns) {
  Packed<T> result(columns, rows);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) result(j, i) = matrix(i, j);
  return result;
}

/// target = alpha * value + beta * target; with beta 0 the target is not read
template <class T>
void blend(T& target, T value, T alpha, T beta) {
  target = beta == T{0} ? alpha * value : alpha * value + beta * target;
}

/// A float product with anything but CUDNN_FMA_MATH may go through tensor cores, from Ampere on.
template <class T>
void reduce_precision(ConvolutionProblem const& problem, Packed<T>& a, Packed<T>& b) {
  if (problem.convolution.math == CUDNN_FMA_MATH) return;
  round_to_tf32(a);
  round_to_tf32(b);
}

template <class T>
void forward(ConvolutionProblem const& problem, T const* x, T const* w, T* y, T alpha, T beta) {
  Extents const e(problem);
  for (Index group = 0; group < e.groups; ++group) {
    auto weights = filters(problem, e, w, group);
    for (Index n = 0; n < e.batch; ++n) {
      auto unfolded = unfold(problem, e, x, n, group);
      reduce_precision(problem, weights, unfolded);
      Packed<T> result(static_cast<std::size_t>(e.kernels), e.pixels());
      multiply_add(static_cast<std::size_t>(e.kernels), e.pixels(), e.taps(), weights, unfolded, result);
      for (Index k = 0; k < e.kernels; ++k)
        for (Index h = 0; h < e.out_height; ++h)
          for (Index v = 0; v < e.out_width; ++v)
            blend(y[at(problem.y.strides, n, group * e.kernels + k, h, v)],
                  result(static_cast<std::size_t>(k), static_cast<std::size_t>(h * e.out_width + v)), alpha,
                  beta);
    }
  }
}

template <class T>
void backward_data(ConvolutionProblem const& problem, T const* w, T const* dy, T* dx, T alpha, T beta,
                   bool reversed) {
  Extents const e(problem);
  auto const kernels = static_cast<std::size_t>(e.kernels);
  std::vector<T> image(static_cast<std::size_t>(e.channels * e.height * e.width));
  for (Index group = 0; group < e.groups; ++group) {
    auto weights = transposed(filters(problem, e, w, group), kernels, e.taps());
    for (Index n = 0; n < e.batch; ++n) {
      auto gradient = outputs(problem, e, dy, n, group);
      reduce_precision(problem, weights, gradient);
      Packed<T> unfolded(e.taps(), e.pixels());
      multiply_add(e.taps(), e.pixels(), kernels, weights, gradient, unfolded);
      std::fill(image.begin(), image.end(), T{0});
      std::size_t const last_tap = static_cast<std::size_t>(e.rows * e.columns) - 1;
      for (std::size_t turn = 0; turn < 2;
           ++turn) {  // an algorithm that is not deterministic adds in another order
        bool const later_half = (turn == 1) != reversed;
        for_each_tap(problem, e, [&](std::size_t tap, std::size_t pixel, Index h, Index v) {
          if ((tap > last_tap / 2) != later_half) return;
          for (Index c = 0; c < e.channels; ++c)
            image[static_cast<std::size_t>((h * e.width + v) * e.channels + c)] +=
                unfolded(row_of(e, tap, c), pixel);
        });
      }
      for (Index h = 0; h < e.height; ++h)
        for (Index v = 0; v < e.width; ++v)
          for (Index c = 0; c < e.channels; ++c)
            blend(dx[at(problem.x.strides, n, group * e.channels + c, h, v)],
                  image[static_cast<std::size_t>((h * e.width + v) * e.channels + c)], alpha, beta);
    }
  }
}

template <class T>
void backward_filter(ConvolutionProblem const& problem, T const* x, T const* dy, T* dw, T alpha, T beta,
                     bool reversed) {
  Extents const e(problem);
  auto const kernels = static_cast<std::size_t>(e.kernels);
  for (Index group = 0; group < e.groups; ++group) {
    Packed<T> result(kernels, e.taps());
    for (Index i = 0; i < e.batch; ++i) {
      Index const n = reversed ? e.batch - 1 - i : i;
      auto gradient = outputs(problem, e, dy, n, group);
      auto unfolded = transposed(unfold(problem, e, x, n, group), e.taps(), e.pixels());
      reduce_precision(problem, gradient, unfolded);
      multiply_add(kernels, e.taps(), e.pixels(), gradient, unfolded, result);
    }
    for (Index k = 0; k < e.kernels; ++k)
      for (Index r = 0; r < e.rows; ++r)
        for (Index s = 0; s < e.columns; ++s)
          for (Index c = 0; c < e.channels; ++c)
            blend(dw[at(problem.w.strides, group * e.kernels + k, c, r, s)],
                  result(static_cast<std::size_t>(k),
                         row_of(e, static_cast<std::size_t>(r * e.columns + s), c)),
                  alpha, beta);
  }
}

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
  auto const stream = stream_of(context.stream);
  bool const captured = stream && stream->capture;
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
