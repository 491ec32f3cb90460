// SPDX-License-Identifier: Apache-2.0
// Axis alignment metric (disentangling-vae, YannDubs): how much one latent informs about a factor beyond all
// others together.
//   AAM = mean over factors k of max(0, I(z_best; y_k) - sum of the other I(z_l; y_k)) / I(z_best; y_k)
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// In [0, 1], higher is better. Free of the factor's entropy, so that a factor of which little is known can
/// score 1; one of which nothing is known scores 0. The more latents, the more plug-in bias is in the sum:
/// see the table plug_in_bias. The original estimates I by Monte Carlo from q(z|x); here it is Mig's
/// histogram.
struct Aam {
  static constexpr std::string_view name = "aam";
  static constexpr std::string_view one_latent =
      "there is no second latent: 1 by definition where it knows a factor";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::paper};

  std::optional<int> bins = {};   ///< per latent; without it the definition's
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  Definition definition = definitions[0];

  /// As Mig: aam(codes, factors) or (source, seed), with the same errors.
  template <class... Data>
    requires detail::scores_from<Aam, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    auto table = detail::information_table(name, rows, bins.value_or(20));
    std::vector<double> per_factor(rows.factor_count());
    for (std::size_t k = 0; k < per_factor.size(); ++k) {
      double const best = table.information(detail::best_row(table.information, k), k);
      double others = -best;
      for (std::size_t l = 0; l < rows.latents(); ++l) others += table.information(l, k);
      per_factor[k] = best > 0 ? std::max(0.0, best - others) / best : 0;
    }
    double const value = mean(per_factor);
    Score s =
        detail::begin_score(name, definition, rows, std::move(table), value, "factor", std::move(per_factor));
    s.choices.emplace_back("normaliser", "information of the best latent");
    return s;
  }
};

}  // namespace disentangle::metric
