// SPDX-License-Identifier: Apache-2.0
// Disentanglement and completeness of an importance matrix, whatever predictor or estimator it came from
// (Eastwood and Williams, ICLR 2018, section 3, as disentanglement_lib computes them).
//   disentanglement of latent l  = 1 - H_K(R[l, :]),  weighted by the latent's share of all importance
//   completeness of factor k     = 1 - H_L(R[:, k]),  weighted by the factor's share
// where H_B is the entropy to the base B of the row or column, 1e-11 added to each entry, normalised to sum
// 1.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <disentangle/core/matrix_view.hpp>

namespace disentangle::metric {

/// The weighted mean and the entries that it averages.
struct Concentration {
  double value = 0;
  std::vector<double> each;    ///< 1 - normalised entropy, per latent or per factor, in [0, 1]
  std::vector<double> weight;  ///< sums to 1
};

namespace detail {

inline double concentration(std::vector<double> entries) {
  if (entries.size() < 2)
    return 1;  // one candidate: nothing to be spread over (the base-1 logarithm is undefined)
  double sum = 0;
  for (double& e : entries) sum += e += 1e-11;
  double entropy = 0;
  for (double e : entries) entropy -= e / sum * std::log(e / sum);
  return 1 - entropy / std::log(static_cast<double>(entries.size()));
}

inline Concentration weighted(std::vector<double> each, std::vector<double> weight) {
  double sum = 0;
  for (double w : weight) sum += w;
  Concentration c{0, std::move(each), std::move(weight)};
  for (std::size_t i = 0; i < c.each.size(); ++i) {
    c.weight[i] = sum == 0 ? 1.0 / static_cast<double>(c.each.size()) : c.weight[i] / sum;
    c.value += c.weight[i] * c.each[i];
  }
  return c;
}

}  // namespace detail

/// Disentanglement of a (latents, factors) matrix of importances >= 0: 1 where every latent that matters
/// matters for one factor only. A latent without importance has weight 0; all weights are equal where the
/// matrix is zero.
[[nodiscard]] inline Concentration disentanglement(MatrixView<double const> importance) {
  std::vector<double> each;
  std::vector<double> weight;
  for (std::size_t l = 0; l < importance.rows; ++l) {
    std::vector<double> entries(importance.row(l).begin(), importance.row(l).end());
    double sum = 0;
    for (double e : entries) sum += e;
    weight.push_back(sum);
    each.push_back(detail::concentration(std::move(entries)));
  }
  return detail::weighted(std::move(each), std::move(weight));
}

/// Completeness of a (latents, factors) matrix of importances >= 0: 1 where every factor is captured by one
/// latent.
[[nodiscard]] inline Concentration completeness(MatrixView<double const> importance) {
  std::vector<double> each;
  std::vector<double> weight;
  for (std::size_t k = 0; k < importance.columns; ++k) {
    std::vector<double> entries(importance.rows);
    double sum = 0;
    for (std::size_t l = 0; l < importance.rows; ++l) sum += entries[l] = importance(l, k);
    weight.push_back(sum);
    each.push_back(detail::concentration(std::move(entries)));
  }
  return detail::weighted(std::move(each), std::move(weight));
}

}  // namespace disentangle::metric
