// SPDX-License-Identifier: Apache-2.0
// probe_accuracy(): how well a linear classifier reads a label from some columns of codes.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/detail/logistic_regression.hpp>

namespace disentangle::metric {

/// Accuracy of a linear probe for `labels` (0 .. classes - 1) on x, (labels, columns): multinomial logistic
/// regression, L2 with C = 1, on columns standardised by the training rows. The first half of the rows
/// trains, the other is scored.
/// @param threads 0: all of the machine; the accuracy does not depend on it
[[nodiscard]] inline double probe_accuracy(std::vector<double> x, std::size_t columns,
                                           std::span<int const> labels, int classes, unsigned threads) {
  std::size_t const rows = labels.size(), train = rows / 2;
  for (std::size_t c = 0; c < columns; ++c) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < train; ++i) mean += x[i * columns + c] / static_cast<double>(train);
    for (std::size_t i = 0; i < train; ++i) {
      double const d = x[i * columns + c] - mean;
      square += d * d / static_cast<double>(train);
    }
    double const scale = square > 0 ? 1 / std::sqrt(square) : 0;
    for (std::size_t i = 0; i < rows; ++i) x[i * columns + c] = (x[i * columns + c] - mean) * scale;
  }
  detail::LogisticRegression const probe(MatrixView<double const>(x.data(), train, columns),
                                         labels.first(train), classes, {.threads = threads});
  std::size_t right = 0;
  for (std::size_t i = train; i < rows; ++i) {
    right += probe.predict(std::span(x).subspan(i * columns, columns)) == labels[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(rows - train);
}

}  // namespace disentangle::metric
