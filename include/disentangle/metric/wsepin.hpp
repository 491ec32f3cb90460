// SPDX-License-Identifier: Apache-2.0
// SEPIN, INDIN and their weighted means WSEPIN, WINDIN (Do, Tran, "Theory and evaluation metrics for learning
// disentangled representations", ICLR 2020): of whole posteriors q(z|x) = N(mean, deviation^2), without
// labels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/posterior_score.hpp>
#include <disentangle/metric/detail/posteriors.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// How much of what a latent says only it says. No labels. With z_-l all latents but l, in nats:
///   SEP_l = I(z_l; z_-l) (lower is better),  SEPIN_l = I(z; x) - I(z_-l; x),  INDIN_l = I(z_l; x) - SEP_l,
///   WSEPIN and WINDIN their means weighted by I(z_l; x) / sum over latents of it.
/// The value is WSEPIN, higher is better; parts wsepin, windin, sepin, indin, sep, wsep. I(z; x) grows with
/// the log of the rows at most: the joint density of many sharp latents sees every row apart.
/// - paper: densities in logarithms throughout, without floors.
/// - clarken92: every density of a latent and every average of joint densities is at least 1e-8, as in the
///   authors' code, so that joint entropies saturate at 18.42 nats and SEPIN of many latents vanishes.
/// Cost O(num_samples rows latents).
struct Wsepin {
  static constexpr std::string_view name = "wsepin";
  static constexpr bool of_posteriors = true;  ///< takes means and deviations
  static constexpr Definition definitions[] = {definition::paper, definition::clarken92};

  std::size_t num_samples = 10000;
  std::uint64_t seed = 0;  ///< of the samples
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// Means and standard deviations (rows, latents). Throws as Rmig.
  template <matrix_like M, matrix_like D>
  [[nodiscard]] Score operator()(M const& means, D const& deviations) const {
    auto const q = detail::posteriors_of(name, means, deviations);
    detail::check_count(name, "num_samples", num_samples, 1);
    return score(q, detail::draw_samples(q, num_samples, Seed{seed}, "metric/wsepin"));
  }

 private:
  /// Estimates of the entropy of z_l in the first `latents` entries, of all latents but z_l in as many behind
  /// them, of z in the last.
  struct Entropies {
    std::vector<double> over_all, given_row;  ///< of the mixture over all rows; of the posterior of a row
  };

  Entropies entropies(detail::Posteriors const& q, detail::PosteriorSamples const& samples,
                      double least) const {
    std::size_t const latents = q.latents();
    std::size_t const count = samples.row.size();
    std::size_t const columns = 2 * latents + 1;
    Matrix<double> mixture(count, columns);  // ln of the average density over all rows
    Matrix<double> own(count, columns);      // ln of the density of the sample's own row
    double const log_rows = std::log(static_cast<double>(q.rows()));
    detail::parallel_for(count, threads, [&](std::size_t s, std::size_t) {
      Matrix<double> terms(columns, q.rows());
      std::vector<double> row(columns);
      auto const fill = [&](std::size_t i) {
        double sum = 0;
        for (std::size_t l = 0; l < latents; ++l)
          sum += row[l] = std::max(least, q.log_density(i, l, samples.z(s, l)));
        for (std::size_t l = 0; l < latents; ++l) row[latents + l] = sum - row[l];
        row[2 * latents] = sum;
      };
      for (std::size_t i = 0; i < q.rows(); ++i) {
        fill(i);
        for (std::size_t c = 0; c < columns; ++c) terms(c, i) = row[c];
      }
      fill(samples.row[s]);
      for (std::size_t c = 0; c < columns; ++c) {
        auto const t = terms.row(c);
        double const highest = *std::max_element(t.begin(), t.end());
        double sum = 0;
        for (double v : t) sum += std::exp(v - highest);
        mixture(s, c) = std::max(least, highest + std::log(sum) - log_rows);
        own(s, c) = std::max(least, row[c]);
      }
    });
    Entropies found{std::vector<double>(columns), std::vector<double>(columns)};
    for (std::size_t s = 0; s < count; ++s)
      for (std::size_t c = 0; c < columns; ++c) {
        found.over_all[c] -= mixture(s, c) / static_cast<double>(count);
        found.given_row[c] -= own(s, c) / static_cast<double>(count);
      }
    return found;
  }

  Score score(detail::Posteriors const& q, detail::PosteriorSamples const& samples) const {
    detail::check_definition(name, definitions, definition);
    bool const floored = definition == definition::clarken92;
    double const least = floored ? std::log(detail::density_floor) : -INFINITY;
    std::size_t const latents = q.latents();
    Entropies const found = entropies(q, samples, least);
    std::vector<double> const& entropy = found.over_all;
    std::vector<double> const& given_x = found.given_row;
    auto const information = [&](std::size_t c) { return std::max(0.0, entropy[c] - given_x[c]); };
    std::vector<double> informed(latents);
    std::vector<double> weight(latents);
    std::vector<double> sep(latents);
    std::vector<double> sepin(latents);
    std::vector<double> indin(latents);
    double sum = 0;
    for (std::size_t l = 0; l < latents; ++l) sum += informed[l] = information(l);
    double wsep = 0;
    double wsepin = 0;
    double windin = 0;
    for (std::size_t l = 0; l < latents; ++l) {
      weight[l] = sum > 0 ? informed[l] / sum : 1 / static_cast<double>(latents);
      sep[l] = std::max(0.0, entropy[l] + entropy[latents + l] - entropy[2 * latents]);
      sepin[l] = information(2 * latents) - (latents > 1 ? information(latents + l) : 0);
      indin[l] = informed[l] - sep[l];
      wsep += weight[l] * sep[l];
      wsepin += weight[l] * sepin[l];
      windin += weight[l] * indin[l];
    }

    Score s = detail::begin_posterior_score(name, definition, q, wsepin);
    s.parts.insert(s.parts.end(), {{"windin", windin},
                                   {"sepin", mean(sepin)},
                                   {"indin", mean(indin)},
                                   {"wsep", wsep},
                                   {"sep", mean(sep)},
                                   {"information_of_all", information(2 * latents)}});
    s.settings.insert(s.settings.end(), {{"num_samples", static_cast<double>(samples.row.size())},
                                         {"sample_seed", static_cast<double>(seed)}});
    s.choices.insert(s.choices.end(), {{"estimator", "Monte Carlo"},
                                       {"densities", floored ? "at least 1e-8" : "in logarithms, no floor"}});
    s.tables = {Table::vector("information", "latent", std::move(informed)),
                Table::vector("latent_weight", "latent", std::move(weight)),
                Table::vector("sep", "latent", std::move(sep)),
                Table::vector("sepin", "latent", std::move(sepin)),
                Table::vector("indin", "latent", std::move(indin))};
    return s;
  }
};

}  // namespace disentangle::metric
