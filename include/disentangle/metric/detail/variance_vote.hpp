// SPDX-License-Identifier: Apache-2.0
// The votes that the FactorVAE score and RF-VAE's metrics share: which latent varies least, or most, within a
// batch, relative to its variance over the data, and the classifier that takes the majority of such votes.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric::detail {

/// Variance of every column of the rows, with divisor rows - ddof; exactly 0 for a constant column, whose
/// mean may not be representable, because values are taken relative to the first row.
inline void column_variances(MatrixView<double const> codes, std::span<double> out, std::size_t ddof = 1) {
  double const n = static_cast<double>(codes.rows);
  for (std::size_t l = 0; l < codes.columns; ++l) {
    double const origin = codes(0, l);
    double sum = 0;
    for (std::size_t i = 0; i < codes.rows; ++i) sum += codes(i, l) - origin;
    double const mean = sum / n;
    double squares = 0;
    for (std::size_t i = 0; i < codes.rows; ++i) {
      double const d = codes(i, l) - origin - mean;
      squares += d * d;
    }
    out[l] = squares / static_cast<double>(codes.rows - ddof);
  }
}

/// 1 for every latent that varies and whose standard deviation is at least the threshold.
inline std::vector<double> active_latents(std::span<double const> variance, double threshold) {
  std::vector<double> active(variance.size());
  for (std::size_t l = 0; l < variance.size(); ++l)
    active[l] = variance[l] > 0 && std::sqrt(variance[l]) >= threshold ? 1 : 0;
  return active;
}

/// The factor with most of a latent's (factors, latents) votes, the lowest of equals.
inline std::size_t majority(Matrix<double> const& votes, std::size_t latent) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < votes.rows; ++k)
    if (votes(k, latent) > votes(best, latent)) best = k;
  return best;
}

}  // namespace disentangle::metric::detail
