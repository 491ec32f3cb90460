// SPDX-License-Identifier: Apache-2.0
// Chen's MIG (Chen et al., "Isolating sources of disentanglement in VAEs", NeurIPS 2018) with its own
// estimator, which needs the whole posterior q(z|x) = N(mean, deviation^2).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/posterior_score.hpp>
#include <disentangle/metric/detail/posteriors.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// MIG with the estimator of its authors' code: one sample z ~ q(z|x) of every row (at most `num_samples`),
///   I(z_l; y_k) = H(z_l) - mean over values v of H(z_l | y_k = v), at least 0,
/// densities being averages over all rows (of the value). Divided by ln n_k, not by the empirical entropy:
/// the same for uniform factors. The authors leave dSprites' shape out: so do you, by leaving its column out.
/// In [0, 1], higher is better, but for noise. Every value should have many rows: the entropy of few is too
/// small. Cost O(rows^2 latents).
struct ChenMig {
  static constexpr std::string_view name = "chen_mig";
  static constexpr bool of_posteriors = true;  ///< takes means and deviations
  static constexpr Definition definitions[] = {definition::chen};

  std::size_t num_samples = 10000;  ///< most samples of an entropy
  std::uint64_t seed = 0;           ///< of the samples
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// As Rmig.
  template <matrix_like M, matrix_like D, matrix_like F>
  [[nodiscard]] Score operator()(M const& means, D const& deviations, F const& factors) const {
    auto const q = detail::posteriors_of(name, means, deviations);
    return score(q, detail::posterior_labels(name, q, factors));
  }

 private:
  Score score(detail::Posteriors const& q, Matrix<int> const& labels) const {
    detail::check_definition(name, definitions, definition);
    detail::check_count(name, "num_samples", num_samples, 1);
    // One sample a row, in the order of the rows.
    Philox const normals{seed, stream("metric/chen_mig"), 1};
    Matrix<double> z(q.rows(), q.latents());
    for (std::size_t i = 0; i < z.values.size(); ++i)
      z.values[i] = q.mean.values[i] + q.deviation.values[i] * static_cast<double>(normals.normal(i));
    std::vector<std::size_t> all(q.rows());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    std::vector<double> const marginal = entropies_of(q, z, all);
    Matrix<double> information(q.latents(), labels.columns);
    std::vector<double> per_factor(labels.columns);
    std::vector<double> log_values(labels.columns);
    for (std::size_t k = 0; k < labels.columns; ++k) {
      detail::Classes const classes = detail::classes(name, labels.view(), k);
      std::vector<std::vector<std::size_t>> having(classes.values.size());
      for (std::size_t i = 0; i < q.rows(); ++i)
        having[static_cast<std::size_t>(classes.label[i])].push_back(i);
      std::vector<double> conditional(q.latents());
      for (auto const& rows : having) {
        std::vector<double> const h = entropies_of(q, z, rows);
        for (std::size_t l = 0; l < h.size(); ++l)
          conditional[l] += h[l] / static_cast<double>(having.size());
      }
      for (std::size_t l = 0; l < q.latents(); ++l)
        information(l, k) = std::max(0.0, marginal[l] - conditional[l]);
      log_values[k] = std::log(static_cast<double>(having.size()));
    }
    per_factor = gaps(information.view());
    for (std::size_t k = 0; k < per_factor.size(); ++k) per_factor[k] /= log_values[k];

    Score s = detail::begin_posterior_score(name, definition, q, mean(per_factor));
    s.settings.insert(s.settings.end(),
                      {{"num_samples", static_cast<double>(std::min(num_samples, q.rows()))},
                       {"sample_seed", static_cast<double>(seed)}});
    s.choices.insert(s.choices.end(),
                     {{"estimator", "Monte Carlo, one sample a row"}, {"normaliser", "ln values"}});
    s.tables = {Table::vector("chen_mig_per_factor", "factor", std::move(per_factor)),
                Table::vector("latent_entropy", "latent", marginal),
                {"mutual_information", "latent", "factor", std::move(information)}};
    return s;
  }

  /// H(z_l) of every latent, of the mixture of these rows and their own samples.
  std::vector<double> entropies_of(detail::Posteriors const& q, Matrix<double> const& z,
                                   std::vector<std::size_t> const& rows) const {
    std::size_t const count = std::min(num_samples, rows.size());
    Matrix<double> log_density(count, q.latents());
    detail::parallel_for(count, rows.size() * count < 20000 ? 1 : threads, [&](std::size_t s, std::size_t) {
      // Spread over the rows where there are more rows than samples.
      std::size_t const from = rows[s * rows.size() / count];
      std::vector<double> terms(rows.size());
      for (std::size_t l = 0; l < q.latents(); ++l) {
        double highest = -INFINITY;
        for (std::size_t i = 0; i < rows.size(); ++i)
          highest = std::max(highest, terms[i] = q.log_density(rows[i], l, z(from, l)));
        double sum = 0;
        for (double t : terms) sum += std::exp(t - highest);
        log_density(s, l) = highest + std::log(sum / static_cast<double>(rows.size()));
      }
    });
    std::vector<double> h(q.latents());
    for (std::size_t s = 0; s < count; ++s)
      for (std::size_t l = 0; l < h.size(); ++l) h[l] -= log_density(s, l) / static_cast<double>(count);
    return h;
  }
};

}  // namespace disentangle::metric
