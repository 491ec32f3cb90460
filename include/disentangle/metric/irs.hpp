// SPDX-License-Identifier: Apache-2.0
// Interventional robustness score (Suter, Miladinovic, Schoelkopf, Bauer, "Robustly disentangled causal
// mechanisms", ICML 2019).
//   d(l, k) = mean over values v of factor k of the q-quantile of |z_l - mean z_l| among rows with y_k = v
//   IRS(l, k) = 1 - d(l, k) / M_l,  M_l = max |z_l - mean z_l| over all rows
//   IRS_l = max over k of IRS(l, k),  IRS = sum M_l IRS_l / sum M_l
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/covariance.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// At most 1, higher is better: 1 where every latent is settled by one factor alone, however the other
/// factors vary. Can be below 0 for codes that know nothing. Meant for crossed factors without noise. Latents
/// count by their largest deviation, so the score depends on their scales and one wild latent decides it. A
/// constant latent is left out (rows of 0 in the tables); where all are constant the value is 0. Factors are
/// cut into equal-width bins, and may then be real numbers.
/// - disentanglement_lib: quantile 0.99, 20 bins.
/// - paper: quantile 1, that is, the maximum, 20 bins.
/// - ubisoft: quantile 1, the factors' values as they are.
struct Irs {
  static constexpr std::string_view name = "irs";
  static constexpr std::string_view needs_all_labels =
      "deviations given a factor are compared with a latent's largest deviation, over the same rows for "
      "every factor";
  static constexpr Definition definitions[] = {definition::disentanglement_lib, definition::paper,
                                               definition::ubisoft};

  std::optional<double> quantile = {};  ///< of the deviations, in (0, 1]; without it the definition's
  std::optional<int> bins = {};         ///< of the factors; 0: their values as they are
  std::size_t num_train = 10000;        ///< points drawn from a source; all rows of arrays are used
  Definition definition = definitions[0];

  /// irs(codes, factors) or irs(source, seed). Throws ShapeError for unequal rows or fewer than 2; ValueError
  /// for a code that is not finite or whose square overflows, a missing factor value, a factor with a single
  /// value, bins < 0, a quantile outside (0, 1].
  template <class... Data>
    requires detail::scores_from<Irs, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    detail::check_square<double>(name, rows.codes.view());
    double const q = quantile.value_or(definition == definition::disentanglement_lib ? 0.99 : 1);
    if (!(q > 0 && q <= 1))
      throw ValueError("irs: quantile is " + number_text(q) + ", expected above 0, at most 1");
    int const factor_bins = bins.value_or(definition == definition::ubisoft ? 0 : 20);
    if (factor_bins < 0)
      throw ValueError("irs: " + std::to_string(factor_bins) + " bins, expected 0 or more");
    detail::check_varied(name, rows);
    Matrix<int> const factors = factor_bins > 0 ? discretise<double>(rows.factors.view(), factor_bins)
                                                : detail::labels_of(name, rows);
    std::size_t const latents = rows.latents();
    Matrix<double> robustness(latents, rows.factor_count());
    std::vector<double> deviation(latents);
    std::vector<double> per_latent(latents);
    std::vector<double> parent(latents);
    double sum = 0;
    double weight = 0;
    double active = 0;
    for (std::size_t l = 0; l < latents; ++l) {
      std::vector<double> const code = detail::column_of(rows.codes, l);
      if (std::all_of(code.begin(), code.end(), [&](double z) { return z == code[0]; })) continue;
      active += 1;
      for (double d : deviations(code)) deviation[l] = std::max(deviation[l], d);
      for (std::size_t k = 0; k < robustness.columns; ++k) {
        detail::Classes const values = detail::classes(name, factors.view(), k);
        std::vector<std::vector<double>> groups(values.values.size());
        for (std::size_t i = 0; i < code.size(); ++i)
          groups[static_cast<std::size_t>(values.label[i])].push_back(code[i]);
        double mean_deviation = 0;
        for (std::vector<double> const& group : groups)
          mean_deviation += quantile_of(deviations(group), q) / static_cast<double>(groups.size());
        robustness(l, k) = 1 - mean_deviation / deviation[l];
      }
      auto const row = robustness.row(l);
      auto const best = std::max_element(row.begin(), row.end());
      per_latent[l] = *best;
      parent[l] = static_cast<double>(best - row.begin());
      sum += deviation[l] * per_latent[l];
      weight += deviation[l];
    }

    Score s = detail::begin_score(name, definition, rows, weight > 0 ? sum / weight : 0);
    s.parts.emplace_back("active_latents", active);
    s.settings.insert(s.settings.end(), {{"quantile", q}, {"factor_bins", static_cast<double>(factor_bins)}});
    s.tables = {Table::vector("irs_per_latent", "latent", std::move(per_latent)),
                Table::vector("parent", "latent", std::move(parent)),
                Table::vector("largest_deviation", "latent", std::move(deviation)),
                {"robustness", "latent", "factor", std::move(robustness)}};
    return s;
  }

  /// |value - mean| of each.
  [[nodiscard]] static std::vector<double> deviations(std::vector<double> values) {
    double sum = 0;
    for (double v : values) sum += v;
    double const mean = sum / static_cast<double>(values.size());
    for (double& v : values) v = std::abs(v - mean);
    return values;
  }

  /// Linear interpolation between order statistics, at position q (n - 1).
  [[nodiscard]] static double quantile_of(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    double const position = q * static_cast<double>(values.size() - 1);
    std::size_t const below = static_cast<std::size_t>(position);
    double const above = values[std::min(below + 1, values.size() - 1)];
    return values[below] + (position - static_cast<double>(below)) * (above - values[below]);
  }
};

}  // namespace disentangle::metric
