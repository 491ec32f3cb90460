// SPDX-License-Identifier: Apache-2.0
// Activations and their adjoints on vectors and arrays.
#pragma once

#include <cmath>
#include <cstddef>

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/cpu/simd.hpp>
#include <disentangle/core/activation.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

namespace detail {

template <class T, std::size_t N>
using Vector = typename simd::detail::VectorOf<T, N>::type;

template <class T, std::size_t N>
DISENTANGLE_INLINE Vector<T, N> load(T const* p) {
  return *reinterpret_cast<typename simd::detail::VectorOf<T, N>::unaligned const*>(p);
}
template <class T, std::size_t N>
DISENTANGLE_INLINE void store(T* p, Vector<T, N> v) {
  *reinterpret_cast<typename simd::detail::VectorOf<T, N>::unaligned*>(p) = v;
}

/// Lanes I... of a and b set end to end.
template <std::size_t... I, class V>
DISENTANGLE_INLINE V shuffle(V a, V b) {
#if defined(DISENTANGLE_CUDACC)  // nvcc cannot hand this built-in's pack on to the host compiler
  constexpr std::size_t n = sizeof...(I);
  V result;
  std::size_t to = 0;
  ((result[to++] = I < n ? a[I % n] : b[I % n]), ...);
  return result;
#else
  return __builtin_shufflevector(a, b, I...);
#endif
}

/// The widest vector, in lanes, that divides n.
template <class T>
constexpr std::size_t lanes_dividing(std::size_t n) {
  std::size_t v = simd::Pack<T>::size;
  while (n % v != 0) v /= 2;
  return v;
}

// f(x) for a vector of any width; slope is read by leaky_relu alone.
template <Activation activation, class T, std::size_t N>
DISENTANGLE_INLINE Vector<T, N> activate(Vector<T, N> x, [[maybe_unused]] T slope) {
  if constexpr (activation == Activation::identity) {
    return x;
  } else if constexpr (activation == Activation::relu) {
    return x < T(0) ? Vector<T, N>{} : x;  // NaN stays
  } else if constexpr (activation == Activation::leaky_relu) {
    return x < T(0) ? x * slope : x;
  } else if constexpr (N == simd::Pack<T>::size) {
    if constexpr (activation == Activation::tanh) return tanh(simd::Pack<T>(x)).v;
    else return sigmoid(simd::Pack<T>(x)).v;
  } else {
    for (std::size_t i = 0; i < N; ++i) {
      T const lane = x[i];
      x[i] = activation == Activation::tanh ? std::tanh(lane) : math::sigmoid(lane);
    }
    return x;
  }
}

// d * f'(x) where y = f(x).
template <Activation activation, class T, std::size_t N>
DISENTANGLE_INLINE Vector<T, N> activation_adjoint(Vector<T, N> d, [[maybe_unused]] Vector<T, N> y,
                                                   [[maybe_unused]] T slope) {
  if constexpr (activation == Activation::identity) return d;
  else if constexpr (activation == Activation::relu) return y > T(0) ? d : Vector<T, N>{};
  else if constexpr (activation == Activation::leaky_relu) return y > T(0) ? d : d * slope;
  else if constexpr (activation == Activation::tanh) return d - d * y * y;
  else return d * (y - y * y);
}

}  // namespace detail

/// x[i] = f(x[i]) for n values, in place.
template <Activation activation, class T>
void apply_activation(T* x, std::size_t n, T slope = T(0)) {
  constexpr std::size_t width = simd::Pack<T>::size;
  if constexpr (activation != Activation::identity) {
    std::size_t i = 0;
    for (; i + width <= n; i += width)
      detail::store<T, width>(x + i,
                              detail::activate<activation, T, width>(detail::load<T, width>(x + i), slope));
    if (i < n) {
      auto const last = simd::Pack<T>::load(x + i, n - i);
      simd::Pack<T>(detail::activate<activation, T, width>(last.v, slope)).store(x + i, n - i);
    }
  }
}

/// d[i] *= f'(x[i]) for n values, in place, where y[i] = f(x[i]).
template <Activation activation, class T>
void apply_activation_adjoint(T const* y, T* d, std::size_t n, T slope = T(0)) {
  constexpr std::size_t width = simd::Pack<T>::size;
  if constexpr (activation != Activation::identity) {
    std::size_t i = 0;
    for (; i + width <= n; i += width)
      detail::store<T, width>(
          d + i, detail::activation_adjoint<activation, T, width>(detail::load<T, width>(d + i),
                                                                  detail::load<T, width>(y + i), slope));
    if (i < n) {
      auto const last_d = simd::Pack<T>::load(d + i, n - i);
      auto const last_y = simd::Pack<T>::load(y + i, n - i);
      simd::Pack<T>(detail::activation_adjoint<activation, T, width>(last_d.v, last_y.v, slope))
          .store(d + i, n - i);
    }
  }
}

/// An activation as a value, for kernels that are compiled once for all of them. relu and leaky_relu are
/// compared with in registers; `lanes` computes the others in memory, so many lanes at a time.
template <class T>
struct FusedActivation {
  Activation kind = Activation::identity;
  T slope = T(0);
  void (*lanes)(T* x, T slope) = nullptr;                               // null where it is a comparison
  void (*forward)(T* x, std::size_t n, T slope) = nullptr;              // null for identity
  void (*adjoint)(T const* y, T* d, std::size_t n, T slope) = nullptr;  // null for identity
};

/// The activation on register blocks whose vectors have `Width` lanes.
template <Activation activation, int Width, class T>
constexpr FusedActivation<T> fused_activation(T slope) {
  FusedActivation<T> f{activation, slope};
  if constexpr (activation != Activation::identity) {
    f.forward = &apply_activation<activation, T>;
    f.adjoint = &apply_activation_adjoint<activation, T>;
  }
  if constexpr (activation == Activation::tanh || activation == Activation::sigmoid)
    f.lanes = [](T* x, T s) {
      constexpr auto width = static_cast<std::size_t>(Width);
      detail::store<T, width>(x, detail::activate<activation, T, width>(detail::load<T, width>(x), s));
    };
  return f;
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
