// SPDX-License-Identifier: Apache-2.0
// Scalar functions that the standard library lacks, written so that they neither overflow nor cancel.
#pragma once

#include <cmath>

#include <disentangle/core/config.hpp>

namespace disentangle::math {

/// 1 / (1 + exp(-x)): the logistic function; accurate in both tails, never overflows.
template <class T>
[[nodiscard]] DISENTANGLE_HD inline T sigmoid(T x) {
  T const e = std::exp(x < T(0) ? x : -x);
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}

/// log(1 + exp(x)): the antiderivative of sigmoid; never overflows.
template <class T>
[[nodiscard]] DISENTANGLE_HD inline T softplus(T x) {
  T const tail = std::log1p(std::exp(x < T(0) ? x : -x));
  return x > T(0) ? x + tail : tail;
}

/// condition ? a : b, spelt as for SIMD packs.
template <class T>
[[nodiscard]] DISENTANGLE_HD constexpr T select(bool condition, T a, T b) {
  return condition ? a : b;
}

}  // namespace disentangle::math
