// SPDX-License-Identifier: Apache-2.0
// Convolutions and transposed convolutions of batches of NHWC images, with their adjoints.
//
//   forward         out[n,oy,ox,co] = f(bias[co] + sum_{ky,kx,ci} in[n,iy,ix,ci] w[ky,kx,ci,co])
//                   with iy = S oy - Py + ky, ix = S ox - Px + kx
//   input adjoint   din[n,iy,ix,ci] = sum over co and the (oy,ky), (ox,kx) that reach (iy,ix) of dpre w
//   weight adjoint  dw[ky,kx,ci,co] = sum_{n,oy,ox} in dpre,   db[co] = sum_{n,oy,ox} dpre
//
// There is no im2col. The input adjoint is computed as S x S dense phases (a k4 s2 kernel: four 2 x 2
// convolutions), so every output is written once. A transposed convolution is the adjoint of a convolution
// and shares its kernels.
//
// Work is shared out per image (or slice of an image, for small batches), and the weight adjoint per fixed
// group of images and kernel row, summed in group order: the results do not depend on the number of threads.
// Nothing allocates: the caller provides a workspace of convolution_workspace<Geometry>(batch) scalars, whose
// content is arbitrary. Pointers need the alignment of their scalars only; 64 bytes are best.
#pragma once

#include <algorithm>
#include <cstddef>

#include <disentangle/backend/convolution_geometry.hpp>
#include <disentangle/backend/cpu/activation.hpp>
#include <disentangle/backend/cpu/convolution_gather.hpp>
#include <disentangle/backend/cpu/convolution_outer.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/cpu/transpose.hpp>
#include <disentangle/core/thread_pool.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

namespace detail {

/// Inputs of so few channels are copied with their padding, and their kernel rows are treated as runs.
template <class Geometry>
inline constexpr bool few_channels = Geometry::in_channels <= 4;

/// The images of a group share a partial sum of the weight adjoint.
constexpr std::size_t group_count(std::size_t batch, bool few) {
  return std::min<std::size_t>(batch, few ? 16 : 4);
}

constexpr int greatest_divisor_up_to(int n, int limit) {
  for (int d = limit; d > 1; --d)
    if (n % d == 0) return d;
  return 1;
}

/// Small batches are cut into slices of images, so that the threads share even one image.
constexpr std::size_t slice_count(std::size_t batch) { return batch < 8 ? 8 : 1; }

struct Range {
  int first, last;
};

/// The outputs of 0 .. out - 1 whose tap k falls inside an input of the given extent.
constexpr Range inside(int extent, int out, int stride, int pad, int k) {
  int const first = k < pad ? (pad - k + stride - 1) / stride : 0;
  int const last = extent - 1 + pad - k < 0 ? 0 : (extent - 1 + pad - k) / stride + 1;
  return {first, std::max(first, std::min(out, last))};
}

constexpr Range slice(int n, std::size_t part, std::size_t parts, int multiple) {
  int const units = (n + multiple - 1) / multiple;
  int const p = static_cast<int>(part), ps = static_cast<int>(parts);
  return {std::min(n, units * p / ps * multiple), std::min(n, units * (p + 1) / ps * multiple)};
}

/// Taps of a kernel, at most: they are listed on the stack.
inline constexpr int most_taps = 1024;

/// A geometry as a value: its extents, and the kernels for its numbers of channels. What follows is compiled
/// once for a scalar and not for each layer.
template <class T>
struct Convolution {
  int in_height, in_width, in_channels, out_height, out_width, out_channels;
  int kernel, stride, pad_y, pad_x;
  std::size_t in_size, out_size, weight_size;
  bool few;        // few channels in
  T const* zeros;  // a pixel's, in or out
  // for many channels
  void (*gather_outputs)(Grid const&, Tap<T> const*, int, T const*, T const*, T const*, T*,
                         FusedActivation<T> const&, int, int);
  void (*gather_inputs)(Grid const&, Tap<T> const*, int, T const*, T const*, T const*, T*,
                        FusedActivation<T> const&, int, int);
  void (*weight_sums)(T const*, T const*, T*, int, std::size_t, std::size_t);
  // for few channels
  void (*forward_rows)(T const*, T const*, T const*, T*, FusedActivation<T> const&, Range);
  void (*dot_inputs)(T const*, T const*, T const*, T*, std::size_t, std::size_t);
  void (*few_weight_sums)(T const*, T*, T const*, FusedActivation<T> const&, T*, std::size_t, std::size_t);
  // sums over pixels
  void (*add_outputs)(T const*, std::size_t, T*);
  void (*add_inputs)(T const*, std::size_t, T*);
};

/// Bands of output rows of an image of few channels, and the padded copy of the input rows that they read.
template <class Geometry>
struct Band {
  static constexpr int rows = std::clamp(128 / Geometry::out_width, 1, Geometry::out_height);
  static constexpr int columns = std::max((Geometry::out_width - 1) * Geometry::stride + Geometry::kernel,
                                          Geometry::in_width + Geometry::pad_x);
  static constexpr int row_size = columns * Geometry::in_channels;
  static constexpr int input_rows = (rows - 1) * Geometry::stride + Geometry::kernel;
  static constexpr std::size_t size = std::size_t{input_rows} * row_size;

  /// Copies the input rows that output rows first .. first + rows - 1 read, zeros where they leave the image.
  template <class T>
  static void copy(T const* in, int first, T* band) {
    constexpr int channels = Geometry::in_channels, left = Geometry::pad_x * channels,
                  middle = Geometry::in_width * channels;
    for (int r = 0; r < input_rows; ++r, band += row_size) {
      int const y = first * Geometry::stride - Geometry::pad_y + r;
      if (y < 0 || y >= Geometry::in_height) {
        std::fill(band, band + row_size, T(0));
        continue;
      }
      std::fill(band, band + left, T(0));
      std::copy(in + y * middle, in + (y + 1) * middle, band + left);
      std::fill(band + left + middle, band + row_size, T(0));
    }
  }
};

/// Output rows of one image of few channels.
template <class Geometry, class T>
void forward_rows(T const* in, T const* weights, T const* bias, T* out, FusedActivation<T> const& f,
                  Range rows) {
  using Rows = Band<Geometry>;
  alignas(64) T band[Rows::size];
  for (int first = rows.first; first < rows.last; first += Rows::rows) {
    Rows::copy(in, first, band);
    for (int r = 0; r < Rows::rows && first + r < rows.last; ++r)
      gather_row<T, Geometry::in_channels, Geometry::out_channels, Geometry::kernel, Geometry::stride>(
          band + std::ptrdiff_t{r} * Geometry::stride * Rows::row_size, Rows::row_size, Geometry::out_width,
          weights, bias, out + std::ptrdiff_t{first + r} * Geometry::out_width * Geometry::out_channels, f);
  }
}

/// Calls pixels(grid, taps, count, target, points) for each of the S x S dense phases of a slice of an image
/// of the input adjoint. `c` is a geometry, or the value of one.
template <int MostTaps, class Extents, class T, class Pixels>
DISENTANGLE_INLINE void for_each_phase(Extents const& c, T const* weights, T* din, std::size_t part,
                                       std::size_t parts, Pixels const& pixels) {
  int const stride = c.stride, channels = c.in_channels;
  for (int py = 0; py < stride && py < c.in_height; ++py) {
    for (int px = 0; px < stride && px < c.in_width; ++px) {
      Tap<T> taps[MostTaps];
      int count = 0;
      for (int ky = (py + c.pad_y) % stride; ky < c.kernel; ky += stride)
        for (int kx = (px + c.pad_x) % stride; kx < c.kernel; kx += stride)
          taps[count++] = {(py + c.pad_y - ky) / stride, (px + c.pad_x - kx) / stride,
                           weights + std::ptrdiff_t{ky * c.kernel + kx} * channels * c.out_channels, false};
      mark_leading(taps, count, 1);
      int const width = (c.in_width - px + stride - 1) / stride;
      int const height = (c.in_height - py + stride - 1) / stride;
      Grid const grid{c.out_height,
                      c.out_width,
                      width,
                      1,
                      std::ptrdiff_t{stride} * c.in_width * channels,
                      std::ptrdiff_t{stride} * channels,
                      c.out_channels,
                      channels};
      pixels(grid, taps, count, din + (std::ptrdiff_t{py} * c.in_width + px) * channels,
             slice(width * height, part, parts, 24));
    }
  }
}

/// One slice of one image of the input adjoint for few channels, without its activation.
template <class Geometry, class T>
void dot_inputs(T const* d, T const* weights, T const* bias, T* din, std::size_t part, std::size_t parts) {
  constexpr int per_side = (Geometry::kernel + Geometry::stride - 1) / Geometry::stride;
  for_each_phase<per_side * per_side>(
      Geometry{}, weights, din, part, parts,
      [&](Grid const& grid, Tap<T> const* taps, int count, T* target, Range points) {
        dot_pixels<T, Geometry::out_channels, Geometry::in_channels>(grid, taps, count, d, bias, target,
                                                                     points.first, points.last);
      });
}

/// Partial weight adjoint of images first .. last - 1 for input images of few channels; applies the
/// activation adjoint to d on the way, unless y is null. sums: [ky][kx][cin][cout].
template <class Geometry, class T>
void weight_sums_few_channels(T const* in, T* d, T const* y, FusedActivation<T> const& f, T* sums,
                              std::size_t first, std::size_t last) {
  using Rows = Band<Geometry>;
  constexpr int channels = Geometry::in_channels, out_channels = Geometry::out_channels,
                kernel = Geometry::kernel;
  constexpr int width = RegisterBlock<T, out_channels>::width, run = kernel * channels;
  constexpr int limit = simd::register_bytes == 64 ? 12 : 6;
  constexpr int vectors = RegisterBlock<T, out_channels>::vectors;
  constexpr int each = greatest_divisor_up_to(run, limit);
  constexpr int groups = each == run ? greatest_divisor_up_to(kernel, limit / run) : 1;
  alignas(64) T band[Rows::size];
  bool assign = true;
  for (std::size_t n = first; n < last; ++n) {
    for (int top = 0; top < Geometry::out_height; top += Rows::rows) {
      int const rows = std::min(Rows::rows, Geometry::out_height - top);
      std::size_t const offset = n * Geometry::out_size +
                                 std::size_t{static_cast<unsigned>(top)} * Geometry::out_width * out_channels;
      if (y != nullptr)
        f.adjoint(y + offset, d + offset, static_cast<std::size_t>(rows) * Geometry::out_width * out_channels,
                  f.slope);
      Rows::copy(in + n * Geometry::in_size, top, band);
      PixelRun const pixels{1,
                            rows,
                            Geometry::out_width,
                            0,
                            std::ptrdiff_t{Geometry::stride} * Rows::row_size,
                            std::ptrdiff_t{Geometry::stride} * channels,
                            0,
                            std::ptrdiff_t{Geometry::out_width} * out_channels,
                            0,
                            std::ptrdiff_t{rows} * Geometry::out_width * out_channels};
      for (int ky = 0; ky < kernel; ky += groups)
        for (int r = 0; r < run; r += each)
          for (int panel = 0; panel < out_channels; panel += width * vectors)
            outer_block<T, width, vectors, each * groups, groups, out_channels>(
                pixels, band + std::ptrdiff_t{ky} * Rows::row_size + r, Rows::row_size, d + offset + panel,
                sums + std::ptrdiff_t{ky * run + r} * out_channels + panel, assign);
      assign = false;
    }
  }
}

/// Partial weight adjoint of kernel row ky and images first .. last - 1. sums: [kx][cin][cout].
template <class Geometry, class T>
void weight_sums(T const* in, T const* d, T* sums, int ky, std::size_t first, std::size_t last) {
  constexpr int channels = Geometry::in_channels, out_channels = Geometry::out_channels,
                kernel = Geometry::kernel;
  constexpr int width = RegisterBlock<T, out_channels>::width,
                vectors = RegisterBlock<T, out_channels>::vectors;
  constexpr int limit = simd::register_bytes == 64 ? 8 : 4;
  constexpr int each = greatest_divisor_up_to(channels, limit);
  // About 64 pixels at a time: several images or some rows of one, so that what a register block reads stays
  // in L1.
  constexpr int per_image = Geometry::out_height * Geometry::out_width;
  constexpr std::size_t images = std::max(1, 64 / per_image);
  constexpr int band = std::clamp(64 / Geometry::out_width, 1, Geometry::out_height);
  Range const rows = inside(Geometry::in_height, Geometry::out_height, Geometry::stride, Geometry::pad_y, ky);
  bool assign = true;
  if (rows.first == rows.last) std::fill(sums, sums + kernel * channels * out_channels, T(0));
  for (std::size_t n = first; n < last; n += images) {
    int const tile_images = static_cast<int>(std::min(images, last - n));
    for (int top = rows.first; top < rows.last; top += band) {
      for (int kx = 0; kx < kernel; ++kx) {
        Range const columns =
            inside(Geometry::in_width, Geometry::out_width, Geometry::stride, Geometry::pad_x, kx);
        PixelRun const pixels{tile_images,
                              std::min(band, rows.last - top),
                              columns.last - columns.first,
                              static_cast<std::ptrdiff_t>(Geometry::in_size),
                              std::ptrdiff_t{Geometry::stride} * Geometry::in_width * channels,
                              std::ptrdiff_t{Geometry::stride} * channels,
                              static_cast<std::ptrdiff_t>(Geometry::out_size),
                              std::ptrdiff_t{Geometry::out_width} * out_channels,
                              static_cast<std::ptrdiff_t>(tile_images) * band * Geometry::stride *
                                  Geometry::in_width * channels,
                              static_cast<std::ptrdiff_t>(tile_images) * band * Geometry::out_width *
                                  out_channels};
        T const* const a =
            in + n * Geometry::in_size +
            (std::ptrdiff_t{top * Geometry::stride - Geometry::pad_y + ky} * Geometry::in_width +
             columns.first * Geometry::stride - Geometry::pad_x + kx) *
                channels;
        T const* const b = d + n * Geometry::out_size +
                           (std::ptrdiff_t{top} * Geometry::out_width + columns.first) * out_channels;
        for (int c = 0; c < channels; c += each)
          for (int panel = 0; panel < out_channels; panel += width * vectors)
            outer_block<T, width, vectors, each, 1, out_channels>(
                pixels, a + c, 0, b + panel, sums + std::ptrdiff_t{kx * channels + c} * out_channels + panel,
                assign);
      }
      assign = false;
    }
  }
}

template <class T, int Channels>
struct Zeros {
  alignas(64) static constexpr T values[Channels] = {};
};

/// The value of a geometry.
template <class T, class G>
constexpr Convolution<T> make_convolution() {
  static_assert(
      G::kernel * G::kernel <= most_taps,
      "[disentangle] a convolution's kernel has 32 x 32 taps at most; a larger one is a dense layer");
  Convolution<T> c{};
  c.in_height = G::in_height, c.in_width = G::in_width, c.in_channels = G::in_channels;
  c.out_height = G::out_height, c.out_width = G::out_width, c.out_channels = G::out_channels;
  c.kernel = G::kernel, c.stride = G::stride, c.pad_y = G::pad_y, c.pad_x = G::pad_x;
  c.in_size = G::in_size, c.out_size = G::out_size, c.weight_size = G::weight_size;
  c.few = few_channels<G>;
  using Out = RegisterBlock<T, G::out_channels>;
  using In = RegisterBlock<T, G::in_channels>;
  if constexpr (few_channels<G>) {
    c.forward_rows = &forward_rows<G, T>;
    c.dot_inputs = &dot_inputs<G, T>;
    c.few_weight_sums = &weight_sums_few_channels<G, T>;
  } else {
    c.zeros = Zeros<T, std::max(G::in_channels, G::out_channels)>::values;
    c.gather_outputs = &gather_pixels<T, Out::width, Out::vectors>;
    c.gather_inputs = &gather_pixels<T, In::width, In::vectors>;
    c.weight_sums = &weight_sums<G, T>;
  }
  c.add_outputs = &add_pixels<T, G::out_channels>;
  c.add_inputs = &add_pixels<T, G::in_channels>;
  return c;
}
template <class T, class Geometry>
inline constexpr Convolution<T> convolution = make_convolution<T, Geometry>();

/// One slice of one image of the forward pass.
template <class T>
DISENTANGLE_OUT_OF_LINE void forward_slice(Convolution<T> const& c, T const* in, T const* weights,
                                           T const* bias, T* out, FusedActivation<T> const& f,
                                           std::size_t part, std::size_t parts) {
  if (c.few) {
    c.forward_rows(in, weights, bias, out, f, slice(c.out_height, part, parts, 1));
    return;
  }
  Tap<T> taps[most_taps];
  int const count = c.kernel * c.kernel;
  for (int t = 0; t < count; ++t)
    taps[t] = {t / c.kernel - c.pad_y, t % c.kernel - c.pad_x,
               weights + std::ptrdiff_t{t} * c.in_channels * c.out_channels, false};
  mark_leading(taps, count, c.stride);
  Grid const grid{
      c.in_height,    c.in_width,    c.out_width,   c.stride, std::ptrdiff_t{c.out_width} * c.out_channels,
      c.out_channels, c.in_channels, c.out_channels};
  Range const points = slice(c.out_height * c.out_width, part, parts, 24);
  c.gather_outputs(grid, taps, count, c.zeros, in, bias, out, f, points.first, points.last);
}

/// One slice of one image of the input adjoint, f(bias + conv^T(d, w)). The weights are read transposed,
/// [ky][kx][cout][cin], but for few channels, whose activation is left to the caller.
template <class T>
DISENTANGLE_OUT_OF_LINE void input_adjoint_slice(Convolution<T> const& c, T const* d, T const* weights,
                                                 T const* bias, T* din, FusedActivation<T> const& f,
                                                 std::size_t part, std::size_t parts) {
  if (c.few) return c.dot_inputs(d, weights, bias, din, part, parts);
  for_each_phase<most_taps>(c, weights, din, part, parts,
                            [&](Grid const& grid, Tap<T> const* taps, int count, T* target, Range points) {
                              c.gather_inputs(grid, taps, count, c.zeros, d, bias, target, f, points.first,
                                              points.last);
                            });
}

/// Which side of the convolution the bias gradient sums over: d for a convolution, in for a transposed one.
enum class BiasSide { output, input };

/// dw and db from all images; see convolution_weight_adjoint. y null: d holds dpre already.
template <class T>
DISENTANGLE_OUT_OF_LINE void
weight_adjoint(ThreadPool& pool, Convolution<T> const& c, BiasSide side, std::size_t batch, T const* in, T* d,
               T const* y, FusedActivation<T> const& f, T* dw, T* db, bool accumulate, T* workspace) {
  auto const bias_size = static_cast<std::size_t>(side == BiasSide::output ? c.out_channels : c.in_channels);
  std::size_t const partial_size = c.weight_size + bias_size;
  std::size_t const tasks_per_group = c.few ? 1 : static_cast<std::size_t>(c.kernel);
  std::size_t const groups = group_count(batch, c.few);
  pool.for_each(groups * tasks_per_group, [&](std::size_t task) {
    std::size_t const group = task / tasks_per_group, ky = task % tasks_per_group;
    std::size_t const first = batch * group / groups, last = batch * (group + 1) / groups;
    T* const partial = workspace + group * partial_size;
    if (c.few) {
      c.few_weight_sums(in, d, y, f, partial, first, last);
    } else {
      c.weight_sums(in, d, partial + ky * (c.weight_size / tasks_per_group), static_cast<int>(ky), first,
                    last);
    }
    if (ky == 0 && db != nullptr) {
      T* const bias = partial + c.weight_size;
      std::fill(bias, bias + bias_size, T(0));
      if (side == BiasSide::output)
        c.add_outputs(d + first * c.out_size, (last - first) * (c.out_size / bias_size), bias);
      else c.add_inputs(in + first * c.in_size, (last - first) * (c.in_size / bias_size), bias);
    }
  });
  // Sums the groups' partial sums in group order.
  constexpr std::size_t width = simd::Pack<T>::size, chunk = 4096;
  std::size_t const total = c.weight_size;
  pool.for_each((total + chunk - 1) / chunk, [&](std::size_t task) {
    std::size_t const end = std::min(total, (task + 1) * chunk);
    for (std::size_t i = task * chunk; i < end; i += width) {
      std::size_t const n = std::min(width, end - i);
      auto value = accumulate ? simd::Pack<T>::load(dw + i, n) : simd::Pack<T>();
      for (std::size_t group = 0; group < groups; ++group)
        value += simd::Pack<T>::load(workspace + group * partial_size + i, n);
      value.store(dw + i, n);
    }
    if (task == 0 && db != nullptr) {
      for (std::size_t i = 0; i < bias_size; ++i) {
        T value = accumulate ? db[i] : T(0);
        for (std::size_t group = 0; group < groups; ++group)
          value += workspace[group * partial_size + c.weight_size + i];
        db[i] = value;
      }
    }
  });
}

/// d[i] becomes d[i] * f'(x[i]) for `images` images of `size` scalars, where y = f(x).
template <class T>
DISENTANGLE_OUT_OF_LINE void activation_adjoint_of(ThreadPool& pool, std::size_t images, std::size_t size,
                                                   T const* y, T* d, FusedActivation<T> const& f) {
  if (f.adjoint != nullptr)
    pool.for_each(images, [&](std::size_t n) { f.adjoint(y + n * size, d + n * size, size, f.slope); });
}

/// out = f(bias + conv(in, w)). y not null: `in` is first multiplied by the derivative g' of the activation
/// whose outputs these are, image by image.
template <class T>
DISENTANGLE_OUT_OF_LINE void forward(ThreadPool& pool, Convolution<T> const& c, std::size_t batch,
                                     T const* in, T const* weights, T const* bias, T* out,
                                     FusedActivation<T> const& f, T const* y = nullptr,
                                     FusedActivation<T> const& g = {}) {
  std::size_t const slices = slice_count(batch);
  if (slices != 1 && y != nullptr) {
    activation_adjoint_of(pool, batch, c.in_size, y, const_cast<T*>(in), g);
    y = nullptr;
  }
  pool.for_each(batch * slices, [&](std::size_t task) {
    std::size_t const n = task / slices;
    if (y != nullptr && g.adjoint != nullptr)
      g.adjoint(y + n * c.in_size, const_cast<T*>(in) + n * c.in_size, c.in_size, g.slope);
    forward_slice(c, in + n * c.in_size, weights, bias, out + n * c.out_size, f, task % slices, slices);
  });
}

/// din = f(bias + conv^T(d, w)). y not null: d is first multiplied by g' as in `forward`.
template <class T>
DISENTANGLE_OUT_OF_LINE void input_adjoint(ThreadPool& pool, Convolution<T> const& c, std::size_t batch,
                                           T const* d, T const* weights, T const* bias, T* din,
                                           FusedActivation<T> const& f, T* workspace, T const* y = nullptr,
                                           FusedActivation<T> const& g = {}) {
  std::size_t const slices = slice_count(batch);
  if (slices != 1 && y != nullptr) {
    activation_adjoint_of(pool, batch, c.out_size, y, const_cast<T*>(d), g);
    y = nullptr;
  }
  if (!c.few) {
    std::ptrdiff_t const tap_size = std::ptrdiff_t{c.in_channels} * c.out_channels;
    pool.for_each(static_cast<std::size_t>(c.kernel), [&](std::size_t ky) {
      for (int kx = 0; kx < c.kernel; ++kx) {
        std::ptrdiff_t const tap = (static_cast<std::ptrdiff_t>(ky) * c.kernel + kx) * tap_size;
        transpose_block<T>(c.in_channels, c.out_channels, weights + tap, c.out_channels, workspace + tap,
                           c.in_channels);
      }
    });
    weights = workspace;
  }
  bool const finish = c.few && f.forward != nullptr;
  pool.for_each(batch * slices, [&](std::size_t task) {
    std::size_t const n = task / slices;
    if (y != nullptr && g.adjoint != nullptr)
      g.adjoint(y + n * c.out_size, const_cast<T*>(d) + n * c.out_size, c.out_size, g.slope);
    input_adjoint_slice(c, d + n * c.out_size, weights, bias, din + n * c.in_size, f, task % slices, slices);
    // The slices of an image interleave in memory, so a sliced image is finished below.
    if (finish && slices == 1) f.forward(din + n * c.in_size, c.in_size, f.slope);
  });
  if (finish && slices != 1)
    pool.for_each(batch, [&](std::size_t n) { f.forward(din + n * c.in_size, c.in_size, f.slope); });
}

}  // namespace detail

/// Scalars of workspace that any function below needs for a batch of the given size.
template <class Geometry>
constexpr std::size_t convolution_workspace(std::size_t batch) {
  if constexpr (requires { typename Geometry::Adjoint; }) {
    return convolution_workspace<typename Geometry::Adjoint>(batch);
  } else {
    std::size_t const channels = std::max(Geometry::in_channels, Geometry::out_channels);
    return std::max(Geometry::weight_size, detail::group_count(batch, detail::few_channels<Geometry>) *
                                               (Geometry::weight_size + channels));
  }
}

/// d[i] becomes d[i] * f'(x[i]) for `images` images of `size` scalars, where y = f(x).
template <Activation activation, class T>
void activation_adjoint(ThreadPool& pool, std::size_t images, std::size_t size, T const* y, T* d,
                        T slope = T(0)) {
  detail::activation_adjoint_of(pool, images, size, y, d, fused_activation<activation, 1>(slope));
}

/// out = f(conv(in, weights) + bias). bias may be null. slope: leaky_relu's.
template <class Geometry, Activation activation, class T>
void convolution_forward(ThreadPool& pool, std::size_t batch, T const* in, T const* weights, T const* bias,
                         T* out, T slope = T(0)) {
  constexpr int width = detail::RegisterBlock<T, Geometry::out_channels>::width;
  detail::forward(pool, detail::convolution<T, Geometry>, batch, in, weights, bias, out,
                  fused_activation<activation, width>(slope));
}

/// din = conv^T(dpre, weights), assigned.
template <class Geometry, class T>
void convolution_input_adjoint(ThreadPool& pool, std::size_t batch, T const* dpre, T const* weights, T* din,
                               T* workspace) {
  detail::input_adjoint<T>(pool, detail::convolution<T, Geometry>, batch, dpre, weights, nullptr, din, {},
                           workspace);
}

/// dw and db (+)= the weight and bias adjoint from in and dpre; `accumulate` adds, else assigns. db may be
/// null.
template <class Geometry, class T>
void convolution_weight_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T const* dpre, T* dw, T* db,
                                bool accumulate, T* workspace) {
  detail::weight_adjoint<T>(pool, detail::convolution<T, Geometry>, detail::BiasSide::output, batch, in,
                            const_cast<T*>(dpre), nullptr, {}, dw, db, accumulate, workspace);
}

/// All adjoints of a layer y = f(conv(in, weights) + bias) at once, while the images are in the cache. dout
/// is overwritten by dpre = dout * f'(.). din null: no input adjoint. din is assigned; dw, db as above.
template <class Geometry, Activation activation, class T>
void convolution_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T const* weights, T const* y,
                         T* dout, T* din, T* dw, T* db, bool accumulate, T* workspace, T slope = T(0)) {
  auto const& c = detail::convolution<T, Geometry>;
  auto const f = fused_activation<activation, 1>(slope);
  T const* pending = f.adjoint == nullptr ? nullptr : y;  // outputs whose adjoint is still to be applied
  if (din != nullptr) {
    detail::input_adjoint<T>(pool, c, batch, dout, weights, nullptr, din, {}, workspace, pending, f);
    pending = nullptr;
  } else if (!c.few) {
    detail::activation_adjoint_of(pool, batch, c.out_size, y, dout, f);
    pending = nullptr;
  }
  detail::weight_adjoint(pool, c, detail::BiasSide::output, batch, in, dout, pending, f, dw, db, accumulate,
                         workspace);
}

/// out = f(convT(in, weights) + bias), weights [ky][kx][cout][cin]. bias may be null.
template <class Geometry, Activation activation, class T>
void transposed_convolution_forward(ThreadPool& pool, std::size_t batch, T const* in, T const* weights,
                                    T const* bias, T* out, T* workspace, T slope = T(0)) {
  constexpr int width = detail::RegisterBlock<T, Geometry::out_channels>::width;
  detail::input_adjoint(pool, detail::convolution<T, typename Geometry::Adjoint>, batch, in, weights, bias,
                        out, fused_activation<activation, width>(slope), workspace);
}

/// din = the input adjoint of a transposed convolution, assigned.
template <class Geometry, class T>
void transposed_convolution_input_adjoint(ThreadPool& pool, std::size_t batch, T const* dpre,
                                          T const* weights, T* din) {
  detail::forward<T>(pool, detail::convolution<T, typename Geometry::Adjoint>, batch, dpre, weights, nullptr,
                     din, {});
}

/// dw and db (+)= the weight and bias adjoint of a transposed convolution. db may be null.
template <class Geometry, class T>
void transposed_convolution_weight_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T const* dpre,
                                           T* dw, T* db, bool accumulate, T* workspace) {
  detail::weight_adjoint<T>(pool, detail::convolution<T, typename Geometry::Adjoint>, detail::BiasSide::input,
                            batch, dpre, const_cast<T*>(in), nullptr, {}, dw, db, accumulate, workspace);
}

/// All adjoints of a layer y = f(convT(in, weights) + bias) at once; see convolution_adjoint.
template <class Geometry, Activation activation, class T>
void transposed_convolution_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T const* weights,
                                    T const* y, T* dout, T* din, T* dw, T* db, bool accumulate, T* workspace,
                                    T slope = T(0)) {
  auto const& c = detail::convolution<T, typename Geometry::Adjoint>;
  auto const f = fused_activation<activation, 1>(slope);
  if (din != nullptr) detail::forward<T>(pool, c, batch, dout, weights, nullptr, din, {}, y, f);
  else detail::activation_adjoint_of(pool, batch, c.in_size, y, dout, f);
  detail::weight_adjoint<T>(pool, c, detail::BiasSide::input, batch, dout, const_cast<T*>(in), nullptr, {},
                            dw, db, accumulate, workspace);
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
