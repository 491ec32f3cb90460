// SPDX-License-Identifier: Apache-2.0
// Kernels that compute output pixels of a convolution, or of its input adjoint, as sums over taps: a register block of
// pixels x output channels stays in registers while the taps' channels stream by.
#pragma once

#include <cstddef>

#include <disentangle/backend/cpu/activation.hpp>

namespace disentangle::backend::cpu::detail {

/// The register block for outputs of the given number of channels: vectors of `width` lanes, `vectors` of them beside
/// each other and `pixels` of them below.
template <class T, int Channels>
struct RegisterBlock {
  static constexpr int width = static_cast<int>(lanes_dividing<T>(Channels));
  static constexpr int vectors = (Channels / width) % 2 == 0 ? 2 : 1;
  static constexpr int pixels = simd::register_bytes == 64 ? 8 : (simd::register_bytes == 32 ? 12 / vectors : 4);
};

/// Where a tap reads: the offset in pixels from a grid point's origin, and the tap's weights [channel][out channel].
template <class T>
struct Tap {
  int dy, dx;
  T const* weights;
};

/// A grid of output pixels: grid point (i, j) reads around input pixel (step * i, step * j) and is written to
/// out + i * out_row + j * out_column (in scalars).
struct Grid {
  int in_height, in_width, width, step;
  std::ptrdiff_t out_row, out_column;
};

/// out(point) = activation(bias + sum over taps of in(point + tap) * weights(tap)) for the grid points first .. last - 1
/// in row-major order; input pixels outside the image count as zeros.
template <class T, int Channels, int OutChannels, Activation activation>
void gather_pixels(Grid const& grid, Tap<T> const* taps, int tap_count, T const* in, T const* bias, T* out, T slope,
                   int first, int last) {
  using Block = RegisterBlock<T, OutChannels>;
  constexpr int width = Block::width, vectors = Block::vectors, pixels = Block::pixels;
  using Vec = Vector<T, width>;
  alignas(64) static constexpr T zeros[Channels] = {};
  for (int panel = 0; panel < OutChannels; panel += width * vectors) {
    for (int block = first; block < last; block += pixels) {
      int y[pixels], x[pixels];
      T* target[pixels];
      int i = block / grid.width, j = block % grid.width;
      for (int p = 0; p < pixels; ++p) {
        y[p] = i * grid.step;
        x[p] = j * grid.step;
        target[p] = out + i * grid.out_row + j * grid.out_column + panel;
        if (++j == grid.width) j = 0, ++i;
      }
      Vec sum[pixels][vectors];
#pragma GCC unroll 16
      for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v)
          sum[p][v] = bias != nullptr ? load<T, width>(bias + panel + v * width) : Vec{};
      for (int t = 0; t < tap_count; ++t) {
        T const* source[pixels];
        int const dy = taps[t].dy, dx = taps[t].dx;
#pragma GCC unroll 16
        for (int p = 0; p < pixels; ++p) {
          int const row = y[p] + dy, column = x[p] + dx;
          bool const inside = static_cast<unsigned>(row) < static_cast<unsigned>(grid.in_height) &&
                              static_cast<unsigned>(column) < static_cast<unsigned>(grid.in_width);
          source[p] = inside ? in + (static_cast<std::ptrdiff_t>(row) * grid.in_width + column) * Channels : zeros;
        }
        T const* w = taps[t].weights + panel;
        for (int c = 0; c < Channels; ++c) {
          Vec weight[vectors];
#pragma GCC unroll 4
          for (int v = 0; v < vectors; ++v) weight[v] = load<T, width>(w + v * width);
          w += OutChannels;
#pragma GCC unroll 16
          for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) sum[p][v] += source[p][c] * weight[v];
        }
      }
#pragma GCC unroll 16
      for (int p = 0; p < pixels; ++p)
        if (block + p < last)
#pragma GCC unroll 4
          for (int v = 0; v < vectors; ++v)
            store<T, width>(target[p] + v * width, activate<activation, T, width>(sum[p][v], slope));
    }
  }
}

/// As gather_pixels for inputs of few channels, whose kernel rows are runs of Kernel * Channels consecutive scalars:
/// one row of `count` output pixels from the padded image rows that begin at `in`, `row` scalars apart.
template <class T, int Channels, int OutChannels, int Kernel, int Stride, Activation activation>
void gather_row(T const* in, std::ptrdiff_t row, int count, T const* weights, T const* bias, T* out, T slope) {
  using Block = RegisterBlock<T, OutChannels>;
  constexpr int width = Block::width, vectors = Block::vectors, pixels = Block::pixels, run = Kernel * Channels;
  using Vec = Vector<T, width>;
  auto const block = [&]<int Count>(int x, int panel) __attribute__((always_inline)) {
    Vec sum[Count][vectors];
#pragma GCC unroll 16
    for (int p = 0; p < Count; ++p)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v)
        sum[p][v] = bias != nullptr ? load<T, width>(bias + panel + v * width) : Vec{};
    T const* w = weights + panel;
    T const* source = in + x * Stride * Channels;
    for (int ky = 0; ky < Kernel; ++ky, source += row) {
      for (int r = 0; r < run; ++r) {
        Vec weight[vectors];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) weight[v] = load<T, width>(w + v * width);
        w += OutChannels;
#pragma GCC unroll 16
        for (int p = 0; p < Count; ++p)
#pragma GCC unroll 4
          for (int v = 0; v < vectors; ++v) sum[p][v] += source[p * Stride * Channels + r] * weight[v];
      }
    }
#pragma GCC unroll 16
    for (int p = 0; p < Count; ++p)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v)
        store<T, width>(out + (x + p) * OutChannels + panel + v * width,
                        activate<activation, T, width>(sum[p][v], slope));
  };
  for (int panel = 0; panel < OutChannels; panel += width * vectors) {
    int x = 0;
    for (; x + pixels <= count; x += pixels) block.template operator()<pixels>(x, panel);
    for (int const rest = count % pixels, begin = x; x < begin + rest; ++x) block.template operator()<1>(x, panel);
  }
}

/// As gather_pixels for outputs of few channels: each is a dot product along the taps' channels, with the taps'
/// weights stored [out channel][channel]. No activation.
template <class T, int Channels, int OutChannels>
void dot_pixels(Grid const& grid, Tap<T> const* taps, int tap_count, T const* in, T const* bias, T* out, int first,
                int last) {
  constexpr int width = static_cast<int>(lanes_dividing<T>(Channels));
  constexpr int pixels = (simd::register_bytes == 64 ? 24 : 12) / OutChannels < 8
                             ? (simd::register_bytes == 64 ? 24 : 12) / OutChannels
                             : 8;
  using Vec = Vector<T, width>;
  alignas(64) static constexpr T zeros[Channels] = {};
  for (int block = first; block < last; block += pixels) {
    int y[pixels], x[pixels];
    T* target[pixels];
    int i = block / grid.width, j = block % grid.width;
    for (int p = 0; p < pixels; ++p) {
      y[p] = i * grid.step;
      x[p] = j * grid.step;
      target[p] = out + i * grid.out_row + j * grid.out_column;
      if (++j == grid.width) j = 0, ++i;
    }
    Vec sum[pixels][OutChannels];
#pragma GCC unroll 16
    for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
      for (int o = 0; o < OutChannels; ++o) sum[p][o] = Vec{};
    for (int t = 0; t < tap_count; ++t) {
      T const* source[pixels];
      int const dy = taps[t].dy, dx = taps[t].dx;
#pragma GCC unroll 16
      for (int p = 0; p < pixels; ++p) {
        int const row = y[p] + dy, column = x[p] + dx;
        bool const inside = static_cast<unsigned>(row) < static_cast<unsigned>(grid.in_height) &&
                            static_cast<unsigned>(column) < static_cast<unsigned>(grid.in_width);
        source[p] = inside ? in + (static_cast<std::ptrdiff_t>(row) * grid.in_width + column) * Channels : zeros;
      }
      T const* w = taps[t].weights;
      for (int c = 0; c < Channels; c += width) {
        Vec weight[OutChannels];
#pragma GCC unroll 4
        for (int o = 0; o < OutChannels; ++o) weight[o] = load<T, width>(w + o * Channels + c);
#pragma GCC unroll 16
        for (int p = 0; p < pixels; ++p) {
          Vec const value = load<T, width>(source[p] + c);
#pragma GCC unroll 4
          for (int o = 0; o < OutChannels; ++o) sum[p][o] += value * weight[o];
        }
      }
    }
#pragma GCC unroll 16
    for (int p = 0; p < pixels; ++p)
      if (block + p < last)
#pragma GCC unroll 4
        for (int o = 0; o < OutChannels; ++o)
          target[p][o] = simd::detail::fold_sum<T, width>(sum[p][o]) + (bias != nullptr ? bias[o] : T(0));
  }
}

}  // namespace disentangle::backend::cpu::detail
