// SPDX-License-Identifier: Apache-2.0
// RMIG and JEMMIG (Do, Tran, "Theory and evaluation metrics for learning disentangled representations", ICLR
// 2020): MIG and its kin with the whole posterior q(z|x) = N(mean, deviation^2), whose noise codes have
// thrown away.
//   RMIG_k = [ I(z_best; y_k) - I(z_second; y_k) ] / H(y_k)
//   JEMMIG_k = H(z_best, y_k) - I(z_best; y_k) + I(z_second; y_k)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/posterior_score.hpp>
#include <disentangle/metric/detail/posteriors.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/mutual_information.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace definition {
/// RMIG and JEMMIG from posteriors cut into bins, clarken92's second estimator.
inline constexpr Definition clarken92_quantised{"clarken92_quantised"};
}  // namespace definition

/// Robust MIG and JEMMIG. The value is RMIG, at most 1, higher is better: MIG with the posterior's noise, so
/// that a latent that is noisy cannot win by its mean. JEMMIG is in the part of its name: **lower is
/// better**; of
/// - clarken92: Monte Carlo, z ~ q(z|x) of `num_samples` rows, densities averaged over all rows. Entropies of
///   z are differential, JEMMIG is not normalised and may be negative. Estimated informations may be slightly
///   below 0.
/// - clarken92_quantised: bins over [-4, 4], wider posteriors and codes beyond are cut off; JEMMIG is divided
///   by H(y_k) + ln bins and lies in [0, 1].
/// A density below 1e-8 counts as 1e-8, as in the authors' code. Cost O(num_samples rows latents), or O(rows
/// bins latents).
struct Rmig {
  static constexpr std::string_view name = "rmig";
  static constexpr bool of_posteriors = true;  ///< takes means and deviations
  static constexpr Definition definitions[] = {definition::clarken92, definition::clarken92_quantised};

  std::size_t num_samples = 10000;
  std::uint64_t seed = 0;  ///< of the samples
  int bins = 200;          ///< of the quantised form
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// Means and standard deviations (rows, latents), labels (rows, factors); any matrix_like. Throws
  /// ShapeError where extents differ; ValueError for a mean that is not finite, a negative deviation, a
  /// factor that is not made of whole numbers from 0 or has a single value.
  template <matrix_like M, matrix_like D, matrix_like F>
  [[nodiscard]] Score operator()(M const& means, D const& deviations, F const& factors) const {
    auto const q = detail::posteriors_of(name, means, deviations);
    Matrix<int> const labels = detail::posterior_labels(name, q, factors);
    detail::check_count(name, "num_samples", num_samples, 1);
    return score(q, labels, detail::draw_samples(q, num_samples, Seed{seed}, "metric/rmig"));
  }
  /// With given samples z (samples, latents), each of the row of its number: to replay another library's.
  template <matrix_like M, matrix_like D, matrix_like F, matrix_like Z>
  [[nodiscard]] Score operator()(M const& means, D const& deviations, F const& factors,
                                 std::vector<std::size_t> rows, Z const& samples) const {
    auto const q = detail::posteriors_of(name, means, deviations);
    Matrix<int> const labels = detail::posterior_labels(name, q, factors);
    detail::PosteriorSamples const given{std::move(rows), detail::copy_of<double>(samples)};
    detail::check_samples(name, q, given);
    return score(q, labels, given);
  }

 private:
  struct Entropies {
    std::vector<double> latent;  // H(z_l)
    Matrix<double> joint;        // H(z_l, y_k)
    std::vector<double> factor;  // H(y_k)
  };

  Score score(detail::Posteriors const& q, Matrix<int> const& labels,
              detail::PosteriorSamples const& samples) const {
    detail::check_definition(name, definitions, definition);
    if (bins < 1) throw ValueError("rmig: " + std::to_string(bins) + " bins, expected at least 1");
    bool const quantised = definition == definition::clarken92_quantised;
    Entropies const h = quantised ? quantised_entropies(q, labels) : sampled_entropies(q, labels, samples);
    Matrix<double> information(q.latents(), labels.columns);
    for (std::size_t l = 0; l < information.rows; ++l)
      for (std::size_t k = 0; k < information.columns; ++k)
        information(l, k) = h.latent[l] + h.factor[k] - h.joint(l, k);
    std::vector<double> rmig = gaps_of_any_sign(information);
    std::vector<double> raw = rmig;
    std::vector<double> jemmig(labels.columns);
    for (std::size_t k = 0; k < jemmig.size(); ++k) {
      jemmig[k] = h.joint(detail::best_row(information, k), k) - raw[k];
      if (quantised) jemmig[k] /= h.factor[k] + std::log(bins);
      rmig[k] /= h.factor[k];
    }
    Score s = detail::begin_posterior_score(name, definition, q, mean(rmig));
    s.parts.insert(s.parts.end(), {{"rmig_unnormalised", mean(raw)}, {"jemmig", mean(jemmig)}});
    if (quantised) {
      s.settings.emplace_back("bins", static_cast<double>(bins));
    } else {
      s.settings.insert(s.settings.end(), {{"num_samples", static_cast<double>(samples.row.size())},
                                           {"sample_seed", static_cast<double>(seed)}});
    }
    s.choices.insert(s.choices.end(), {{"estimator", quantised ? "quantised posteriors" : "Monte Carlo"},
                                       {"normaliser", "empirical entropy of the factor"},
                                       {"jemmig", quantised ? "lower is better, / (H(y) + ln bins)"
                                                            : "lower is better, not normalised"}});
    s.tables = {Table::vector("rmig_per_factor", "factor", std::move(rmig)),
                Table::vector("rmig_unnormalised_per_factor", "factor", std::move(raw)),
                Table::vector("jemmig_per_factor", "factor", std::move(jemmig)),
                Table::vector("factor_entropy", "factor", h.factor),
                Table::vector("latent_entropy", "latent", h.latent),
                {"joint_entropy", "latent", "factor", h.joint},
                {"mutual_information", "latent", "factor", std::move(information)}};
    return s;
  }

  /// As gaps(), for estimates that may be negative.
  [[nodiscard]] static std::vector<double> gaps_of_any_sign(Matrix<double> const& m) {
    std::vector<double> gap(m.columns);
    for (std::size_t k = 0; k < m.columns; ++k) {
      std::vector<double> column = detail::column_of(m, k);
      std::sort(column.begin(), column.end(), std::greater<>());
      gap[k] = column[0] - (column.size() > 1 ? column[1] : 0);
    }
    return gap;
  }

  Entropies sampled_entropies(detail::Posteriors const& q, Matrix<int> const& labels,
                              detail::PosteriorSamples const& samples) const {
    std::size_t const count = samples.row.size();
    std::size_t const factors = labels.columns;
    Matrix<double> log_marginal(count, q.latents());
    Matrix<double> log_joint(count, q.latents() * factors);
    double const rows = static_cast<double>(q.rows());
    detail::parallel_for(count, threads, [&](std::size_t s, std::size_t) {
      std::vector<double> joint(factors);
      for (std::size_t l = 0; l < q.latents(); ++l) {
        double marginal = 0;
        std::fill(joint.begin(), joint.end(), 0.0);
        for (std::size_t i = 0; i < q.rows(); ++i) {
          double const density = std::exp(q.log_density(i, l, samples.z(s, l)));
          marginal += density;
          for (std::size_t k = 0; k < factors; ++k)
            joint[k] += labels(i, k) == labels(samples.row[s], k) ? density : 0;
        }
        log_marginal(s, l) = std::log(std::max(marginal / rows, detail::density_floor));
        for (std::size_t k = 0; k < factors; ++k)
          log_joint(s, l * factors + k) = std::log(std::max(joint[k] / rows, detail::density_floor));
      }
    });
    Entropies h{std::vector<double>(q.latents()), Matrix<double>(q.latents(), factors),
                entropies(labels.view())};
    for (std::size_t s = 0; s < count; ++s)
      for (std::size_t l = 0; l < q.latents(); ++l) {
        h.latent[l] -= log_marginal(s, l) / static_cast<double>(count);
        for (std::size_t k = 0; k < factors; ++k)
          h.joint(l, k) -= log_joint(s, l * factors + k) / static_cast<double>(count);
      }
    return h;
  }

  Entropies quantised_entropies(detail::Posteriors const& q, Matrix<int> const& labels) const {
    std::size_t const cells = static_cast<std::size_t>(bins);
    double const width = 8.0 / bins;
    double const rows = static_cast<double>(q.rows());
    auto const minus_p_log_p = [](double p) {
      return -p * std::log(std::clamp(p, detail::density_floor, 1 - detail::density_floor));
    };
    std::vector<detail::Classes> classes;
    for (std::size_t k = 0; k < labels.columns; ++k)
      classes.push_back(detail::classes(name, labels.view(), k));
    Entropies h{std::vector<double>(q.latents()), Matrix<double>(q.latents(), labels.columns),
                std::vector<double>(labels.columns)};
    for (std::size_t k = 0; k < labels.columns; ++k)
      for (std::size_t count : classes[k].count)
        h.factor[k] += minus_p_log_p(static_cast<double>(count) / rows);
    detail::parallel_for(q.latents(), threads, [&](std::size_t l, std::size_t) {
      Matrix<double> mass(q.rows(), cells);  // Q(bin | x)
      std::vector<double> marginal(cells);
      for (std::size_t i = 0; i < q.rows(); ++i) {
        double peak = 0;
        double sum = 0;
        for (std::size_t b = 0; b < cells; ++b) {
          double const density = std::exp(q.log_density(i, l, -4 + (static_cast<double>(b) + 0.5) * width));
          peak = std::max(peak, density);
          sum += mass(i, b) = density * width;
        }
        if (peak < 1e-5) {  // narrower than a bin, or beyond the range: all in the bin of the mean
          std::fill(mass.row(i).begin(), mass.row(i).end(), 0.0);
          double const at = std::floor((q.mean(i, l) + 4) / width);
          mass(i, static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(bins - 1)))) = sum = 1;
        }
        for (std::size_t b = 0; b < cells; ++b) marginal[b] += (mass(i, b) /= sum) / rows;
      }
      for (double p : marginal) h.latent[l] += minus_p_log_p(p);
      for (std::size_t k = 0; k < labels.columns; ++k) {
        Matrix<double> joint(classes[k].values.size(), cells);
        for (std::size_t i = 0; i < q.rows(); ++i)
          for (std::size_t b = 0; b < cells; ++b)
            joint(static_cast<std::size_t>(classes[k].label[i]), b) += mass(i, b) / rows;
        for (double p : joint.values) h.joint(l, k) += minus_p_log_p(p);
      }
    });
    return h;
  }
};

}  // namespace disentangle::metric
