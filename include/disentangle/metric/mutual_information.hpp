// SPDX-License-Identifier: Apache-2.0
// Plug-in entropy and mutual information of integer labels, in nats: the estimator of scikit-learn's
// mutual_info_score. Biased upwards by about (a - 1)(b - 1) / (2 n) for a and b distinct values and n
// samples.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric {

namespace detail {

/// Labels renumbered 0 .. n - 1 in ascending order, and n.
struct Renumbered {
  std::vector<int> label;
  std::size_t size = 0;
};

inline Renumbered renumber(std::span<int const> labels) {
  Renumbered r{{labels.begin(), labels.end()}, 0};
  std::vector<int> values = r.label;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  r.size = values.size();
  for (int& label : r.label)
    label = static_cast<int>(std::lower_bound(values.begin(), values.end(), label) - values.begin());
  return r;
}

inline std::vector<Renumbered> renumber_columns(MatrixView<int const> labels) {
  std::vector<Renumbered> columns;
  std::vector<int> column(labels.rows);
  for (std::size_t j = 0; j < labels.columns; ++j) {
    for (std::size_t i = 0; i < labels.rows; ++i) column[i] = labels(i, j);
    columns.push_back(renumber(column));
  }
  return columns;
}

inline double mutual_information(Renumbered const& a, Renumbered const& b) {
  std::vector<std::size_t> joint(a.size * b.size, 0);
  std::vector<std::size_t> in_a(a.size, 0);
  std::vector<std::size_t> in_b(b.size, 0);
  for (std::size_t i = 0; i < a.label.size(); ++i) {
    auto const x = static_cast<std::size_t>(a.label[i]);
    auto const y = static_cast<std::size_t>(b.label[i]);
    ++joint[x * b.size + y];
    ++in_a[x];
    ++in_b[y];
  }
  double const n = static_cast<double>(a.label.size());
  double information = 0;
  for (std::size_t x = 0; x < a.size; ++x)
    for (std::size_t y = 0; y < b.size; ++y)
      if (double const c = static_cast<double>(joint[x * b.size + y]); c > 0)
        information +=
            c / n * std::log(c * n / (static_cast<double>(in_a[x]) * static_cast<double>(in_b[y])));
  return std::max(0.0, information);
}

}  // namespace detail

/// H = -sum p ln p of the labels' frequencies (any integers), nats, 0 for constant labels. Throws ShapeError
/// without labels.
[[nodiscard]] inline double entropy(std::span<int const> labels) {
  if (labels.empty()) throw ShapeError("entropy: found no labels, expected at least 1");
  detail::Renumbered const r = detail::renumber(labels);
  return detail::mutual_information(r, r);
}

/// I(a; b) = sum p(a, b) ln[p(a, b) / (p(a) p(b))] of two columns of labels (any integers), nats, never below
/// 0. Throws ShapeError where they are empty or differ in length.
[[nodiscard]] inline double mutual_information(std::span<int const> a, std::span<int const> b) {
  if (a.empty() || a.size() != b.size())
    throw ShapeError("mutual_information: " + std::to_string(a.size()) + " and " + std::to_string(b.size()) +
                     " labels, expected equal numbers above 0");
  return detail::mutual_information(detail::renumber(a), detail::renumber(b));
}

/// H of every column of (samples, columns) labels.
[[nodiscard]] inline std::vector<double> entropies(MatrixView<int const> labels) {
  std::vector<double> h;
  for (detail::Renumbered const& column : detail::renumber_columns(labels))
    h.push_back(detail::mutual_information(column, column));
  return h;
}

/// I(column of a; column of b) for every pair, (columns of a, columns of b): with a = discretise(codes, bins)
/// and b the factors, the latents x factors matrix that MIG, MIG-sup, modularity and MED start from. Throws
/// ShapeError where the numbers of rows differ or are 0. Cost O(samples * columns of a * columns of b).
[[nodiscard]] inline Matrix<double> mutual_information_matrix(MatrixView<int const> a,
                                                              MatrixView<int const> b) {
  if (a.rows == 0 || a.rows != b.rows)
    throw ShapeError("mutual_information_matrix: " + std::to_string(a.rows) + " and " +
                     std::to_string(b.rows) + " rows, expected equal numbers above 0");
  auto const as = detail::renumber_columns(a);
  auto const bs = detail::renumber_columns(b);
  Matrix<double> m(a.columns, b.columns);
  for (std::size_t l = 0; l < as.size(); ++l)
    for (std::size_t k = 0; k < bs.size(); ++k) m(l, k) = detail::mutual_information(as[l], bs[k]);
  return m;
}

}  // namespace disentangle::metric
