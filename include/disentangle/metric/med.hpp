// SPDX-License-Identifier: Apache-2.0
// MED and top-k MED (Cao, Nai, Yang, et al., "An empirical study on disentanglement of negative-free
// contrastive learning", NeurIPS 2022): DCI without a predictor. The importance of a latent for a factor is
// its share of all latents' information:
//   R(l, k) = I(z_l; y_k) / sum over latents of I(.; y_k)
// Disentanglement and completeness of R are those of importance.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/importance.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// The value is disentanglement, in [0, 1], higher is better; the part completeness too. Deterministic and
/// cheap. Biased: the plug-in bias of I spreads every column, so that perfect codes score below 1 (0.94 on
/// 1,400 rows); more rows raise it. The parts top_k_disentanglement and top_k_completeness are of fewer
/// latents: sorted by their own disentanglement, each belongs to its best factor, and the first `top_k` of
/// every factor are kept; for codes with many more latents than factors. Informativeness is the metric
/// downstream_accuracy. A factor of which nothing is known spreads evenly. Errors as Mig.
struct Med {
  static constexpr std::string_view name = "med";
  static constexpr std::string_view one_factor =
      "every latent that knows the factor is disentangled by definition";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::paper};

  std::optional<int> bins = {};   ///< per latent; without it the definition's
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  std::size_t top_k = 1;          ///< latents kept for each factor
  Definition definition = definitions[0];

  /// As Mig: med(codes, factors) or (source, seed), with the same errors.
  template <class... Data>
    requires detail::scores_from<Med, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    detail::check_count(name, "top_k", top_k, 1);
    auto table = detail::information_table(name, rows, bins.value_or(20));
    Score s = detail::begin_score(name, definition, rows, std::move(table), 0, "latent", {});
    s.settings.emplace_back("top_k", static_cast<double>(top_k));
    s.choices.emplace_back("importance", "share of the factor's information");
    summarise(s);
    return s;
  }

  void summarise(Score& s) const {
    Matrix<double> importance = s.table("mutual_information");
    for (std::size_t k = 0; k < importance.columns; ++k) {
      double sum = 0;
      for (std::size_t l = 0; l < importance.rows; ++l) sum += importance(l, k);
      for (std::size_t l = 0; l < importance.rows && sum > 0; ++l) importance(l, k) /= sum;
    }
    Concentration d = disentanglement(importance.view());
    Concentration c = completeness(importance.view());
    std::vector<double> kept(importance.rows);
    Matrix<double> const top = kept_rows(importance, d.each, kept);
    s.value = d.value;
    s.parts = {{"disentanglement", d.value},
               {"completeness", c.value},
               {"top_k_disentanglement", disentanglement(top.view()).value},
               {"top_k_completeness", completeness(top.view()).value}};
    detail::set_table(s, Table::vector("med_per_latent", "latent", std::move(d.each)));
    detail::set_table(s, Table::vector("completeness_per_factor", "factor", std::move(c.each)));
    detail::set_table(s, Table::vector("kept_by_top_k", "latent", std::move(kept)));
    detail::set_table(s, {"importance", "latent", "factor", std::move(importance)});
  }

  Matrix<double> kept_rows(Matrix<double> const& importance, std::vector<double> const& each,
                           std::vector<double>& kept) const {
    std::vector<std::size_t> order(importance.rows);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return each[a] > each[b]; });
    Matrix<double> const by_factor = detail::transposed(importance);
    std::vector<std::size_t> taken(importance.columns);
    Matrix<double> top(0, importance.columns);
    for (std::size_t l : order) {
      if (taken[detail::best_row(by_factor, l)]++ >= top_k) continue;
      kept[l] = 1;
      top.values.insert(top.values.end(), importance.row(l).begin(), importance.row(l).end());
      ++top.rows;
    }
    return top;
  }
};

}  // namespace disentangle::metric
