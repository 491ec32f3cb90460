// SPDX-License-Identifier: Apache-2.0
// Equal-width histogram bins of codes, as numpy.histogram and numpy.digitize make them in
// disentanglement_lib. Definition: docs of the metrics; bins per latent between the smallest and the largest
// code seen.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric {

/// The left edges e_j = j * step + lowest, j = 0 .. bins - 1, step = (highest - lowest) / bins; where all
/// values are equal the range is widened by 0.5 on either side. The arithmetic is double; float values get
/// edges rounded to float. Throws ValueError for bins < 1, no values, or a range that overflows a double.
/// Cost O(values).
template <class T>
[[nodiscard]] std::vector<T> histogram_edges(std::span<T const> values, int bins) {
  if (bins < 1) throw ValueError("histogram: " + std::to_string(bins) + " bins, expected at least 1");
  if (values.empty()) throw ValueError("histogram: found no values, expected at least 1");
  auto const [low_at, high_at] = std::minmax_element(values.begin(), values.end());
  double low = static_cast<double>(*low_at);
  double high = static_cast<double>(*high_at);
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  double const step = (high - low) / bins;
  if (!std::isfinite(step))
    throw ValueError("histogram: range " + number_text(low) + " .. " + number_text(high) +
                     ", expected finite values whose difference is finite");
  std::vector<T> edges(static_cast<std::size_t>(bins));
  for (std::size_t j = 0; j < edges.size(); ++j) {
    // Codes on a lattice (a factor's values, rotated) sit on edges within one rounding, so the edge must be
    // rounded after the product and again after the sum. g++ fuses both into one multiply-add where the
    // processor has it (-ffp-contract=fast is its default and it ignores the pragma); a volatile product
    // forbids that everywhere.
    double const volatile product = static_cast<double>(j) * step;
    edges[j] = static_cast<T>(product + low);
  }
  return edges;
}

/// Bin 0 .. bins - 1 of every code, (samples, latents): the number of left edges <= code, less one, with the
/// edges of the code's own latent. A code on an edge belongs to the bin above it, the largest code to the
/// last bin, and all codes of a constant latent to one bin. Throws ValueError as histogram_edges. Cost
/// O(samples * latents * log bins).
template <class T>
[[nodiscard]] Matrix<int> discretise(MatrixView<T const> codes, int bins) {
  Matrix<int> binned(codes.rows, codes.columns);
  std::vector<T> column(codes.rows);
  for (std::size_t l = 0; l < codes.columns; ++l) {
    for (std::size_t i = 0; i < codes.rows; ++i) column[i] = codes(i, l);
    std::vector<T> const edges = histogram_edges<T>(column, bins);
    for (std::size_t i = 0; i < codes.rows; ++i) {
      auto const above = std::upper_bound(edges.begin(), edges.end(), column[i]);
      binned(i, l) = std::max(0, static_cast<int>(above - edges.begin()) - 1);
    }
  }
  return binned;
}

/// The same after scaling every latent to 0 .. 1 as scikit-learn's minmax_scale does, with the edges j /
/// bins: other bins than discretise's only for codes that sit on an edge. A constant latent is all zeros, one
/// bin.
[[nodiscard]] inline Matrix<int> discretise_scaled(MatrixView<double const> codes, int bins) {
  if (bins < 1) throw ValueError("histogram: " + std::to_string(bins) + " bins, expected at least 1");
  Matrix<int> binned(codes.rows, codes.columns);
  std::vector<double> edges(static_cast<std::size_t>(bins));
  double const step = 1.0 / bins;
  for (std::size_t j = 0; j < edges.size(); ++j) edges[j] = static_cast<double>(j) * step;
  for (std::size_t l = 0; l < codes.columns; ++l) {
    double low = codes(0, l);
    double high = low;
    for (std::size_t i = 0; i < codes.rows; ++i) {
      low = std::min(low, codes(i, l));
      high = std::max(high, codes(i, l));
    }
    double const scale = high == low ? 1 : 1 / (high - low);
    double const volatile shift = low * scale;
    for (std::size_t i = 0; i < codes.rows; ++i) {
      double const volatile product =
          codes(i, l) * scale;  // rounded before the difference, see histogram_edges
      auto const above = std::upper_bound(edges.begin(), edges.end(), product - shift);
      binned(i, l) = std::max(0, static_cast<int>(above - edges.begin()) - 1);
    }
  }
  return binned;
}

}  // namespace disentangle::metric
