// SPDX-License-Identifier: Apache-2.0
// What a metric that takes missing labels must do: score every factor as it scores that factor alone, on the
// rows that have it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/metric_laws.hpp"

namespace disentangle::test {

/// Rows first .. last - 1 that have a label of factor k (-1: all factors, missing or not), with that factor
/// alone.
inline Labelled rows_with(Labelled const& all, int k, std::size_t first, std::size_t last) {
  std::size_t const columns = k < 0 ? all.factors.columns : 1;
  Labelled part{metric::Matrix<double>(0, all.codes.columns), metric::Matrix<int>(0, columns)};
  for (std::size_t i = first; i < last; ++i) {
    if (k >= 0 && all.factors(i, static_cast<std::size_t>(k)) < 0) continue;
    for (double const z : all.codes.row(i)) part.codes.values.push_back(z);
    for (std::size_t j = 0; j < columns; ++j)
      part.factors.values.push_back(all.factors(i, k < 0 ? j : static_cast<std::size_t>(k)));
    ++part.codes.rows;
    ++part.factors.rows;
  }
  return part;
}

/// Codes and factors of which factor 1 lacks every fifth label and factor 2 every third.
inline Labelled partly_labelled(std::size_t rows, std::uint64_t seed) {
  Labelled s = axis_aligned(rows, 0.3, seed);
  for (std::size_t i = 0; i < rows; ++i) {
    if (i % 5 == 2) s.factors(i, 1) = -1;
    if (i % 3 == 1) s.factors(i, 2) = -1;
  }
  return s;
}

/// A score with missing labels, and those of each factor alone.
struct PartlyLabelledScores {
  metric::Score all;
  std::vector<metric::Score> alone;

  /// Metrics of rows, and those that train on the first two thirds.
  template <class Metric>
  explicit PartlyLabelledScores(Metric const& score) {
    constexpr std::size_t rows = 240, split = 160;
    Labelled const data = partly_labelled(rows, 3);
    if constexpr (requires { score.num_test; }) {
      all = score(data.codes, data.factors, split);
      for (int k = 0; k < 3; ++k) {
        Labelled const train = rows_with(data, k, 0, split), test = rows_with(data, k, split, rows);
        alone.push_back(score(train.codes, train.factors, test.codes, test.factors));
      }
    } else {
      all = score(data.codes, data.factors);
      for (int k = 0; k < 3; ++k) {
        Labelled const known = rows_with(data, k, 0, rows);
        alone.push_back(score(known.codes, known.factors));
      }
    }
  }

  /// Whether the table's column of every factor is that of the factor alone.
  bool alike(std::string const& table) const {
    metric::Matrix<double> const& found = all.table(table);
    for (std::size_t k = 0; k < 3; ++k) {
      metric::Matrix<double> const& expected = alone[k].table(table);
      bool const per_factor = found.columns == 1;  // a vector over factors
      for (std::size_t i = 0; i < (per_factor ? 1 : found.rows); ++i)
        if ((per_factor ? found(k, 0) : found(i, k)) != expected(i, 0)) return false;
    }
    return true;
  }
  double mean_alone() const { return (alone[0].value + alone[1].value + alone[2].value) / 3; }
  double mean_alone(std::string const& part) const {
    return (alone[0].part(part) + alone[1].part(part) + alone[2].part(part)) / 3;
  }
};

}  // namespace disentangle::test
