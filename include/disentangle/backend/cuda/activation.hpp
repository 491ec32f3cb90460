// SPDX-License-Identifier: Apache-2.0
// Activations and their adjoints for one scalar on a device; backend/cpu/activation.hpp has those for SIMD
// packs.
#pragma once

#include <cmath>

#include <disentangle/core/activation.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle::backend::cuda {

/// f(x); slope is read by leaky_relu alone. NaN stays NaN.
template <Activation A, class T>
DISENTANGLE_HD T activate(T x, [[maybe_unused]] T slope) {
  if constexpr (A == Activation::identity) {
    return x;
  } else if constexpr (A == Activation::relu) {
    return x < T(0) ? T(0) : x;
  } else if constexpr (A == Activation::leaky_relu) {
    return x < T(0) ? x * slope : x;
  } else if constexpr (A == Activation::tanh) {
    return std::tanh(x);
  } else {
    return math::sigmoid(x);
  }
}

/// d f'(x) where y = f(x).
template <Activation A, class T>
DISENTANGLE_HD T activation_adjoint(T d, [[maybe_unused]] T y, [[maybe_unused]] T slope) {
  if constexpr (A == Activation::identity) {
    return d;
  } else if constexpr (A == Activation::relu) {
    return y > T(0) ? d : T(0);
  } else if constexpr (A == Activation::leaky_relu) {
    return y > T(0) ? d : d * slope;
  } else if constexpr (A == Activation::tanh) {
    return d - d * y * y;
  } else {
    return d * (y - y * y);
  }
}

}  // namespace disentangle::backend::cuda
