// SPDX-License-Identifier: Apache-2.0
// Kernels that compute output pixels of a convolution, or of its input adjoint, as sums over taps: a register
// block of pixels x output channels stays in registers while the taps' channels stream by.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include <disentangle/backend/cpu/activation.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET::detail {

/// The register block for outputs of the given number of channels: vectors of `width` lanes, `vectors` of
/// them beside each other and `pixels` of them below. Kernels are compiled once for a register block: the
/// numbers of channels, the sides of images and the taps are run-time values, so layers share their code.
template <class T, int Channels>
struct RegisterBlock {
  static constexpr int width = static_cast<int>(lanes_dividing<T>(Channels));
  static constexpr int vectors = (Channels / width) % 2 == 0 ? 2 : 1;
};

/// Pixels of a register block of so many vectors.
template <int Vectors>
inline constexpr int block_pixels =
    simd::register_bytes == 64 ? 8 : (simd::register_bytes == 32 ? 12 / Vectors : 4);

/// Where a tap reads: the offset in pixels from a grid point's origin, and the tap's weights [channel][out
/// channel]. A leading tap also calls into the cache what the next row of grid points will read.
template <class T>
struct Tap {
  int dy, dx;
  T const* weights;
  bool leading;
};

/// Marks the taps that between them meet first every pixel of the rows that a new row of grid points adds.
template <class T>
void mark_leading(Tap<T>* taps, int count, int step) {
  int bottom = -1 << 20, left = 1 << 20;
  for (int t = 0; t < count; ++t) bottom = std::max(bottom, taps[t].dy), left = std::min(left, taps[t].dx);
  for (int t = 0; t < count; ++t) taps[t].leading = taps[t].dy > bottom - step && taps[t].dx < left + step;
}

/// Calls `bytes` from p on into the cache.
template <int Bytes, int Write, class T>
DISENTANGLE_INLINE void prefetch(T const* p) {
#pragma GCC unroll 8
  for (int i = 0; i < Bytes; i += 64) __builtin_prefetch(reinterpret_cast<char const*>(p) + i, Write);
}

/// f(x) of an activation in the registers of a block, where it is a comparison; others are computed in memory
/// (FusedActivation::lanes).
template <class T, int Width, int Pixels, int Vectors>
DISENTANGLE_INLINE void activate_block(FusedActivation<T> const& f, Vector<T, Width> (&x)[Pixels][Vectors]) {
  using Vec = Vector<T, Width>;
  if (f.kind == Activation::relu) {
#pragma GCC unroll 16
    for (int p = 0; p < Pixels; ++p)
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) x[p][v] = activate<Activation::relu, T, Width>(Vec(x[p][v]), f.slope);
  } else if (f.kind == Activation::leaky_relu) {
#pragma GCC unroll 16
    for (int p = 0; p < Pixels; ++p)
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v)
        x[p][v] = activate<Activation::leaky_relu, T, Width>(Vec(x[p][v]), f.slope);
  }
}

/// A grid of output pixels: grid point (i, j) reads around input pixel (step * i, step * j) and is written to
/// out + i * out_row + j * out_column (in scalars).
struct Grid {
  int in_height, in_width, width, step;
  std::ptrdiff_t out_row, out_column;
  int channels, out_channels;
};

/// out(point) = activation(bias + sum over taps of in(point + tap) * weights(tap)) for the grid points first
/// .. last - 1 in row-major order; input pixels outside the image are read from `zeros`, which has as many
/// scalars as a pixel.
template <class T, int width, int vectors>
DISENTANGLE_OUT_OF_LINE void gather_pixels(Grid const& points, Tap<T> const* taps, int tap_count,
                                           T const* zeros, T const* in, T const* bias, T* out,
                                           FusedActivation<T> const& activation, int first, int last) {
  constexpr int pixels = block_pixels<vectors>;
  using Vec = Vector<T, width>;
  Grid const grid = points;  // a copy: what is stored cannot alias it
  FusedActivation<T> const f = activation;
  std::ptrdiff_t const channels = grid.channels, out_channels = grid.out_channels;
  for (int panel = 0; panel < out_channels; panel += width * vectors) {
    for (int block = first; block < last; block += pixels) {
      int y[pixels], x[pixels];
      std::ptrdiff_t origin[pixels];
      T* target[pixels];
      int i = block / grid.width, j = block % grid.width;
      for (int p = 0; p < pixels; ++p) {
        y[p] = i * grid.step;
        x[p] = j * grid.step;
        origin[p] = (static_cast<std::ptrdiff_t>(y[p]) * grid.in_width + x[p]) * channels;
        target[p] = out + i * grid.out_row + j * grid.out_column + panel;
        if (++j == grid.width) j = 0, ++i;
      }
      Vec sum[pixels][vectors];
#pragma GCC unroll 16
      for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v)
          sum[p][v] = bias != nullptr ? load<T, width>(bias + panel + v * width) : Vec{};
      for (int p = 0; p < pixels; ++p) prefetch<vectors * width * sizeof(T), 1>(target[p]);
      for (int t = 0; t < tap_count; ++t) {
        T const* source[pixels];
        int const dy = taps[t].dy, dx = taps[t].dx;
        std::ptrdiff_t const shift = (static_cast<std::ptrdiff_t>(dy) * grid.in_width + dx) * channels;
#pragma GCC unroll 16
        for (int p = 0; p < pixels; ++p) {
          int const row = y[p] + dy, column = x[p] + dx;
          bool const inside = static_cast<unsigned>(row) < static_cast<unsigned>(grid.in_height) &&
                              static_cast<unsigned>(column) < static_cast<unsigned>(grid.in_width);
          source[p] = inside ? in + (origin[p] + shift) : zeros;
        }
        if (taps[t].leading && panel == 0) {
          std::ptrdiff_t const ahead = std::ptrdiff_t{grid.step} * grid.in_width * channels;
          for (std::ptrdiff_t c = 0; c < channels; c += 64 / static_cast<std::ptrdiff_t>(sizeof(T)))
#pragma GCC unroll 16
            for (int p = 0; p < pixels; ++p) __builtin_prefetch(source[p] + ahead + c);
        }
        T const* w = taps[t].weights + panel;
        for (std::ptrdiff_t c = 0; c < channels; ++c) {
          asm("" : "+r"(c));  // or g++ moves `pixels` pointers instead of one index
          Vec weight[vectors];
#pragma GCC unroll 4
          for (int v = 0; v < vectors; ++v) weight[v] = load<T, width>(w + v * width);
          w += out_channels;
#pragma GCC unroll 16
          for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) sum[p][v] += source[p][c] * weight[v];
        }
      }
      activate_block<T, width>(f, sum);
#pragma GCC unroll 16
      for (int p = 0; p < pixels; ++p)
        if (block + p < last)
#pragma GCC unroll 4
          for (int v = 0; v < vectors; ++v) store<T, width>(target[p] + v * width, sum[p][v]);
      if (f.lanes != nullptr)
        for (int p = 0; p < pixels && block + p < last; ++p)
          for (int v = 0; v < vectors; ++v) f.lanes(target[p] + v * width, f.slope);
    }
  }
}

/// As gather_pixels for inputs of few channels, whose kernel rows are runs of Kernel * Channels consecutive
/// scalars: one row of `count` output pixels from the padded image rows that begin at `in`, `row` scalars
/// apart.
template <class T, int Channels, int OutChannels, int Kernel, int Stride>
DISENTANGLE_OUT_OF_LINE void gather_row(T const* in, std::ptrdiff_t row, int count, T const* weights,
                                        T const* bias, T* out, FusedActivation<T> const& activation) {
  using Block = RegisterBlock<T, OutChannels>;
  constexpr int width = Block::width, vectors = Block::vectors, pixels = block_pixels<vectors>,
                run = Kernel * Channels;
  FusedActivation<T> const f = activation;
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
    activate_block<T, width>(f, sum);
#pragma GCC unroll 16
    for (int p = 0; p < Count; ++p)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v)
        store<T, width>(out + (x + p) * OutChannels + panel + v * width, sum[p][v]);
    if (f.lanes != nullptr)
      for (int p = 0; p < Count; ++p)
        for (int v = 0; v < vectors; ++v) f.lanes(out + (x + p) * OutChannels + panel + v * width, f.slope);
  };
  for (int panel = 0; panel < OutChannels; panel += width * vectors) {
    int x = 0;
    for (; x + pixels <= count; x += pixels) block.template operator()<pixels>(x, panel);
    for (int const rest = count % pixels, begin = x; x < begin + rest; ++x)
      block.template operator()<1>(x, panel);
  }
}

/// Lane I of the result sums the two halves of group I / (Group / 2) of the vectors a, b set end to end.
template <std::size_t Group, class V, std::size_t... I>
DISENTANGLE_INLINE V add_group_halves(V a, V b, std::index_sequence<I...>) {
  constexpr std::size_t half = Group / 2;
  return shuffle<(I / half * Group + I % half)...>(a, b) +
         shuffle<(I / half * Group + I % half + half)...>(a, b);
}

/// to[p * distance] = base + the sum of the lanes of sum[p], for Count vectors.
template <class T, int Width, int Count>
DISENTANGLE_INLINE void store_sums(Vector<T, Width> const (&sum)[Count], T base, T* to,
                                   std::ptrdiff_t distance) {
  if constexpr (Width > 8) {  // two halves added are one vector less to shuffle
    using Half = Vector<T, Width / 2>;
    struct Halves {
      Half low, high;
    };
    Half folded[Count];
#pragma GCC unroll 16
    for (int p = 0; p < Count; ++p) {
      auto const h = std::bit_cast<Halves>(sum[p]);
      folded[p] = h.low + h.high;
    }
    store_sums<T, Width / 2, Count>(folded, base, to, distance);
  } else if constexpr (Width == 1 || Count % Width != 0) {
#pragma GCC unroll 16
    for (int p = 0; p < Count; ++p) to[p * distance] = base + simd::detail::fold_sum<T, Width>(sum[p]);
  } else {
    constexpr auto lanes = std::make_index_sequence<static_cast<std::size_t>(Width)>();
#pragma GCC unroll 8
    for (int first = 0; first < Count; first += Width) {
      Vector<T, Width> v[Width];
#pragma GCC unroll 8
      for (int p = 0; p < Width; ++p) v[p] = sum[first + p];
      if constexpr (Width >= 8)
#pragma GCC unroll 8
        for (int p = 0; p < Width / 2; ++p) v[p] = add_group_halves<8>(v[2 * p], v[2 * p + 1], lanes);
      if constexpr (Width >= 4)
#pragma GCC unroll 8
        for (int p = 0; p < Width / (Width >= 8 ? 4 : 2); ++p)
          v[p] = add_group_halves<4>(v[2 * p], v[2 * p + 1], lanes);
      Vector<T, Width> const all = add_group_halves<2>(v[0], v[1], lanes) + base;
#pragma GCC unroll 8
      for (int p = 0; p < Width; ++p) to[(first + p) * distance] = all[p];
    }
  }
}

/// As gather_pixels for outputs of few channels: each is a dot product along the taps' channels, with the
/// taps' weights stored [out channel][channel]. No activation.
template <class T, int Channels, int OutChannels>
void dot_pixels(Grid const& grid, Tap<T> const* taps, int tap_count, T const* in, T const* bias, T* out,
                int first, int last) {
  constexpr int width = static_cast<int>(lanes_dividing<T>(Channels));
  constexpr int most = (simd::register_bytes == 64 ? 24 : 12) / OutChannels;
  constexpr int pixels = most >= 8 ? 8 : 4;
  static_assert(OutChannels <= 4);
  using Vec = Vector<T, width>;
  alignas(64) static constexpr T zeros[Channels] = {};
  bool near = grid.step == 1;  // the taps of a block leave the image by one column at most
  for (int t = 0; t < tap_count; ++t)
    near = near && taps[t].dx >= -1 && taps[t].dx <= 1 && grid.width + taps[t].dx <= grid.in_width + 1;
  int row = first / grid.width, column = first % grid.width;
  for (int block = first; block < last;) {
    Vec sum[OutChannels][pixels];
#pragma GCC unroll 4
    for (int o = 0; o < OutChannels; ++o)
#pragma GCC unroll 16
      for (int p = 0; p < pixels; ++p) sum[o][p] = Vec{};
    // Adds the pixels From .. To - 1 of a block whose sources lie side by side.
    auto const add = [&]<int From, int To>(T const* source, T const* w) __attribute__((always_inline)) {
#pragma GCC unroll 2
      for (int c = 0; c < Channels; c += width) {
        Vec weight[OutChannels];
#pragma GCC unroll 4
        for (int o = 0; o < OutChannels; ++o) weight[o] = load<T, width>(w + o * Channels + c);
#pragma GCC unroll 16
        for (int p = From; p < To; ++p) {
          Vec const value = load<T, width>(source + p * Channels + c);
#pragma GCC unroll 4
          for (int o = 0; o < OutChannels; ++o) sum[o][p] += value * weight[o];
        }
      }
    };
    T* const target = out + row * grid.out_row + column * grid.out_column;
    if (near && column + pixels <= grid.width && block + pixels <= last) {
      for (int t = 0; t < tap_count; ++t) {
        int const y = row + taps[t].dy, x = column + taps[t].dx;
        if (y < 0 || y >= grid.in_height) continue;
        T const* const source = in + (static_cast<std::ptrdiff_t>(y) * grid.in_width + x) * Channels;
        bool const cut_left = x<0, cut_right = x + pixels> grid.in_width;
        if (cut_left && cut_right) add.template operator()<1, pixels - 1>(source, taps[t].weights);
        else if (cut_left) add.template operator()<1, pixels>(source, taps[t].weights);
        else if (cut_right) add.template operator()<0, pixels - 1>(source, taps[t].weights);
        else add.template operator()<0, pixels>(source, taps[t].weights);
      }
#pragma GCC unroll 4
      for (int o = 0; o < OutChannels; ++o)
        store_sums<T, width, pixels>(sum[o], bias != nullptr ? bias[o] : T(0), target + o, grid.out_column);
      block += pixels;
      column += pixels;
    } else {
      Vec one[OutChannels] = {};
      for (int t = 0; t < tap_count; ++t) {
        int const y = row * grid.step + taps[t].dy, x = column * grid.step + taps[t].dx;
        bool const inside = static_cast<unsigned>(y) < static_cast<unsigned>(grid.in_height) &&
                            static_cast<unsigned>(x) < static_cast<unsigned>(grid.in_width);
        T const* const source =
            inside ? in + (static_cast<std::ptrdiff_t>(y) * grid.in_width + x) * Channels : zeros;
        for (int c = 0; c < Channels; c += width)
          for (int o = 0; o < OutChannels; ++o)
            one[o] += load<T, width>(source + c) * load<T, width>(taps[t].weights + o * Channels + c);
      }
      for (int o = 0; o < OutChannels; ++o)
        target[o] = simd::detail::fold_sum<T, width>(one[o]) + (bias != nullptr ? bias[o] : T(0));
      ++block;
      ++column;
    }
    if (column == grid.width) column = 0, ++row;
  }
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET::detail
