// SPDX-License-Identifier: Apache-2.0
// The orthogonal basis in which several symmetric matrices are as diagonal as they can be together (Cardoso,
// Souloumiac, "Jacobi angles for simultaneous diagonalization", SIAM J. Matrix Anal. Appl. 1996). Of one
// matrix it is the basis of its eigenvectors.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric::detail {

/// Turns the matrices a, all symmetric and n x n, into V^T a V and returns V, whose columns are the basis.
/// Every rotation of two axes takes the most energy out of the entries off the diagonals that a rotation of
/// these two can; it ends when no rotation takes out more than rounding. Cost O(matrices n^3) a sweep, about
/// ten sweeps.
inline Matrix<double> joint_diagonaliser(std::span<Matrix<double>> a) {
  std::size_t const n = a.empty() ? 0 : a[0].rows;
  Matrix<double> basis(n, n);
  for (std::size_t i = 0; i < n; ++i) basis(i, i) = 1;
  double energy = 0;
  for (Matrix<double> const& m : a)
    for (double const v : m.values) energy += v * v;
  double const least = 1e-26 * energy;
  bool turned = true;
  for (int sweep = 0; turned && sweep < 100; ++sweep) {
    turned = false;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        // The diagonals' energy after a turn by t is a quadratic form of (cos 2t, sin 2t) with this matrix.
        double g11 = 0, g12 = 0, g22 = 0;
        for (Matrix<double> const& m : a) {
          double const difference = m(p, p) - m(q, q), twice = 2 * m(p, q);
          g11 += difference * difference;
          g12 += difference * twice;
          g22 += twice * twice;
        }
        double const along = g11 - g22, across = 2 * g12, length = std::hypot(along, across);
        double const gain = along > 0 ? across * across / (length + along) : length - along;
        if (!(gain > least)) continue;
        turned = true;
        double const angle = std::atan2(across, along) / 4, c = std::cos(angle), s = std::sin(angle);
        auto const turn_rows = [&](Matrix<double>& m) {
          for (std::size_t i = 0; i < n; ++i) {
            double const pi = m(p, i), qi = m(q, i);
            m(p, i) = c * pi + s * qi;
            m(q, i) = c * qi - s * pi;
          }
        };
        auto const turn_columns = [&](Matrix<double>& m) {
          for (std::size_t i = 0; i < n; ++i) {
            double const ip = m(i, p), iq = m(i, q);
            m(i, p) = c * ip + s * iq;
            m(i, q) = c * iq - s * ip;
          }
        };
        for (Matrix<double>& m : a) {
          turn_rows(m);
          turn_columns(m);
        }
        turn_columns(basis);
      }
  }
  return basis;
}

}  // namespace disentangle::metric::detail
