// SPDX-License-Identifier: Apache-2.0
// The kernels of the CUDA backend beside fused expressions: what layers, optimisers and random numbers need.
#pragma once

#include <cstddef>

#include <disentangle/backend/cuda/activation.hpp>
#include <disentangle/core/fixed_array.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle::backend::cuda::detail {

/// p[i stride] = value
template <class T>
struct FillKernel {
  T* p;
  T value;
  std::ptrdiff_t stride;
  DISENTANGLE_HD void operator()(std::size_t i) const { p[static_cast<std::ptrdiff_t>(i) * stride] = value; }
};

/// x = f(x + bias), x (rows, features); without a bias if it is null
template <Activation A, class T>
struct BiasActivationKernel {
  T* x;
  T const* bias;
  std::size_t features;
  T slope;
  DISENTANGLE_HD void operator()(std::size_t i) const {
    x[i] = activate<A>(bias == nullptr ? x[i] : x[i] + bias[i % features], slope);
  }
};

/// d *= f'(.) given the outputs y
template <Activation A, class T>
struct ActivationAdjointKernel {
  T const* y;
  T* d;
  T slope;
  DISENTANGLE_HD void operator()(std::size_t i) const { d[i] = activation_adjoint<A>(d[i], y[i], slope); }
};

/// Our weights (ky, kx, in, out) as cuDNN's filter (out, ky, kx, in) and back; i counts ours.
template <class T>
struct FilterKernel {
  T const* from;
  T* to;
  std::size_t area_in, out;  // ky kx in, out
  bool to_filter, accumulate;
  DISENTANGLE_HD void operator()(std::size_t i) const {
    std::size_t const filter = (i % out) * area_in + i / out;
    if (to_filter) {
      to[filter] = from[i];
    } else {
      to[i] = accumulate ? to[i] + from[filter] : from[filter];
    }
  }
};

/// C (+)= A B for strides that cuBLAS does not take: rare and small. i counts the elements of C.
template <class T>
struct ProductKernel {
  T const *a, *b;
  T* c;
  std::ptrdiff_t n, k;
  FixedArray<std::ptrdiff_t, 2> sa, sb, sc;
  bool accumulate;
  DISENTANGLE_HD void operator()(std::size_t i) const {
    auto const row = static_cast<std::ptrdiff_t>(i) / n, column = static_cast<std::ptrdiff_t>(i) % n;
    T& target = c[row * sc[0] + column * sc[1]];
    T total = accumulate ? target : T(0);
    for (std::ptrdiff_t l = 0; l < k; ++l)
      total += a[row * sa[0] + l * sa[1]] * b[l * sb[0] + column * sb[1]];
    target = total;
  }
};

/// Row numbers as kernel parameters, so that they need no memory on the device and a captured step keeps its
/// own.
struct Rows {
  static constexpr std::size_t most = 512;
  int at[most];
};

/// to[i] = from[rows[i]]
template <class T>
struct GatherKernel {
  T const* from;
  T* to;
  std::size_t width;
  Rows rows;
  DISENTANGLE_HD void operator()(std::size_t i) const {
    to[i] = from[static_cast<std::size_t>(rows.at[i / width]) * width + i % width];
  }
};

/// to[rows[i]] += from[i]; a thread for each column adds in the order of the rows, which may repeat.
template <class T>
struct ScatterAddKernel {
  T const* from;
  T* to;
  std::size_t width, count;
  Rows rows;
  DISENTANGLE_HD void operator()(std::size_t column) const {
    for (std::size_t i = 0; i < count; ++i) {
      to[static_cast<std::size_t>(rows.at[i]) * width + column] += from[i * width + column];
    }
  }
};

/// Four standard normal numbers of a block of Philox.
template <class T>
struct NormalKernel {
  Philox random;
  T* p;
  std::size_t n;
  DISENTANGLE_HD void operator()(std::size_t block) const {
    auto const z = random.normals(block);
    for (std::size_t k = 0; k < 4 && 4 * block + k < n; ++k) p[4 * block + k] = static_cast<T>(z[k]);
  }
};

template <class T>
struct UniformKernel {
  Philox random;
  T* p;
  DISENTANGLE_HD void operator()(std::size_t i) const { p[i] = static_cast<T>(random.uniform(i)); }
};

/// One optimiser step of one parameter; squared_norm, if not null, scales the gradient down to clip_norm.
template <class T, class Kernel, std::size_t Moments>
struct UpdateKernel {
  Kernel kernel;
  T* w;
  T const* g;
  FixedArray<T*, Moments> moments;
  T const* squared_norm;
  T clip_norm;
  DISENTANGLE_HD void operator()(std::size_t i) const {
    T gradient = g[i];
    if (squared_norm != nullptr) {
      T const norm = std::sqrt(*squared_norm);
      if (norm > clip_norm) gradient *= clip_norm / norm;
    }
    FixedArray<T, Moments> m{};
    for (std::size_t k = 0; k < Moments; ++k) m[k] = moments[k][i];
    T weight = w[i];
    kernel(weight, gradient, m);
    w[i] = weight;
    for (std::size_t k = 0; k < Moments; ++k) moments[k][i] = m[k];
  }
};

}  // namespace disentangle::backend::cuda::detail
