// SPDX-License-Identifier: Apache-2.0
// Kernels of the weight adjoint: sums over pixels of outer products of input channels with output channels. A
// register block of input channels x output channels stays in registers while the pixels stream by.
#pragma once

#include <cstddef>

#include <disentangle/backend/cpu/activation.hpp>
#include <disentangle/backend/cpu/convolution_gather.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET::detail {

/// Pixels of several images: `images` x `rows` x `count` of them, distances in scalars. in_ahead and
/// out_ahead: how far beyond a pixel lies the one that is worth calling into the cache.
struct PixelRun {
  int images, rows, count;
  std::ptrdiff_t in_image, in_row, in_pixel;
  std::ptrdiff_t out_image, out_row;
  std::ptrdiff_t in_ahead, out_ahead;
};

/// sums[m][n] (+)= sum over the run's pixels of in[m] * d[n] for m < Rows, n < Vectors * Width, where in[m]
/// is found Groups apart: m = group * (Rows / Groups) + k at in + group * group_stride + k. `assign` starts
/// from zero.
template <class T, int Width, int Vectors, int Rows, int Groups, int OutChannels>
DISENTANGLE_INLINE void outer_block(PixelRun const& run, T const* in, std::ptrdiff_t group_stride, T const* d,
                                    T* sums, bool assign) {
  using Vec = Vector<T, Width>;
  constexpr int each = Rows / Groups;
  Vec sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int m = 0; m < Rows; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
      sum[m][v] = assign ? Vec{} : load<T, Width>(sums + m * OutChannels + v * Width);
  // One loop over the lines of all images: clang 14 spills the sums when the images have a loop of their own.
  int const lines = run.images * run.rows;
  for (int line = 0, row = 0; line < lines; ++line) {
    T const* a = in;
    T const* b = d;
    for (int x = 0; x < run.count; ++x, a += run.in_pixel, b += OutChannels) {
      Vec value[Vectors];
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) value[v] = load<T, Width>(b + v * Width);
      __builtin_prefetch(a + run.in_ahead);
      prefetch<Vectors * Width * sizeof(T), 0>(b + run.out_ahead);
#pragma GCC unroll 16
      for (int m = 0; m < Rows; ++m)
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) sum[m][v] += a[(m / each) * group_stride + m % each] * value[v];
    }
    bool const last = ++row == run.rows;
    in += last ? run.in_image - (row - 1) * run.in_row : run.in_row;
    d += last ? run.out_image - (row - 1) * run.out_row : run.out_row;
    row = last ? 0 : row;
  }
#pragma GCC unroll 16
  for (int m = 0; m < Rows; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) store<T, Width>(sums + m * OutChannels + v * Width, sum[m][v]);
}

/// sums[c] += the sum of channel c over n pixels of `channels` scalars, a multiple of the pack.
template <class T>
DISENTANGLE_OUT_OF_LINE void add_whole_pixels(T const* in, std::size_t n, int channels, T* sums) {
  constexpr int width = static_cast<int>(simd::Pack<T>::size);
  auto const block = [&]<int Vectors>(int c) __attribute__((always_inline)) {
    Vector<T, width> sum[Vectors] = {};
    T const* p = in + c;
    for (std::size_t i = 0; i < n; ++i, p += channels)
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) sum[v] += load<T, width>(p + v * width);
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
      store<T, width>(sums + c + v * width, load<T, width>(sums + c + v * width) + sum[v]);
  };
  int c = 0;
  for (; c + 4 * width <= channels; c += 4 * width) block.template operator()<4>(c);
  for (; c + 2 * width <= channels; c += 2 * width) block.template operator()<2>(c);
  for (; c < channels; c += width) block.template operator()<1>(c);
}

/// As add_whole_pixels for any number of channels.
template <class T, int Channels>
void add_pixels(T const* in, std::size_t n, T* sums) {
  constexpr int width = static_cast<int>(simd::Pack<T>::size);
  if constexpr (Channels % width == 0) {
    add_whole_pixels(in, n, Channels, sums);
  } else {
    // Vectors that hold a whole number of pixels between them; lane l of vector k holds channel
    // (k * width + l) % Channels.
    constexpr int vectors = Channels;
    using Vec = Vector<T, width>;
    Vec sum[vectors] = {};
    std::size_t const total = n * Channels;
    std::size_t i = 0;
    for (; i + vectors * width <= total; i += vectors * width)
#pragma GCC unroll 8
      for (int k = 0; k < vectors; ++k) sum[k] += load<T, width>(in + i + k * width);
    for (int k = 0; k < vectors; ++k)
      for (int l = 0; l < width; ++l) sums[(k * width + l) % Channels] += sum[k][l];
    for (; i < total; ++i) sums[i % Channels] += in[i];
  }
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET::detail
