// SPDX-License-Identifier: Apache-2.0
// What accuracies of classifiers on features (weighted neighbours, linear probe) have in common: features as
// matrices of float or double without a copy, labels renumbered, and how often the right class is the first
// or among the first five.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric::detail {

/// Features of training and test rows with their labels, (rows, features) and (rows, factors).
template <class T>
struct LabelledFeatures {
  MatrixView<T const> train;
  MatrixView<int const> train_labels;
  MatrixView<T const> test;
  MatrixView<int const> test_labels;

  /// Throws ShapeError and ValueError for whatever does not fit.
  void check(std::string_view metric) const {
    check_codes<T>(metric, train);
    check_factors(metric, train.rows, train_labels, 2);
    check_codes<T>(metric, test);
    check_factors(metric, test.rows, test_labels, 1);
    check_same_columns(metric, train.columns, train_labels.columns, test.columns, test_labels.columns);
  }
};

/// One column of labels as a matrix.
inline MatrixView<int const> label_column(std::span<int const> labels) {
  return {labels.data(), labels.size(), 1};
}

/// Factor k's classes among the training rows, and the class of every test row: -1 for a value that no
/// training row has, which no classifier can get right.
struct FeatureClasses {
  Classes train;
  std::vector<int> test;

  template <class T>
  FeatureClasses(std::string_view metric, LabelledFeatures<T> const& data, std::size_t k)
      : train(classes(metric, data.train_labels, k)), test(data.test.rows) {
    for (std::size_t i = 0; i < test.size(); ++i) test[i] = class_of(train.values, data.test_labels(i, k));
  }
};

/// How many of the classes come before `right` when the largest score comes first and of equals the smallest
/// class.
template <class T>
std::size_t place_of(std::span<T const> scores, int right) {
  auto const own = static_cast<std::size_t>(right);
  std::size_t before = 0;
  for (std::size_t c = 0; c < scores.size(); ++c)
    before += scores[c] > scores[own] || (scores[c] == scores[own] && c < own);
  return before;
}

/// Rows whose class is the first, and among the first five.
struct TopCounts {
  std::size_t first = 0;
  std::size_t first_five = 0;

  /// One more row of these scores; right is its class, or -1.
  template <class T>
  void add(std::span<T const> scores, int right) {
    if (right < 0) return;
    std::size_t const place = place_of(scores, right);
    first += place < 1;
    first_five += place < 5;
  }
};

}  // namespace disentangle::metric::detail
