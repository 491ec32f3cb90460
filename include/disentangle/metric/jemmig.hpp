// SPDX-License-Identifier: Apache-2.0
// JEMMIG (Do, Tran, "Theory and evaluation metrics for learning disentangled representations", ICLR 2020), on
// codes without their posterior's noise, as the review by Carbonneau et al. has it; rmig.hpp
// has the original.
//   JEMMIG_k = 1 - [ H(z_best, y_k) - I(z_best; y_k) + I(z_second; y_k) ] / ( H(y_k) + ln bins )
#pragma once

#include <cmath>
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

/// In [0, 1], higher is better, unlike the original. Asks MIG's gap, and that the best latent holds nothing
/// but the factor. Bins, bias and errors as Mig.
/// - ubisoft: 10 bins.
struct Jemmig {
  static constexpr std::string_view name = "jemmig";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::ubisoft};

  std::optional<int> bins = {};   ///< per latent; without it the definition's
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  Definition definition = definitions[0];

  /// As Mig: jemmig(codes, factors) or (source, seed), with the same errors.
  template <class... Data>
    requires detail::scores_from<Jemmig, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    auto table = detail::information_table(name, rows, bins.value_or(10), definition);
    std::vector<double> per_factor = gaps(table.information.view());
    for (std::size_t k = 0; k < per_factor.size(); ++k) {
      std::size_t const best = detail::best_row(table.information, k);
      double const joint = table.latent_entropy[best] + table.factor_entropy[k] - table.information(best, k);
      per_factor[k] = 1 - (joint - per_factor[k]) / (table.factor_entropy[k] + std::log(table.bins));
    }
    double const value = mean(per_factor);
    Score s =
        detail::begin_score(name, definition, rows, std::move(table), value, "factor", std::move(per_factor));
    s.choices.emplace_back("normaliser", "entropy of the factor + ln bins");
    return s;
  }
};

}  // namespace disentangle::metric
