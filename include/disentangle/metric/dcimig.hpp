// SPDX-License-Identifier: Apache-2.0
// DCIMIG (Sepliarskaia, Kiseleva, de Rijke, "Evaluating disentangled representations", 2020): MIG that also
// asks latents to inform about one factor only.
//   each latent l keeps I(z_l; y_best) - I(z_l; y_second), credited to its best factor
//   DCIMIG = sum over factors of the largest credit / sum of H(y_k)
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

/// In [0, 1], higher is better. Weights factors by their entropy. A spare latent costs nothing. A factor that
/// is no latent's best has credit 0. Bins, bias and errors as Mig.
/// - ubisoft: 10 bins (the published form is theirs; other bins are a setting).
struct DciMig {
  static constexpr std::string_view name = "dcimig";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::ubisoft};

  std::optional<int> bins = {};   ///< per latent; without it the definition's
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  Definition definition = definitions[0];

  /// As Mig: dcimig(codes, factors) or (source, seed), with the same errors.
  template <class... Data>
    requires detail::scores_from<DciMig, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    auto table = detail::information_table(name, rows, bins.value_or(10), definition);
    Score s = detail::begin_score(name, definition, rows, std::move(table), 0, "factor", {});
    summarise(s);
    s.choices.emplace_back("normaliser", "sum of the factors' entropies");
    return s;
  }

  void summarise(Score& s) const {
    Matrix<double> const by_latent = detail::transposed(s.table("mutual_information"));  // (factors, latents)
    std::vector<double> const kept = gaps(by_latent.view());
    std::vector<double> credit(by_latent.rows);
    for (std::size_t l = 0; l < kept.size(); ++l) {
      double& of_best = credit[detail::best_row(by_latent, l)];
      of_best = std::max(of_best, kept[l]);
    }
    double sum = 0;
    double entropy = 0;
    for (std::size_t k = 0; k < credit.size(); ++k) {
      double const of_factor = s.table("factor_entropy")(k, 0);
      sum += credit[k];
      entropy += of_factor;
      credit[k] /= of_factor;
    }
    s.value = sum / entropy;
    detail::set_part(s, "dcimig", s.value);
    detail::set_table(s, Table::vector("dcimig_per_factor", "factor", std::move(credit)));
  }
};

}  // namespace disentangle::metric
