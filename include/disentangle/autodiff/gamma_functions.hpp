// SPDX-License-Identifier: Apache-2.0
// lgamma and digamma as element-wise operations: for densities and divergences of Gamma laws.
#pragma once

#include <cmath>

#include <disentangle/autodiff/elementwise.hpp>

namespace disentangle {

namespace detail {

// For x > 0. What is below 8 is shifted up by seven through the recurrences of the functions, there the
// asymptotic series are exact to 1e-10: DLMF 5.5.1, 5.5.2, 5.11.1, 5.11.2, 5.15.5, 5.15.8.
template <class P>
struct ShiftedArgument {
  P y;        // the argument of the series
  P shifted;  // 1 where x was moved, else 0

  DISENTANGLE_HD explicit ShiftedArgument(P x) {
    using math::select;
    shifted = select(x < P(8), P(1), P(0));
    y = x + P(7) * shifted;
  }
  /// the k-th point that was passed; 1 where nothing was moved
  DISENTANGLE_HD P passed(P x, int k) const {
    using math::select;
    return select(shifted > P(0), x + P(static_cast<double>(k)), P(1));
  }
};

template <class P>
DISENTANGLE_HD P lgamma_of(P x) {
  using std::log;
  ShiftedArgument<P> const at(x);
  P product = at.passed(x, 0);
  for (int k = 1; k < 7; ++k) product = product * at.passed(x, k);
  P const y = at.y, w = P(1) / y, w2 = w * w;
  P const series = w * (P(1.0 / 12) - w2 * (P(1.0 / 360) - w2 * (P(1.0 / 1260) - w2 * P(1.0 / 1680))));
  return (y - P(0.5)) * log(y) - y + P(0.91893853320467274178) + series - log(product);
}
template <class P>
DISENTANGLE_HD P digamma_of(P x) {
  using std::log;
  ShiftedArgument<P> const at(x);
  P passed = P(1) / at.passed(x, 0);
  for (int k = 1; k < 7; ++k) passed = passed + P(1) / at.passed(x, k);
  P const w = P(1) / at.y, w2 = w * w;
  P const series = w2 * (P(1.0 / 12) - w2 * (P(1.0 / 120) - w2 * (P(1.0 / 252) - w2 * P(1.0 / 240))));
  return log(at.y) - P(0.5) * w - series - at.shifted * passed;
}
template <class P>
DISENTANGLE_HD P trigamma_of(P x) {
  ShiftedArgument<P> const at(x);
  P passed = P(0);
  for (int k = 0; k < 7; ++k) {
    P const inverse = P(1) / at.passed(x, k);
    passed = passed + inverse * inverse;
  }
  P const w = P(1) / at.y, w2 = w * w;
  P const series = w2 * (P(1.0 / 6) - w2 * (P(1.0 / 30) - w2 * (P(1.0 / 42) - w2 * P(1.0 / 30))));
  return w * (P(1) + P(0.5) * w + series) + at.shifted * passed;
}

struct Lgamma {
  template <class P>
  DISENTANGLE_HD static P value(P a) {
    return lgamma_of(a);
  }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P, P a) {
    return g * digamma_of(a);
  }
};
struct Digamma {
  template <class P>
  DISENTANGLE_HD static P value(P a) {
    return digamma_of(a);
  }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P, P a) {
    return g * trigamma_of(a);
  }
};

}  // namespace detail

/// log Gamma(a) for a > 0, within 1e-10 of its value in double (relative to the larger of 1 and itself); not
/// defined elsewhere.
template <expression A>
[[nodiscard]] constexpr auto lgamma(A const& a) {
  return detail::unary<detail::Lgamma>(a);
}
/// The derivative of lgamma, for a > 0, as exact.
template <expression A>
[[nodiscard]] constexpr auto digamma(A const& a) {
  return detail::unary<detail::Digamma>(a);
}

}  // namespace disentangle
