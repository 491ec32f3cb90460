// SPDX-License-Identifier: Apache-2.0
#include "dnn_geometry.hpp"

#include "report.hpp"

#include <cstdio>

namespace disentangle::emulation::detail {
namespace {

/// A tensor whose elements do not overlap, sorted by stride each axis begins where the ones below it end.
bool is_free_of_overlap(std::array<int, 4> const& extents, std::array<int, 4> const& strides) {
  std::array<int, 4> order{0, 1, 2, 3};
  for (int i = 0; i < 4; ++i)
    for (int j = i + 1; j < 4; ++j)
      if (strides[static_cast<std::size_t>(order[static_cast<std::size_t>(j)])] <
          strides[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])])
        std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
  long long reach = 1;
  for (int const index : order) {
    auto const axis = static_cast<std::size_t>(index);
    if (extents[axis] == 1) continue;
    if (strides[axis] < reach) return false;
    reach += static_cast<long long>(extents[axis] - 1) * strides[axis];
  }
  return true;
}

}  // namespace

std::size_t ConvolutionProblem::extent(std::array<int, 4> const& extents, std::array<int, 4> const& strides) {
  std::size_t last = 0;
  for (std::size_t axis = 0; axis < 4; ++axis)
    last += static_cast<std::size_t>(extents[axis] - 1) * static_cast<std::size_t>(strides[axis]);
  return last + 1;
}

std::size_t ConvolutionProblem::unfolded_bytes() const {
  std::size_t bytes = element();
  for (int const factor : {w.extents[1], w.extents[2], w.extents[3], y.extents[2], y.extents[3]})
    bytes *= static_cast<std::size_t>(factor);
  return bytes;
}

std::vector<std::int64_t> ConvolutionProblem::parameters() const {
  std::vector<std::int64_t> all{x.type, convolution.mode, convolution.math, convolution.groups};
  for (auto const* four : {&x.extents, &x.strides, &y.extents, &y.strides, &w.extents, &w.strides})
    all.insert(all.end(), four->begin(), four->end());
  for (auto const* two : {&convolution.pad, &convolution.stride, &convolution.dilation})
    all.insert(all.end(), two->begin(), two->end());
  return all;
}

cudnnStatus_t output_extents(cudnnTensorStruct const& x, cudnnFilterStruct const& w,
                             cudnnConvolutionStruct const& convolution, std::array<int, 4>& extents) {
  if (x.extents[1] != w.extents[1] * convolution.groups)
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  "a convolution: the input's channels are not the filter's times the groups");
  if (w.extents[0] % convolution.groups != 0)
    return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: the filters do not divide into the groups");
  extents = {x.extents[0], w.extents[0], 0, 0};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    int const reach = (w.extents[axis + 2] - 1) * convolution.dilation[axis] + 1;
    int const padded = x.extents[axis + 2] + 2 * convolution.pad[axis];
    if (padded < reach)
      return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: the filter is larger than the padded input");
    extents[axis + 2] = (padded - reach) / convolution.stride[axis] + 1;
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t make_problem(ConvolutionProblem& problem, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                           cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y) {
  if (!exists(x) || !exists(w) || !exists(convolution) || !exists(y))
    return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "a convolution: a descriptor is none");
  if (!x->is_set || !w->is_set || !convolution->is_set || !y->is_set)
    return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: a descriptor was not set");
  if (x->type != w->type || x->type != y->type || x->type != convolution->compute)
    return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: the types differ");
  std::array<int, 4> expected{};
  if (auto const status = output_extents(*x, *w, *convolution, expected); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (y->extents != expected) {
    char text[256];
    auto const& found = y->extents;
    std::snprintf(text, sizeof text,
                  "a convolution: the output is %d x %d x %d x %d (n, c, h, w), expected %d x %d x %d x %d",
                  found[0], found[1], found[2], found[3], expected[0], expected[1], expected[2], expected[3]);
    return refuse(CUDNN_STATUS_BAD_PARAM, text);
  }
  if (!is_free_of_overlap(x->extents, x->strides) || !is_free_of_overlap(y->extents, y->strides))
    return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: elements of a tensor overlap");
  problem = {*x, *y, *w, *convolution};
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" cudnnStatus_t cudnnGetConvolution2dForwardOutputDim(cudnnConvolutionDescriptor_t convolution,
                                                               cudnnTensorDescriptor_t x,
                                                               cudnnFilterDescriptor_t w, int* n, int* c,
                                                               int* h, int* width) {
  return dnn_call("cudnnGetConvolution2dForwardOutputDim", [&] {
    if (!exists(x) || !exists(w) || !exists(convolution))
      return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "a convolution: a descriptor is none");
    if (!x->is_set || !w->is_set || !convolution->is_set)
      return refuse(CUDNN_STATUS_BAD_PARAM, "a convolution: a descriptor was not set");
    if (n == nullptr || c == nullptr || h == nullptr || width == nullptr)
      return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "a convolution: no place for an extent");
    std::array<int, 4> extents{};
    cudnnStatus_t const status = output_extents(*x, *w, *convolution, extents);
    if (status != CUDNN_STATUS_SUCCESS) return status;
    *n = extents[0];
    *c = extents[1];
    *h = extents[2];
    *width = extents[3];
    return status;
  });
}
