// SPDX-License-Identifier: Apache-2.0
// Mutual information gap (Chen, Li, Grosse, Duvenaud, "Isolating sources of disentanglement in VAEs", NeurIPS
// 2018, section 4.1), from histograms.
//   MIG = mean over factors k of [ I(z_best; y_k) - I(z_second; y_k) ] / H(y_k)
// Chen's own estimator, which needs the posterior and not its mean alone, is in chen_mig.hpp.
#pragma once

#include <cstddef>
#include <optional>
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

/// In [0, 1], higher is better. Each latent is cut into equal-width bins; factors are used as they are. With
/// 20 bins the maximum is below 1 where a factor has more values than bins: about 0.90 on dSprites at 10,000
/// rows. It does not punish a latent that carries two factors. Biased: every I is too large by about (bins -
/// 1)(values - 1) / (2 rows) nats (table plug_in_bias). A constant latent has no information and so never
/// wins; with a single latent the runner-up counts as 0. Deterministic; cost O(rows * latents * factors).
/// - disentanglement_lib (also disent and others): 20 bins, as above. clarken92 is this with 40 bins.
/// - dcf: 20 bins of the codes and of the factors, which merges the 40 orientations of dSprites; factors may
///   be real numbers.
/// - ubisoft: 10 bins, I divided by the entropy of the binned code before the gap is taken: another metric,
///   and undefined for a constant latent, which is counted as 0 here (its code divides by zero).
struct Mig {
  static constexpr std::string_view name = "mig";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::disentanglement_lib, definition::dcf,
                                               definition::ubisoft};

  std::optional<int> bins = {};   ///< per latent; without it the definition's
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  Definition definition = definitions[0];

  /// mig(codes, factors) of (rows, latents) codes and (rows, factors) labels >= 0, or -1 where one is
  /// missing: each factor is then scored on the rows that have it. Any matrix_like; or mig(source, seed).
  /// float codes get float bin edges. Throws ShapeError for unequal rows or fewer than 2; ValueError for a
  /// code that is not finite, a factor that is not made of whole numbers from 0 or has a single value, bins <
  /// 1.
  template <class... Data>
    requires detail::scores_from<Mig, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    bool const by_code = definition == definition::ubisoft;
    int const used_bins = bins.value_or(by_code ? 10 : 20);
    auto table = detail::information_table(name, rows, used_bins, definition);
    Matrix<double> const relative =
        by_code ? detail::information_by_code(table) : detail::relative_information(table);
    std::vector<double> per_factor = gaps(relative.view());
    double const value = mean(per_factor);
    Score s =
        detail::begin_score(name, definition, rows, std::move(table), value, "factor", std::move(per_factor));
    s.choices.emplace_back("normaliser", by_code ? "entropy of the binned code, before the gap"
                                                 : "empirical entropy of the factor");
    s.choices.emplace_back("factors",
                           definition == definition::dcf ? "binned like the codes" : "as they are");
    return s;
  }
};

}  // namespace disentangle::metric
