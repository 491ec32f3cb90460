// SPDX-License-Identifier: Apache-2.0
// Rows of codes and factors as metrics of single rows see them, whatever the user's number types: their
// checks, their labels.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/discretiser.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/matrix_like.hpp>
#include <disentangle/metric/random.hpp>

namespace disentangle::metric::detail {

/// Rows as metrics see them, whatever the user's number types.
struct Rows {
  Matrix<double> codes;    // (rows, latents)
  Matrix<double> factors;  // (rows, factors)
  bool single = false;     // codes came in single precision: edges of bins are rounded to it
  bool whole = true;       // factors came as integers

  std::size_t size() const { return codes.rows; }
  std::size_t latents() const { return codes.columns; }
  std::size_t factor_count() const { return factors.columns; }
  /// Whether the row has no value of the factor: -1 among labels, NaN among real numbers.
  bool missing(std::size_t row, std::size_t factor) const {
    double const value = factors(row, factor);
    return whole ? value == -1 : std::isnan(value);
  }
};

template <matrix_like C, matrix_like F>
Rows rows_of(C const& codes, F const& factors) {
  return {copy_of<double>(codes), copy_of<double>(factors), std::is_same_v<value_of<C>, float>,
          std::is_integral_v<value_of<F>>};
}

/// n independent points of the source, labels as integers.
template <factor_source Source>
Rows draw_rows(Source const& source, std::size_t n, random_integers auto& rng) {
  Rows rows;
  rows.codes = Matrix<double>(n, source.latents());
  std::vector<std::size_t> points(n);
  source.draw(rng, points);
  Matrix<int> labels(n, source.factors().size());
  source.labels(points, labels.view());
  rows.factors = Matrix<double>(labels.rows, labels.columns);
  for (std::size_t i = 0; i < labels.values.size(); ++i) rows.factors.values[i] = labels.values[i];
  source.encode(points, rows.codes.view());
  return rows;
}

inline Rows part_of(Rows const& all, std::size_t first, std::size_t count) {
  auto const cut = [&](Matrix<double> const& m) {
    Matrix<double> part(count, m.columns);
    for (std::size_t i = 0; i < part.values.size(); ++i) part.values[i] = m.values[first * m.columns + i];
    return part;
  };
  return {cut(all.codes), cut(all.factors), all.single, all.whole};
}

/// What a metric says of missing labels.
struct MissingLabels {
  bool accepted = false;
  std::string_view why_not = {};  ///< where they are not
};

/// Checks codes, factors and their numbers of rows: see check_codes and check_factors.
inline void check_rows(std::string_view metric, Rows const& rows, std::size_t minimum_rows,
                       MissingLabels labels = {}) {
  check_codes<double>(metric, rows.codes.view());
  check_extents(metric, rows.size(), rows.factors.rows, rows.factors.columns, minimum_rows);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < rows.factor_count(); ++k) {
      double const value = rows.factors(i, k);
      if (labels.accepted && rows.missing(i, k)) continue;
      if (labels.accepted && rows.whole && value < 0)
        throw ValueError(std::string(metric) + ": label " + std::to_string(static_cast<long>(value)) +
                         " in row " + std::to_string(i) + ", factor " + std::to_string(k) +
                         ", expected 0 or more, or -1 where it is missing");
      if (rows.whole) {
        check_label(metric, static_cast<long>(value), i, k, labels.why_not);
      } else if (!std::isfinite(value)) {
        throw ValueError(std::string(metric) + ": factor value " + number_text(value) + " in row " +
                         std::to_string(i) + ", factor " + std::to_string(k) +
                         ", expected a finite number (NaN means missing: leave such rows out" +
                         (labels.why_not.empty() ? "" : "; ") + std::string(labels.why_not) + ")");
      }
    }
}

/// The factors as labels. Throws ValueError for a value that is no whole number from 0: definitions that
/// count the values of a factor need them.
inline Matrix<int> labels_of(std::string_view metric, Rows const& rows) {
  Matrix<int> labels(rows.factors.rows, rows.factors.columns);
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    double const value = rows.factors.values[i];
    if (!(value >= 0 && value <= 2147483647.0 && std::floor(value) == value))
      throw ValueError(std::string(metric) + ": factor value " + number_text(value) + " in row " +
                       std::to_string(i / labels.columns) + ", factor " + std::to_string(i % labels.columns) +
                       ", expected whole numbers from 0: this definition counts the values of a factor "
                       "(metric::discretise bins a continuous one)");
    labels.values[i] = static_cast<int>(value);
  }
  return labels;
}

/// The labels, each factor having at least two values.
inline Matrix<int> varied_labels_of(std::string_view metric, Rows const& rows) {
  Matrix<int> const labels = labels_of(metric, rows);
  for (std::size_t k = 0; k < labels.columns; ++k) (void)classes(metric, labels.view(), k);
  return labels;
}

/// Throws ValueError for a factor of a single value, whether or not factors are whole numbers.
inline void check_varied(std::string_view metric, Rows const& rows) {
  for (std::size_t k = 0; k < rows.factor_count(); ++k) {
    std::size_t i = 1;
    while (i < rows.size() && rows.factors(i, k) == rows.factors(0, k)) ++i;
    if (i == rows.size())
      throw ValueError(std::string(metric) + ": factor " + std::to_string(k) + " takes only the value " +
                       (rows.whole ? std::to_string(static_cast<long>(rows.factors(0, k)))
                                   : number_text(rows.factors(0, k))) +
                       " in " + std::to_string(rows.size()) +
                       " rows, expected at least 2 values (leave constant factors out)");
  }
}

/// A column of a matrix.
inline std::vector<double> column_of(Matrix<double> const& m, std::size_t j) {
  std::vector<double> column(m.rows);
  for (std::size_t i = 0; i < m.rows; ++i) column[i] = m(i, j);
  return column;
}

/// Equal-width bins per latent, with edges in the precision in which the codes came.
inline Matrix<int> binned_codes(Rows const& rows, int bins) {
  if (!rows.single) return discretise<double>(rows.codes.view(), bins);
  Matrix<float> const codes = copy_of<float>(rows.codes);
  return discretise<float>(codes.view(), bins);
}

}  // namespace disentangle::metric::detail
