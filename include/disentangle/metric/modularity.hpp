// SPDX-License-Identifier: Apache-2.0
// Modularity (Ridgeway, Mozer, "Learning deep disentangled embeddings with the F-statistic loss", NeurIPS
// 2018).
//   modularity = mean over latents l of 1 - sum over k != best of I(z_l; y_k)^2 / (I(z_l; y_best)^2 (K - 1))
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// In [0, 1], higher is better: 1 where every latent informs about one factor only. Says nothing about how
/// much it informs: noise latents have arbitrary s_l, about 0.67. Factors count by their entropy: a latent
/// that holds two factors is judged by the ratio of their informations. With a single factor every informed
/// latent has s_l = 1.
/// - disentanglement_lib: 20 bins; a latent without information has s_l = 0, so every dead latent costs 1 /
///   latents.
/// - ubisoft: 10 bins; undefined for a latent without information (0 / 0 in its code): refused.
/// - dcf: 20 bins of the codes and of the factors, which may then be real numbers; a latent without
///   information is refused for the same reason.
struct Modularity {
  static constexpr std::string_view name = "modularity";
  static constexpr std::string_view one_factor = "modularity is 1 by definition";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::disentanglement_lib, definition::ubisoft,
                                               definition::dcf};

  std::optional<int> bins = {};   ///< per latent; without it the definition's
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  Definition definition = definitions[0];

  /// As Mig: modularity(codes, factors) or (source, seed), with the same errors.
  /// For ubisoft and dcf also ValueError for a latent without information.
  template <class... Data>
    requires detail::scores_from<Modularity, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    int const used_bins = bins.value_or(definition == definition::ubisoft ? 10 : 20);
    auto table = detail::information_table(name, rows, used_bins, definition);
    Score s = detail::begin_score(name, definition, rows, std::move(table), 0, "latent", {});
    summarise(s);
    s.choices.emplace_back("a latent without information",
                           definition == definition::disentanglement_lib ? "scores 0" : "refused");
    return s;
  }

  void summarise(Score& s) const {
    Matrix<double> const& information = s.table("mutual_information");
    std::vector<double> per_latent(information.rows);
    for (std::size_t l = 0; l < per_latent.size(); ++l) {
      double best = 0;
      double all = 0;
      for (double i : information.row(l)) {
        best = std::max(best, i * i);
        all += i * i;
      }
      if (best == 0 && definition != definition::disentanglement_lib)
        throw ValueError("modularity: latent " + std::to_string(l) +
                         " has no information about any factor, for which " + std::string(definition.name) +
                         " is undefined; expected none (disentanglement_lib counts it as 0)");
      double const others = static_cast<double>(std::max<std::size_t>(information.columns, 2) - 1);
      per_latent[l] = best == 0 ? 0 : 1 - (all - best) / (best * others);
    }
    s.value = mean(per_latent);
    detail::set_part(s, "modularity", s.value);
    detail::set_table(s, Table::vector("modularity_per_latent", "latent", std::move(per_latent)));
  }
};

}  // namespace disentangle::metric
