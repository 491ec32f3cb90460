// SPDX-License-Identifier: Apache-2.0
// The Bhattacharyya coefficient of the components of a mixture.
#pragma once

#include <disentangle/prior/classes.hpp>

namespace disentangle::prior {

/// BC of all pairs of diagonal Gaussians, means and log-variances (components, d) -> (components,
/// components); in (0, 1], 1 on the diagonal:
///     v = (s^2_k + s^2_k') / 2,
///     BC = exp(-sum_j [(m_kj - m_k'j)^2 / (8 v_j) + log(v_j) / 2 - (l_kj + l_k'j) / 4])
/// 1e-12 is added to v, as in the code of PartedVAE's authors.
template <class B>
[[nodiscard]] Variable<B, 2> bhattacharyya_coefficients(Variable<B, 2> const& mean,
                                                        Variable<B, 2> const& log_variance) {
  auto const first = [](auto const& e) { return insert_axis(e, axis<1>); };
  auto const second = [](auto const& e) { return insert_axis(e, axis<0>); };
  auto const variance = materialise(exp(log_variance));
  auto const v = materialise(0.5 * (first(variance) + second(variance)) + 1e-12);
  auto const distance = sum(0.125 * square(first(mean) - second(mean)) / v +
                                0.5 * (log(v) - 0.5 * (first(log_variance) + second(log_variance))),
                            axis<2>);
  return materialise(exp(-distance));
}

/// sum_i f(the coefficients of the components of class variable i), f -> rank 0; tables (class values, d).
template <class B, class F>
[[nodiscard]] Variable<B, 0> sum_over_variables(Variable<B, 2> const& mean,
                                                Variable<B, 2> const& log_variance,
                                                std::span<int const> sizes, F const& f) {
  std::ptrdiff_t begin = 0;
  Variable<B, 0> total{};
  for (int const size : sizes) {
    auto const of_variable = materialise(f(bhattacharyya_coefficients(
        slice(mean, axis<0>, begin, begin + size), slice(log_variance, axis<0>, begin, begin + size))));
    total = begin == 0 ? of_variable : materialise(total + of_variable);
    begin += size;
  }
  return total;
}

/// The mean coefficient of the pairs of different components of the same class variable.
template <class C, class B>
[[nodiscard]] auto mean_coefficient(Variable<B, 2> const& mean, Variable<B, 2> const& log_variance) {
  double pairs = 0;
  for (int const size : C::sizes) pairs += static_cast<double>(size) * (size - 1);
  return sum_over_variables(mean, log_variance, C::sizes,
                            [](auto const& bc) { return sum(off_diagonal(bc)); }) *
         (1 / pairs);
}

}  // namespace disentangle::prior
