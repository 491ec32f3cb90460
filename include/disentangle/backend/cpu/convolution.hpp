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
#include <disentangle/core/thread_pool.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

namespace detail {

/// Inputs of so few channels are copied with their padding, and their kernel rows are treated as runs.
template <class Geometry>
inline constexpr bool few_channels = Geometry::in_channels <= 4;

/// The images of a group share a partial sum of the weight adjoint.
template <class Geometry>
constexpr std::size_t group_count(std::size_t batch) {
  return std::min<std::size_t>(batch, few_channels<Geometry> ? 16 : 4);
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

/// One slice of one image of the forward pass.
template <class Geometry, Activation activation, class T>
void forward_slice(T const* in, T const* weights, T const* bias, T* out, T slope, std::size_t part,
                   std::size_t parts) {
  constexpr int channels = Geometry::in_channels, out_channels = Geometry::out_channels,
                kernel = Geometry::kernel;
  if constexpr (few_channels<Geometry>) {
    using Rows = Band<Geometry>;
    alignas(64) T band[Rows::size];
    Range const rows = slice(Geometry::out_height, part, parts, 1);
    for (int first = rows.first; first < rows.last; first += Rows::rows) {
      Rows::copy(in, first, band);
      for (int r = 0; r < Rows::rows && first + r < rows.last; ++r)
        gather_row<T, channels, out_channels, kernel, Geometry::stride, activation>(
            band + std::ptrdiff_t{r} * Geometry::stride * Rows::row_size, Rows::row_size, Geometry::out_width,
            weights, bias, out + std::ptrdiff_t{first + r} * Geometry::out_width * out_channels, slope);
    }
  } else {
    Tap<T> taps[kernel * kernel];
    for (int t = 0; t < kernel * kernel; ++t)
      taps[t] = {t / kernel - Geometry::pad_y, t % kernel - Geometry::pad_x,
                 weights + std::ptrdiff_t{t} * channels * out_channels, false};
    mark_leading(taps, kernel * kernel, Geometry::stride);
    Grid const grid{Geometry::in_height,
                    Geometry::in_width,
                    Geometry::out_width,
                    Geometry::stride,
                    std::ptrdiff_t{Geometry::out_width} * out_channels,
                    out_channels};
    Range const points = slice(Geometry::out_height * Geometry::out_width, part, parts, 24);
    gather_pixels<T, channels, out_channels, activation>(grid, taps, kernel * kernel, in, bias, out, slope,
                                                         points.first, points.last);
  }
}

/// Whether the input adjoint reads the weights transposed, [ky][kx][cout][cin].
template <class Geometry>
inline constexpr bool transposes_weights = !few_channels<Geometry>;

/// The weights of taps `first` .. `last` - 1 transposed.
template <class Geometry, class T>
void transpose_weights(T const* weights, T* transposed, int first, int last) {
  constexpr int rows = Geometry::in_channels, columns = Geometry::out_channels, tile = 8;
  for (int t = first; t < last; ++t) {
    T const* a = weights + std::ptrdiff_t{t} * rows * columns;
    T* b = transposed + std::ptrdiff_t{t} * rows * columns;
    for (int i = 0; i < rows; i += tile)
      for (int j = 0; j < columns; j += tile)
        for (int jj = j; jj < std::min(j + tile, columns); ++jj)
          for (int ii = i; ii < std::min(i + tile, rows); ++ii) b[jj * rows + ii] = a[ii * columns + jj];
  }
}

/// One slice of one image of the input adjoint, f(bias + conv^T(d, w)). `weights` as transposes_weights says.
template <class Geometry, Activation activation, class T>
void input_adjoint_slice(T const* d, T const* weights, T const* bias, T* din, T slope, std::size_t part,
                         std::size_t parts) {
  constexpr int channels = Geometry::in_channels, out_channels = Geometry::out_channels,
                kernel = Geometry::kernel, stride = Geometry::stride, pad_y = Geometry::pad_y,
                pad_x = Geometry::pad_x;
  constexpr int per_side = (kernel + stride - 1) / stride;
  for (int py = 0; py < stride && py < Geometry::in_height; ++py) {
    for (int px = 0; px < stride && px < Geometry::in_width; ++px) {
      Tap<T> taps[per_side * per_side];
      int count = 0;
      for (int ky = (py + pad_y) % stride; ky < kernel; ky += stride)
        for (int kx = (px + pad_x) % stride; kx < kernel; kx += stride)
          taps[count++] = {(py + pad_y - ky) / stride, (px + pad_x - kx) / stride,
                           weights + std::ptrdiff_t{ky * kernel + kx} * channels * out_channels, false};
      mark_leading(taps, count, 1);
      int const width = (Geometry::in_width - px + stride - 1) / stride;
      int const height = (Geometry::in_height - py + stride - 1) / stride;
      Grid const grid{Geometry::out_height,
                      Geometry::out_width,
                      width,
                      1,
                      std::ptrdiff_t{stride} * Geometry::in_width * channels,
                      std::ptrdiff_t{stride} * channels};
      Range const points = slice(width * height, part, parts, 24);
      T* const target = din + (std::ptrdiff_t{py} * Geometry::in_width + px) * channels;
      if constexpr (few_channels<Geometry>)
        dot_pixels<T, out_channels, channels>(grid, taps, count, d, bias, target, points.first, points.last);
      else
        gather_pixels<T, out_channels, channels, activation>(grid, taps, count, d, bias, target, slope,
                                                             points.first, points.last);
    }
  }
}

/// Which side of the convolution the bias gradient sums over: d for a convolution, in for a transposed one.
enum class BiasSide { output, input };

/// Partial weight adjoint of images first .. last - 1 for input images of few channels; applies the
/// activation adjoint to d on the way. sums: [ky][kx][cin][cout].
template <class Geometry, Activation activation, class T>
void weight_sums_few_channels(T const* in, T* d, T const* y, T slope, T* sums, std::size_t first,
                              std::size_t last) {
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
        apply_activation_adjoint<activation>(
            y + offset, d + offset, static_cast<std::size_t>(rows) * Geometry::out_width * out_channels,
            slope);
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

/// dw and db from all images; see convolution_weight_adjoint. y null: d holds dpre already.
template <class Geometry, Activation activation, BiasSide side, class T>
void weight_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T* d, T const* y, T slope, T* dw, T* db,
                    bool accumulate, T* workspace) {
  constexpr std::size_t bias_size = side == BiasSide::output ? Geometry::out_channels : Geometry::in_channels;
  constexpr std::size_t partial_size = Geometry::weight_size + bias_size;
  constexpr std::size_t tasks_per_group = few_channels<Geometry> ? 1 : Geometry::kernel;
  std::size_t const groups = group_count<Geometry>(batch);
  pool.for_each(groups * tasks_per_group, [&](std::size_t task) {
    std::size_t const group = task / tasks_per_group;
    std::size_t const first = batch * group / groups, last = batch * (group + 1) / groups;
    T* const partial = workspace + group * partial_size;
    if constexpr (few_channels<Geometry>) {
      weight_sums_few_channels<Geometry, activation>(in, d, y, slope, partial, first, last);
    } else {
      int const ky = static_cast<int>(task % tasks_per_group);
      weight_sums<Geometry>(in, static_cast<T const*>(d),
                            partial + ky * (Geometry::weight_size / Geometry::kernel), ky, first, last);
    }
    if (task % tasks_per_group == 0 && db != nullptr) {
      T* const bias = partial + Geometry::weight_size;
      std::fill(bias, bias + bias_size, T(0));
      if constexpr (side == BiasSide::output)
        add_pixels<T, Geometry::out_channels>(d + first * Geometry::out_size,
                                              (last - first) * (Geometry::out_size / Geometry::out_channels),
                                              bias);
      else
        add_pixels<T, Geometry::in_channels>(in + first * Geometry::in_size,
                                             (last - first) * (Geometry::in_size / Geometry::in_channels),
                                             bias);
    }
  });
  // Sums the groups' partial sums in group order.
  constexpr std::size_t width = simd::Pack<T>::size, chunk = 4096;
  std::size_t const total = Geometry::weight_size;
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
          value += workspace[group * partial_size + Geometry::weight_size + i];
        db[i] = value;
      }
    }
  });
}

template <class Geometry, Activation activation, class T>
void forward(ThreadPool& pool, std::size_t batch, T const* in, T const* weights, T const* bias, T* out,
             T slope) {
  std::size_t const slices = slice_count(batch);
  pool.for_each(batch * slices, [&](std::size_t task) {
    std::size_t const n = task / slices;
    forward_slice<Geometry, activation>(in + n * Geometry::in_size, weights, bias,
                                        out + n * Geometry::out_size, slope, task % slices, slices);
  });
}

/// din = f(bias + conv^T(d, w)); d_of(n) returns the n-th image of d, ready to be read.
template <class Geometry, Activation activation, class T, class Prepare>
void input_adjoint(ThreadPool& pool, std::size_t batch, T const* d, T const* weights, T const* bias, T* din,
                   T slope, T* workspace, std::size_t slices, Prepare prepare) {
  if constexpr (transposes_weights<Geometry>) {
    pool.for_each(Geometry::kernel, [&](std::size_t ky) {
      int const first = static_cast<int>(ky) * Geometry::kernel;
      transpose_weights<Geometry>(weights, workspace, first, first + Geometry::kernel);
    });
    weights = workspace;
  }
  pool.for_each(batch * slices, [&](std::size_t task) {
    std::size_t const n = task / slices;
    prepare(n);
    input_adjoint_slice<Geometry, activation>(d + n * Geometry::out_size, weights, bias,
                                              din + n * Geometry::in_size, slope, task % slices, slices);
    if constexpr (few_channels<Geometry> && activation != Activation::identity) {
      // The slices of an image interleave in memory, so a sliced image is finished below.
      if (slices == 1) apply_activation<activation>(din + n * Geometry::in_size, Geometry::in_size, slope);
    }
  });
  if constexpr (few_channels<Geometry> && activation != Activation::identity)
    if (slices != 1)
      pool.for_each(batch, [&](std::size_t n) {
        apply_activation<activation>(din + n * Geometry::in_size, Geometry::in_size, slope);
      });
}

}  // namespace detail

/// Scalars of workspace that any function below needs for a batch of the given size.
template <class Geometry>
constexpr std::size_t convolution_workspace(std::size_t batch) {
  if constexpr (requires { typename Geometry::Adjoint; }) {
    return convolution_workspace<typename Geometry::Adjoint>(batch);
  } else {
    std::size_t const channels = std::max(Geometry::in_channels, Geometry::out_channels);
    return std::max(Geometry::weight_size,
                    detail::group_count<Geometry>(batch) * (Geometry::weight_size + channels));
  }
}

/// d[i] becomes d[i] * f'(x[i]) for `images` images of `size` scalars, where y = f(x).
template <Activation activation, class T>
void activation_adjoint(ThreadPool& pool, std::size_t images, std::size_t size, T const* y, T* d,
                        T slope = T(0)) {
  if constexpr (activation != Activation::identity)
    pool.for_each(images, [&](std::size_t n) {
      apply_activation_adjoint<activation>(y + n * size, d + n * size, size, slope);
    });
}

/// out = f(conv(in, weights) + bias). bias may be null. slope: leaky_relu's.
template <class Geometry, Activation activation, class T>
void convolution_forward(ThreadPool& pool, std::size_t batch, T const* in, T const* weights, T const* bias,
                         T* out, T slope = T(0)) {
  detail::forward<Geometry, activation>(pool, batch, in, weights, bias, out, slope);
}

/// din = conv^T(dpre, weights), assigned.
template <class Geometry, class T>
void convolution_input_adjoint(ThreadPool& pool, std::size_t batch, T const* dpre, T const* weights, T* din,
                               T* workspace) {
  detail::input_adjoint<Geometry, Activation::identity>(pool, batch, dpre, weights,
                                                        static_cast<T const*>(nullptr), din, T(0), workspace,
                                                        detail::slice_count(batch), [](std::size_t) {});
}

/// dw and db (+)= the weight and bias adjoint from in and dpre; `accumulate` adds, else assigns. db may be
/// null.
template <class Geometry, class T>
void convolution_weight_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T const* dpre, T* dw, T* db,
                                bool accumulate, T* workspace) {
  detail::weight_adjoint<Geometry, Activation::identity, detail::BiasSide::output>(
      pool, batch, in, const_cast<T*>(dpre), static_cast<T const*>(nullptr), T(0), dw, db, accumulate,
      workspace);
}

/// All adjoints of a layer y = f(conv(in, weights) + bias) at once, while the images are in the cache. dout
/// is overwritten by dpre = dout * f'(.). din null: no input adjoint. din is assigned; dw, db as above.
template <class Geometry, Activation activation, class T>
void convolution_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T const* weights, T const* y,
                         T* dout, T* din, T* dw, T* db, bool accumulate, T* workspace, T slope = T(0)) {
  T const* pending =
      activation == Activation::identity ? nullptr : y;  // outputs whose adjoint is still to be applied
  if (din != nullptr) {
    bool const whole = detail::slice_count(batch) == 1;
    if (!whole) activation_adjoint<activation>(pool, batch, Geometry::out_size, y, dout, slope);
    detail::input_adjoint<Geometry, Activation::identity>(
        pool, batch, static_cast<T const*>(dout), weights, static_cast<T const*>(nullptr), din, T(0),
        workspace, detail::slice_count(batch), [&](std::size_t n) {
          if (whole)
            apply_activation_adjoint<activation>(y + n * Geometry::out_size, dout + n * Geometry::out_size,
                                                 Geometry::out_size, slope);
        });
    pending = nullptr;
  } else if (!detail::few_channels<Geometry>) {
    activation_adjoint<activation>(pool, batch, Geometry::out_size, y, dout, slope);
    pending = nullptr;
  }
  detail::weight_adjoint<Geometry, activation, detail::BiasSide::output>(
      pool, batch, in, dout, pending, slope, dw, db, accumulate, workspace);
}

/// out = f(convT(in, weights) + bias), weights [ky][kx][cout][cin]. bias may be null.
template <class Geometry, Activation activation, class T>
void transposed_convolution_forward(ThreadPool& pool, std::size_t batch, T const* in, T const* weights,
                                    T const* bias, T* out, T* workspace, T slope = T(0)) {
  detail::input_adjoint<typename Geometry::Adjoint, activation>(
      pool, batch, in, weights, bias, out, slope, workspace, detail::slice_count(batch), [](std::size_t) {});
}

/// din = the input adjoint of a transposed convolution, assigned.
template <class Geometry, class T>
void transposed_convolution_input_adjoint(ThreadPool& pool, std::size_t batch, T const* dpre,
                                          T const* weights, T* din) {
  detail::forward<typename Geometry::Adjoint, Activation::identity>(
      pool, batch, dpre, weights, static_cast<T const*>(nullptr), din, T(0));
}

/// dw and db (+)= the weight and bias adjoint of a transposed convolution. db may be null.
template <class Geometry, class T>
void transposed_convolution_weight_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T const* dpre,
                                           T* dw, T* db, bool accumulate, T* workspace) {
  detail::weight_adjoint<typename Geometry::Adjoint, Activation::identity, detail::BiasSide::input>(
      pool, batch, dpre, const_cast<T*>(in), static_cast<T const*>(nullptr), T(0), dw, db, accumulate,
      workspace);
}

/// All adjoints of a layer y = f(convT(in, weights) + bias) at once; see convolution_adjoint.
template <class Geometry, Activation activation, class T>
void transposed_convolution_adjoint(ThreadPool& pool, std::size_t batch, T const* in, T const* weights,
                                    T const* y, T* dout, T* din, T* dw, T* db, bool accumulate, T* workspace,
                                    T slope = T(0)) {
  using Adjoint = typename Geometry::Adjoint;
  std::size_t const slices = detail::slice_count(batch);
  if (din == nullptr || slices != 1)
    activation_adjoint<activation>(pool, batch, Geometry::out_size, y, dout, slope);
  if (din != nullptr)
    pool.for_each(batch * slices, [&](std::size_t task) {
      std::size_t const n = task / slices;
      if (slices == 1)
        apply_activation_adjoint<activation>(y + n * Geometry::out_size, dout + n * Geometry::out_size,
                                             Geometry::out_size, slope);
      detail::forward_slice<Adjoint, Activation::identity>(
          static_cast<T const*>(dout + n * Geometry::out_size), weights, static_cast<T const*>(nullptr),
          din + n * Geometry::in_size, T(0), task % slices, slices);
    });
  transposed_convolution_weight_adjoint<Geometry>(pool, batch, in, static_cast<T const*>(dout), dw, db,
                                                  accumulate, workspace);
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
