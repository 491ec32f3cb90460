// SPDX-License-Identifier: Apache-2.0
// Covariance of codes, and eigenvalues of symmetric matrices.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric::detail {

/// The covariance (divisor n - 1) of the columns of (rows, columns) values; exactly 0 for a constant column,
/// because values are taken relative to the first row.
inline Matrix<double> covariance(MatrixView<double const> x) {
  std::size_t const d = x.columns;
  double const n = static_cast<double>(x.rows);
  std::vector<double> mean(d);
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = 0; j < d; ++j) mean[j] += x(i, j) - x(0, j);
  for (double& m : mean) m /= n;
  Matrix<double> c(d, d);
  std::vector<double> centred(d);
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t j = 0; j < d; ++j) centred[j] = x(i, j) - x(0, j) - mean[j];
    for (std::size_t j = 0; j < d; ++j)
      for (std::size_t m = 0; m <= j; ++m) c(j, m) += centred[j] * centred[m];
  }
  for (std::size_t j = 0; j < d; ++j)
    for (std::size_t m = 0; m <= j; ++m) c(m, j) = c(j, m) /= n - 1;
  return c;
}

/// The eigenvalues of a symmetric matrix in no particular order, by Jacobi's rotations.
inline std::vector<double> symmetric_eigenvalues(Matrix<double> a) {
  std::size_t const n = a.rows;
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0;
    double all = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) (i == j ? all : off) += a(i, j) * a(i, j);
    if (off <= 1e-32 * all) break;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a(p, q) == 0) continue;
        double const theta = (a(q, q) - a(p, p)) / (2 * a(p, q));
        double const t = (theta < 0 ? -1 : 1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        double const c = 1 / std::sqrt(t * t + 1);
        double const s = t * c;
        for (std::size_t i = 0; i < n; ++i) {
          double const ip = a(i, p);
          double const iq = a(i, q);
          a(i, p) = c * ip - s * iq;
          a(i, q) = s * ip + c * iq;
        }
        for (std::size_t i = 0; i < n; ++i) {
          double const pi = a(p, i);
          double const qi = a(q, i);
          a(p, i) = c * pi - s * qi;
          a(q, i) = s * pi + c * qi;
        }
      }
  }
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = a(i, i);
  return values;
}

/// ln det of a positive definite matrix, by Cholesky's factors; minus infinity where a pivot is below `least`
/// times its diagonal entry, that is, where a column depends on those before it.
inline double log_determinant(Matrix<double> a, double least) {
  double sum = 0;
  for (std::size_t j = 0; j < a.rows; ++j) {
    double const diagonal = a(j, j);
    double pivot = diagonal;
    for (std::size_t m = 0; m < j; ++m) pivot -= a(j, m) * a(j, m);
    if (!(pivot > least * diagonal)) return -INFINITY;
    sum += std::log(pivot);
    double const root = std::sqrt(pivot);
    a(j, j) = root;
    for (std::size_t i = j + 1; i < a.rows; ++i) {
      for (std::size_t m = 0; m < j; ++m) a(i, j) -= a(i, m) * a(j, m);
      a(i, j) /= root;
    }
  }
  return sum;
}

}  // namespace disentangle::metric::detail
