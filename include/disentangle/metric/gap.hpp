// SPDX-License-Identifier: Apache-2.0
// The distance between the best and the second best latent of a factor: what MIG, SAP and their kin average.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <disentangle/core/matrix_view.hpp>

namespace disentangle::metric {

/// Largest less second largest entry of every column of a (latents, factors) matrix of scores >= 0. With a
/// single latent the runner-up counts as 0.
[[nodiscard]] inline std::vector<double> gaps(MatrixView<double const> scores) {
  std::vector<double> gap(scores.columns, 0);
  for (std::size_t k = 0; k < scores.columns; ++k) {
    double best = 0;
    double second = 0;
    for (std::size_t l = 0; l < scores.rows; ++l) {
      double const s = scores(l, k);
      second = std::max(second, std::min(best, s));
      best = std::max(best, s);
    }
    gap[k] = best - second;
  }
  return gap;
}

/// Arithmetic mean, 0 of nothing.
[[nodiscard]] inline double mean(std::vector<double> const& values) {
  double sum = 0;
  for (double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/// With divisor n - 1; 0 of fewer than two.
[[nodiscard]] inline double standard_deviation(std::vector<double> const& values) {
  if (values.size() < 2) return 0;
  double const centre = mean(values);
  double squares = 0;
  for (double v : values) squares += (v - centre) * (v - centre);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace disentangle::metric
