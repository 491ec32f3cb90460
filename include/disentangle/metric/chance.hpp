// SPDX-License-Identifier: Apache-2.0
// chance_level(metric, codes, factors, seed): what codes that know nothing reach under a metric, estimated by
// scoring the same codes against factors of other rows.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// The rows of a matrix in a random order, another one for each number.
template <class T>
[[nodiscard]] Matrix<T> permuted_rows(MatrixView<T const> rows, Seed seed, std::size_t number = 0) {
  Permutation const order(Philox{seed.value, stream("metric/chance"), number}, rows.rows);
  Matrix<T> result(rows.rows, rows.columns);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    auto const from = rows.row(static_cast<std::size_t>(order(i)));
    std::copy(from.begin(), from.end(), result.row(i).begin());
  }
  return result;
}

/// The mean value of a metric over `permutations` scores of codes (rows, latents) whose factors (rows,
/// factors) are those of other rows: what is left knows nothing, but is as many rows, latents and values as
/// before. Metrics of batches draw them among the rows. Costs as many scores. @throws ValueError for 0
/// permutations, and what the metric throws.
template <class M, class T>
[[nodiscard]] double chance_level(M const& metric, MatrixView<T const> codes, MatrixView<int const> factors,
                                  Seed seed, std::size_t permutations = 3) {
  if (permutations == 0) throw ValueError("chance_level: found 0 permutations, expected at least 1");
  double sum = 0;
  for (std::size_t p = 0; p < permutations; ++p) {
    Matrix<int> const other = permuted_rows(factors, seed, p);
    MatrixView<int const> const labels = other.view();
    if constexpr (requires {
                    { metric(codes, labels) } -> std::same_as<Score>;
                  }) {
      sum += metric(codes, labels).value;
    } else {
      sum += metric(ArraySource(codes, labels), seed).value;
    }
  }
  return sum / static_cast<double>(permutations);
}

}  // namespace disentangle::metric
