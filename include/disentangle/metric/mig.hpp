// SPDX-License-Identifier: Apache-2.0
// Mutual information gap (Chen, Li, Grosse, Duvenaud, "Isolating sources of disentanglement in VAEs", NeurIPS
// 2018, section 4.1), to the definition of disentanglement_lib: histogram plug-in estimates, empirical
// entropies.
//   MIG = mean over factors k of [ I(z_best; y_k) - I(z_second; y_k) ] / H(y_k)
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/discretiser.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/mutual_information.hpp>
#include <disentangle/metric/random.hpp>
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

  /// codes: (rows, latents); factors: (rows, factors), labels >= 0. float codes get float bin edges. Throws
  /// ShapeError for unequal rows or fewer than 2; ValueError for a code that is not finite, a label below 0,
  /// a factor with a single value, bins < 1.
  Score operator()(MatrixView<double const> codes, MatrixView<int const> factors) const {
    return score(codes, factors);
  }
  Score operator()(MatrixView<float const> codes, MatrixView<int const> factors) const {
    return score(codes, factors);
  }

  /// num_train points drawn from the source.
  template <factor_source Source>
  Score operator()(Source const& source, Seed seed) const {
    RandomIntegers rng(seed, "metric/mig");
    return (*this)(source, rng);
  }
  template <factor_source Source>
  Score operator()(Source const& source, random_integers auto& rng) const {
    detail::Sample const s = detail::sample(source, num_train, rng);
    Score result = (*this)(s.codes.view(), s.factors.view());
    detail::name_factors(result, source);
    return result;
  }

 private:
  template <class T>
  Score score(MatrixView<T const> codes, MatrixView<int const> factors) const {
    detail::check_codes(name, codes);
    detail::check_factors(name, codes.rows, factors, 2);
    for (std::size_t k = 0; k < factors.columns; ++k) (void)detail::classes(name, factors, k);
    Matrix<int> const binned = discretise(codes, bins);
    Matrix<double> information = mutual_information_matrix(binned.view(), factors);
    std::vector<double> entropy = entropies(factors);
    std::vector<double> per_factor = gaps(information.view());
    for (std::size_t k = 0; k < per_factor.size(); ++k) per_factor[k] /= entropy[k];

    Score s;
    s.metric = name;
    s.definition = "disentanglement_lib";
    s.value = mean(per_factor);
    s.parts = {{"mig", s.value}};
    s.settings = {{"rows", static_cast<double>(codes.rows)}, {"bins", static_cast<double>(bins)}};
    s.choices = {{"estimator", "equal-width histogram, plug-in, nats"},
                 {"normaliser", "empirical entropy of the factor"},
                 {"codes", sizeof(T) == sizeof(float) ? "float32" : "float64"}};
    s.tables = {Table::vector("mig_per_factor", "factor", std::move(per_factor)),
                Table::vector("factor_entropy", "factor", std::move(entropy)),
                {"mutual_information", "latent", "factor", std::move(information)}};
    return s;
  }
};

}  // namespace disentangle::metric
