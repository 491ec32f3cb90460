// SPDX-License-Identifier: Apache-2.0
// Metrics I and II of RF-VAE (Kim, Wang, Sahu, Pavlovic, "Relevance factor VAE: learning and identifying
// disentangled factors", arXiv:1902.01568), to the definition of the authors' code.
//   Metric I:  images that share one factor's value;        vote of the latent that varies least
//   Metric II: images that differ in one factor alone;      vote of the latent that varies most
//   value = sum over latents of its most frequent factor's votes / all votes
// "Varies" is the variance over the batch divided by the variance over the data.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/detail/variance_vote.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/random.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace detail {

/// The votes of one repeat, (factors, latents): of all latents, and of those that are not pruned.
struct LatentVotes {
  Matrix<double> of_all, of_active;
};

/// `each` votes for every factor: of the latents by their variance in a batch, relative to that over the
/// data.
template <bool fixes_one, slice_source Source, class Encode>
LatentVotes draw_latent_votes(Source const& source, random_integers auto& rng, Encode const& encode,
                              std::size_t each, std::size_t batch_size, std::vector<double> const& variance,
                              std::vector<double> const& active) {
  std::size_t const factors = source.factors().size(), latents = source.latents();
  LatentVotes drawn{Matrix<double>(factors, latents), Matrix<double>(factors, latents)};
  std::vector<double> local(latents);
  auto const ratio = [&](std::size_t l) { return local[l] / (variance[l] + 1e-20); };
  auto const beats = [&](std::size_t l, std::size_t best) {
    return best == latents || (fixes_one ? ratio(l) < ratio(best) : ratio(l) > ratio(best));
  };
  for (std::size_t k = 0; k < factors; ++k) {
    for (std::size_t vote = 0; vote < each; ++vote) {
      std::vector<std::size_t> const points = fixes_one ? source.distinct_sharing(k, rng, batch_size)
                                                        : source.distinct_varying(k, rng, batch_size);
      column_variances(encode(points).view(), local, 0);
      std::size_t winner = latents;
      std::size_t pruned_winner = latents;
      for (std::size_t l = 0; l < latents; ++l) {
        if (beats(l, winner)) winner = l;
        if (active[l] != 0 && beats(l, pruned_winner)) pruned_winner = l;
      }
      drawn.of_all(k, winner) += 1;
      if (pruned_winner < latents) drawn.of_active(k, pruned_winner) += 1;
    }
  }
  return drawn;
}

/// Throws ValueError for settings and sources that give no score.
template <class Metric, slice_source Source>
void check_rf_vae(Metric const& metric, Source const& source) {
  constexpr std::string_view name = Metric::name;
  check_source(name, source);
  check_count(name, "batch_size", metric.batch_size, 2);
  check_count(name, "num_variance_estimate", metric.num_variance_estimate, 2);
  check_count(name, "repeats", metric.repeats, 1);
  check_count(name, "votes", metric.votes, source.factors().size());
  if (!(metric.threshold >= 0))
    throw ValueError(std::string(name) + ": threshold is " + number_text(metric.threshold) +
                     ", expected 0 or more");
}

/// What both metrics do.
template <bool fixes_one, class Metric, slice_source Source>
Score rf_vae_score(Metric const& metric, Source const& source, random_integers auto& rng) {
  constexpr std::string_view name = Metric::name;
  check_rf_vae(metric, source);
  std::size_t const factors = source.factors().size();
  std::size_t const latents = source.latents();
  auto const encode = [&](std::vector<std::size_t> const& points) {
    Matrix<double> codes(points.size(), latents);
    source.encode(points, codes.view());
    check_codes<double>(name, codes.view());
    check_square<double>(name, codes.view());
    return codes;
  };
  std::size_t const each = metric.votes / factors;  // of every factor
  double const all = static_cast<double>(each * factors);
  std::vector<double> faithful;  // per repeat
  std::vector<double> pruned;
  std::vector<double> variance(latents);
  std::vector<double> right(factors);
  double active_count = 0;
  Matrix<double> votes(factors, latents);  // of all repeats
  Matrix<double> pruned_votes(factors, latents);
  for (std::size_t repeat = 0; repeat < metric.repeats; ++repeat) {
    std::vector<std::size_t> const sample = source.distinct(rng, metric.num_variance_estimate);
    check_count(name, "the number of points", sample.size(), 2);
    column_variances(encode(sample).view(), variance, 0);
    std::vector<double> const active = active_latents(variance, metric.threshold);
    for (double a : active) active_count += a / static_cast<double>(metric.repeats);
    auto const [drawn, drawn_pruned] =
        draw_latent_votes<fixes_one>(source, rng, encode, each, metric.batch_size, variance, active);
    double sum = 0;
    double sum_pruned = 0;
    for (std::size_t l = 0; l < latents; ++l) {
      std::size_t const best = majority(drawn, l);
      sum += drawn(best, l);
      sum_pruned += drawn_pruned(majority(drawn_pruned, l), l);
      right[best] += drawn(best, l) / static_cast<double>(each * metric.repeats);
    }
    faithful.push_back(sum / all);
    pruned.push_back(sum_pruned / all);
    for (std::size_t i = 0; i < votes.values.size(); ++i) {
      votes.values[i] += drawn.values[i];
      pruned_votes.values[i] += drawn_pruned.values[i];
    }
  }

  Score s;
  s.metric = name;
  s.definition = "rf_vae";
  s.value = mean(faithful);
  s.parts = {{std::string(name), s.value},
             {"standard_deviation", standard_deviation(faithful)},
             {"pruned", mean(pruned)},
             {"pruned_standard_deviation", standard_deviation(pruned)},
             {"active_latents", active_count}};
  s.settings = {{"votes", all},
                {"batch_size", static_cast<double>(metric.batch_size)},
                {"num_variance_estimate", static_cast<double>(metric.num_variance_estimate)},
                {"repeats", static_cast<double>(metric.repeats)},
                {"pruned_threshold", metric.threshold}};
  s.choices = {
      {"classifier", "majority vote, measured on its own votes"},
      {"variance", "population, without replacement"},
      {"batch", fixes_one ? "one factor fixed, least variance" : "one factor varied, largest variance"}};
  s.tables = {Table::vector("right_per_factor", "factor", std::move(right)),
              Table::vector("per_repeat", "", std::move(faithful)),
              Table::vector("pruned_per_repeat", "", std::move(pruned)),
              {"votes", "factor", "latent", std::move(votes)},
              {"pruned_votes", "factor", "latent", std::move(pruned_votes)}};
  s.chance = 1 / static_cast<double>(factors);  // every factor has equally many votes
  name_factors(s, source);
  warn_of_one<Metric>(s, latents, factors);
  return s;
}

}  // namespace detail

/// In (0, 1], higher is better; chance is about 1 / factors. As the FactorVAE score, except that batches and
/// the sample of the variance are drawn without replacement, variances are those of a population, every
/// factor gets equally many votes, and the classifier is measured on the votes that made it. Nothing is
/// pruned: a latent that collapsed to a constant has ratio 0 and wins every vote, as in the authors' code.
/// The part `pruned` leaves out latents that do not vary or whose standard deviation is below `threshold`.
/// The value is the mean over `repeats`, and `standard_deviation` (n - 1) their spread. A class of a single
/// point has variance 0: the first latent wins. Cost: repeats * (votes * batch_size + num_variance_estimate)
/// codes.
struct RfVaeMetricI {
  static constexpr std::string_view name = "rf_vae_metric_i";
  static constexpr std::string_view one_factor = "every vote is right by definition";

  std::size_t votes = 800;  ///< of all factors together; the remainder of a division by factors is not drawn
  std::size_t batch_size = 100;              ///< most images in a vote
  std::size_t num_variance_estimate = 5000;  ///< most points of the variance over the data
  double threshold = 0.05;                   ///< least standard deviation of a latent in the part `pruned`
  std::size_t repeats = 10;

  /// Throws ValueError for a factor with fewer than 2 values, counts that are too small, codes that are not
  /// finite.
  template <slice_source Source>
  [[nodiscard]] Score operator()(Source const& source, Seed seed) const {
    RandomIntegers rng(seed, "metric/rf_vae_metric_i");
    return (*this)(source, rng);
  }
  template <slice_source Source>
  Score operator()(Source const& source, random_integers auto& rng) const {
    return detail::rf_vae_score<true>(*this, source, rng);
  }
};

/// In (0, 1], higher is better: the metric that RF-VAE's paper introduces ("Z-max variance", "R-FactorVAE").
/// A vote holds every factor but one and takes the latent that varies most; a batch has at most as many
/// images as the factor has values. A collapsed latent has ratio 0 and never wins. Settings, parts and the
/// rest as RfVaeMetricI. Of arrays, only rows that agree in all factors but one are of use: the more of the
/// grid is there, the better; it is refused where a factor has none. Cost: repeats * (votes * values of a
/// factor + num_variance_estimate) codes.
struct RfVaeMetricII {
  static constexpr std::string_view name = "rf_vae_metric_ii";
  static constexpr std::string_view one_factor = "every vote is right by definition";
  /// Draws few images, and those must differ in one factor alone: all of the data, not a sample of it.
  static constexpr bool draws_from_all = true;

  std::size_t votes = 800;
  std::size_t batch_size = 100;
  std::size_t num_variance_estimate = 5000;
  double threshold = 0.05;
  std::size_t repeats = 10;

  /// Throws as RfVaeMetricI, and ValueError where no two points differ in one of the factors alone.
  template <slice_source Source>
  [[nodiscard]] Score operator()(Source const& source, Seed seed) const {
    RandomIntegers rng(seed, "metric/rf_vae_metric_ii");
    return (*this)(source, rng);
  }
  template <slice_source Source>
  Score operator()(Source const& source, random_integers auto& rng) const {
    return detail::rf_vae_score<false>(*this, source, rng);
  }
};

}  // namespace disentangle::metric
