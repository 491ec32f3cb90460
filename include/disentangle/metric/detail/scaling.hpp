// SPDX-License-Identifier: Apache-2.0
// Standardising columns, or scaling them to 0 .. 1, with numbers taken from the training rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric::detail {

/// A column less its shift, divided by its scale; a scale of 0 counts as 1.
struct Scaling {
  std::vector<double> shift;
  std::vector<double> scale;

  /// Mean and standard deviation (divisor n).
  static Scaling standard(Matrix<double> const& m) {
    Scaling s{std::vector<double>(m.columns), std::vector<double>(m.columns)};
    double const n = static_cast<double>(m.rows);
    for (std::size_t j = 0; j < m.columns; ++j) {
      double mean = 0;
      double squares = 0;
      for (std::size_t i = 0; i < m.rows; ++i) mean += (m(i, j) - m(0, j)) / n;
      for (std::size_t i = 0; i < m.rows; ++i)
        squares += (m(i, j) - m(0, j) - mean) * (m(i, j) - m(0, j) - mean) / n;
      s.shift[j] = m(0, j) + mean;
      s.scale[j] = std::sqrt(squares);
    }
    return s;
  }
  /// Smallest value and range.
  static Scaling range(Matrix<double> const& m) {
    Scaling s{std::vector<double>(m.columns), std::vector<double>(m.columns)};
    for (std::size_t j = 0; j < m.columns; ++j) {
      double low = m(0, j);
      double high = low;
      for (std::size_t i = 0; i < m.rows; ++i) {
        low = std::min(low, m(i, j));
        high = std::max(high, m(i, j));
      }
      s.shift[j] = low;
      s.scale[j] = high - low;
    }
    return s;
  }

  Matrix<double> operator()(Matrix<double> m) const {
    for (std::size_t i = 0; i < m.rows; ++i)
      for (std::size_t j = 0; j < m.columns; ++j)
        m(i, j) = (m(i, j) - shift[j]) / (scale[j] == 0 ? 1 : scale[j]);
    return m;
  }
};

}  // namespace disentangle::metric::detail
