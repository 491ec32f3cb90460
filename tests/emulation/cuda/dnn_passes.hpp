// SPDX-License-Identifier: Apache-2.0
// The three passes of a convolution: unfolded image by image, then matrix products.
#pragma once

#include "dnn_geometry.hpp"
#include "multiply.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace disentangle::emulation::detail {

using Index = std::ptrdiff_t;

inline Index at(std::array<int, 4> const& strides, Index i, Index j, Index k, Index l) {
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

/// Calls visit(tap, pixel, h, w) for every element of the unfolded image that lies inside the input, channel
/// by channel.
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
inline std::size_t row_of(Extents const& e, std::size_t tap, Index channel) {
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

}  // namespace disentangle::emulation::detail
