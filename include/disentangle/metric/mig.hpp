// SPDX-License-Identifier: Apache-2.0
// Mutual information gap (Chen, Li, Grosse, Duvenaud, "Isolating sources of disentanglement in VAEs", NeurIPS
// 2018, section 4.1), to the definition of disentanglement_lib: histogram plug-in estimates, empirical
// entropies.
//   MIG = mean over factors k of [ I(z_best; y_k) - I(z_second; y_k) ] / H(y_k)
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/mutual_information.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// In [0, 1], higher is better. Each latent is cut into equal-width bins; factors are used as they are. With
/// 20 bins the maximum is below 1 where a factor has more values than bins: about 0.90 on dSprites at 10,000 rows. It does not
/// punish a latent that carries two factors. Biased: every I is too large by about (bins - 1)(values - 1) /
/// (2 rows) nats. A constant latent has no information and so never wins; with a single latent the runner-up
/// counts as 0. Deterministic; cost O(rows * latents * factors).
struct Mig {
  static constexpr std::string_view name = "mig";

  int bins = 20;                  ///< per latent; disentanglement_lib's configurations
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used

  /// mig(codes, factors) of (rows, latents) codes and (rows, factors) labels >= 0, any matrix_like; or
  /// mig(source, seed). float codes get float bin edges. Throws ShapeError for unequal rows or fewer than 2;
  /// ValueError for a code that is not finite, a factor that is not made of whole numbers from 0 or has a
  /// single value, bins < 1.
  template <class... Data>
  requires detail::scores_from<Mig, Data...> Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    Matrix<int> const factors = detail::varied_labels_of(name, rows);
    Matrix<int> const binned = detail::binned_codes(rows, bins);
    Matrix<double> information = mutual_information_matrix(binned.view(), factors.view());
    std::vector<double> entropy = entropies(factors.view());
    std::vector<double> per_factor = gaps(information.view());
    for (std::size_t k = 0; k < per_factor.size(); ++k) per_factor[k] /= entropy[k];

    Score s;
    s.metric = name;
    s.definition = "disentanglement_lib";
    s.value = mean(per_factor);
    s.parts = {{"mig", s.value}};
    s.settings = {{"rows", static_cast<double>(rows.size())}, {"bins", static_cast<double>(bins)}};
    s.choices = {{"estimator", "equal-width histogram, plug-in, nats"},
                 {"normaliser", "empirical entropy of the factor"},
                 {"codes", rows.single ? "float32" : "float64"}};
    s.tables = {Table::vector("mig_per_factor", "factor", std::move(per_factor)),
                Table::vector("factor_entropy", "factor", std::move(entropy)),
                {"mutual_information", "latent", "factor", std::move(information)}};
    return s;
  }
};

}  // namespace disentangle::metric
