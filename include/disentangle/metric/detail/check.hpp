// SPDX-License-Identifier: Apache-2.0
// Checks of the arrays that users hand to a metric, and the renumbering of factor values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/number_text.hpp>

namespace disentangle::metric::detail {

inline std::string extents(std::size_t rows, std::size_t columns) {
  return std::to_string(rows) + " x " + std::to_string(columns);
}

/// Throws ShapeError for an empty matrix, ValueError for a code that is NaN or infinite.
template <class T>
void check_codes(std::string_view metric, MatrixView<T const> codes) {
  std::string const who = std::string(metric) + ": ";
  if (codes.rows == 0 || codes.columns == 0 || codes.data == nullptr)
    throw ShapeError(who + "codes are " + extents(codes.rows, codes.columns) +
                     ", expected rows x latents, both above 0");
  for (std::size_t i = 0; i < codes.rows; ++i)
    for (std::size_t l = 0; l < codes.columns; ++l)
      if (!std::isfinite(codes(i, l)))
        throw ValueError(who + "code " + number_text(codes(i, l)) + " in row " + std::to_string(i) +
                         ", latent " + std::to_string(l) + ", expected a finite number");
}

/// Throws ShapeError where rows differ or are too few, or there is no factor.
inline void check_extents(std::string_view metric, std::size_t code_rows, std::size_t factor_rows,
                          std::size_t factors, std::size_t minimum_rows) {
  std::string who(metric);  // in two steps: g++ 12 takes the sum for a write beyond its end
  who += ": ";
  if (factors == 0)
    throw ShapeError(who + "factors are " + extents(factor_rows, factors) + ", expected at least one column");
  if (factor_rows != code_rows)
    throw ShapeError(who + "factors have " + std::to_string(factor_rows) + " rows, expected the " +
                     std::to_string(code_rows) + " rows of the codes");
  if (code_rows < minimum_rows)
    throw ShapeError(who + "found " + std::to_string(code_rows) + " rows, expected at least " +
                     std::to_string(minimum_rows));
}

/// Throws ValueError for a negative label (-1 is "missing"), and says why the metric does not take it where
/// there is more to say.
inline void check_label(std::string_view metric, long label, std::size_t row, std::size_t factor,
                        std::string_view why_not = {}) {
  if (label < 0)
    throw ValueError(std::string(metric) + ": label " + std::to_string(label) + " in row " +
                     std::to_string(row) + ", factor " + std::to_string(factor) +
                     ", expected 0 or more (-1 means missing: leave such rows out" +
                     (why_not.empty() ? "" : "; ") + std::string(why_not) + ")");
}

/// Both of these for a matrix of labels.
inline void check_factors(std::string_view metric, std::size_t code_rows, MatrixView<int const> factors,
                          std::size_t minimum_rows, std::string_view why_not = {}) {
  check_extents(metric, code_rows, factors.rows, factors.columns, minimum_rows);
  for (std::size_t i = 0; i < factors.rows; ++i)
    for (std::size_t k = 0; k < factors.columns; ++k) check_label(metric, factors(i, k), i, k, why_not);
}

/// Throws ShapeError where test rows have other columns than training rows.
inline void check_same_columns(std::string_view metric, std::size_t train_latents, std::size_t train_factors,
                               std::size_t test_latents, std::size_t test_factors) {
  if (train_latents != test_latents || train_factors != test_factors)
    throw ShapeError(std::string(metric) + ": test rows have " + std::to_string(test_latents) +
                     " latents and " + std::to_string(test_factors) + " factors, expected " +
                     std::to_string(train_latents) + " and " + std::to_string(train_factors) +
                     " as in the training rows");
}

/// Throws ValueError for a code that is finite in double but not in float.
template <class T>
void check_float_range(std::string_view metric, MatrixView<T const> codes) {
  for (std::size_t i = 0; i < codes.rows; ++i)
    for (std::size_t l = 0; l < codes.columns; ++l)
      if (!(std::abs(codes(i, l)) <= static_cast<T>(std::numeric_limits<float>::max())))
        throw ValueError(std::string(metric) + ": code " + number_text(codes(i, l)) + " in row " +
                         std::to_string(i) + ", latent " + std::to_string(l) +
                         ", expected a finite number in float");
}

/// Throws ValueError for a code so large that sums of squares overflow.
template <class T>
void check_square(std::string_view metric, MatrixView<T const> codes) {
  for (std::size_t i = 0; i < codes.rows; ++i)
    for (std::size_t l = 0; l < codes.columns; ++l)
      if (!(std::abs(static_cast<double>(codes(i, l))) <= 1e100))
        throw ValueError(std::string(metric) + ": code " + number_text(codes(i, l)) + " in row " +
                         std::to_string(i) + ", latent " + std::to_string(l) +
                         ", expected at most 1e100 in magnitude");
}

/// A factor's column with its distinct values renumbered 0 .. classes - 1 in ascending order.
struct Classes {
  std::vector<int> label;   ///< per row
  std::vector<int> values;  ///< the distinct values, ascending: label -> the user's integer
  std::vector<std::size_t> count;
  int size() const { return static_cast<int>(values.size()); }
};

/// The number of v among the distinct values, or -1.
inline int class_of(std::vector<int> const& values, int v) {
  auto const at = std::lower_bound(values.begin(), values.end(), v);
  return at != values.end() && *at == v ? static_cast<int>(at - values.begin()) : -1;
}

/// Renumbers column k; a ValueError where it has fewer than two values, since every metric is then undefined
/// for it.
inline Classes classes(std::string_view metric, MatrixView<int const> factors, std::size_t k) {
  Classes c;
  c.label.resize(factors.rows);
  for (std::size_t i = 0; i < factors.rows; ++i) c.label[i] = factors(i, k);
  c.values = c.label;
  std::sort(c.values.begin(), c.values.end());
  c.values.erase(std::unique(c.values.begin(), c.values.end()), c.values.end());
  if (c.values.size() < 2)
    throw ValueError(std::string(metric) + ": factor " + std::to_string(k) + " takes only the value " +
                     std::to_string(c.values.empty() ? 0 : c.values[0]) + " in " +
                     std::to_string(factors.rows) +
                     " rows, expected at least 2 values (leave constant factors out)");
  c.count.assign(c.values.size(), 0);
  for (int& label : c.label) {
    label = class_of(c.values, label);
    ++c.count[static_cast<std::size_t>(label)];
  }
  return c;
}

/// The view's rows first .. first + count - 1.
template <class T>
MatrixView<T> rows(MatrixView<T> view, std::size_t first, std::size_t count) {
  return {view.data + first * view.columns, count, view.columns};
}

/// The number of training rows of a split at two thirds, or the given number checked. Throws ShapeError.
inline std::size_t check_split(std::string_view metric, std::size_t all, std::size_t train) {
  if (train < 1 || train >= all)
    throw ShapeError(std::string(metric) + ": " + std::to_string(train) + " training rows of " +
                     std::to_string(all) + ", expected at least 1 training row and 1 test row");
  return train;
}

}  // namespace disentangle::metric::detail
