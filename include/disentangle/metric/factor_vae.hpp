// SPDX-License-Identifier: Apache-2.0
// FactorVAE score (Kim and Mnih, "Disentangling by factorising", ICML 2018, section 4), to the definition of
// disentanglement_lib: a majority vote classifier on the latent that varies least while one factor is held.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/detail/variance_vote.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/random.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// In [0, 1], higher is better; chance is about 1 / factors. A vote: a random factor is held in a batch, the
/// rest vary; the latent with the smallest ratio of its variance in the batch to its variance over the data
/// is the vote's input. The classifier maps a latent to the factor that it got most training votes for (the
/// lowest factor of equals), and the value is its accuracy on fresh votes.
/// Latents whose standard deviation is below `threshold` take no part, and a constant latent never does, also
/// at threshold 0 (where disentanglement_lib's own code divides 0 by 0 and collapses). Where no latent is
/// left, the value is 0. Unbiased by the number of votes but noisy: its standard error is about
/// sqrt(value (1 - value) / num_eval). Cost: (num_train + num_eval) * batch_size + num_variance_estimate
/// encoded points.
/// - disentanglement_lib: as above.
/// - ubisoft ("Z-min variance"): the accuracy is rescaled by chance, (accuracy - 1/K) / (1 - 1/K), so that 0
///   is chance and values below are possible; FactorVae::with(definition::ubisoft) has its batches of 200,
///   800 + 800 votes and threshold 0.02.
struct FactorVae {
  static constexpr std::string_view name = "factor_vae";
  static constexpr std::string_view one_factor = "every vote is right by definition";
  static constexpr Definition definitions[] = {definition::disentanglement_lib, definition::ubisoft};

  std::size_t batch_size = 64;                ///< points in a vote, at least 2
  std::size_t num_train = 10000;              ///< votes that make the classifier
  std::size_t num_eval = 5000;                ///< votes that measure it
  std::size_t num_variance_estimate = 10000;  ///< points of the variance over the data, at least 2
  double threshold = 0.05;  ///< smallest standard deviation of a latent that takes part: the value of
                            ///< the published study's configurations (the code's own default is 0)
  std::size_t batches_per_encode = 16;  ///< votes drawn, then encoded in one call: for speed only
  Definition definition = definitions[0];

  /// The settings of a definition.
  [[nodiscard]] static constexpr FactorVae with(Definition definition) {
    FactorVae metric;
    metric.definition = definition;
    if (definition == definition::ubisoft) {
      metric.batch_size = 200;
      metric.num_train = metric.num_eval = 800;
      metric.threshold = 0.02;
    }
    return metric;
  }

  /// Throws ValueError for a factor with fewer than 2 values, counts that are too small, codes that are not
  /// finite.
  template <factor_source Source>
  [[nodiscard]] Score operator()(Source const& source, Seed seed) const {
    RandomIntegers rng(seed, "metric/factor_vae");
    return (*this)(source, rng);
  }
  /// Draws in disentanglement_lib's order: variance points; then per vote the factor's number and the batch.
  template <factor_source Source>
  Score operator()(Source const& source, random_integers auto& rng) const {
    detail::check_definition(name, definitions, definition);
    detail::check_source(name, source);
    detail::check_count(name, "batch_size", batch_size, 2);
    detail::check_count(name, "num_train", num_train, 1);
    detail::check_count(name, "num_eval", num_eval, 1);
    detail::check_count(name, "num_variance_estimate", num_variance_estimate, 2);
    detail::check_count(name, "batches_per_encode", batches_per_encode, 1);
    if (!(threshold >= 0))
      throw ValueError("factor_vae: threshold is " + number_text(threshold) + ", expected 0 or more");

    std::size_t const latents = source.latents();
    std::vector<double> variance(latents);
    {
      std::vector<std::size_t> points(num_variance_estimate);
      Matrix<double> codes(points.size(), latents);
      source.draw(rng, points);
      source.encode(points, codes.view());
      detail::check_codes<double>(name, codes.view());
      detail::check_square<double>(name, codes.view());
      detail::column_variances(codes.view(), variance);
    }
    std::vector<double> active = detail::active_latents(variance, threshold);
    double active_count = 0;
    for (double a : active) active_count += a;

    // Votes are drawn even where no latent is active, so that the random stream does not depend on the codes.
    Matrix<double> const train = votes(source, rng, num_train, variance, active);
    Matrix<double> const eval = votes(source, rng, num_eval, variance, active);
    double train_right = 0;
    double eval_right = 0;
    for (std::size_t l = 0; l < latents && active_count > 0; ++l) {
      std::size_t const best = detail::majority(train, l);
      train_right += train(best, l);
      eval_right += eval(best, l);
    }

    Score s;
    s.metric = name;
    s.definition = definition.name;
    double const accuracy = eval_right / static_cast<double>(num_eval);
    double const chance = 1 / static_cast<double>(source.factors().size());
    bool const rescaled = definition == definition::ubisoft;
    auto const value_of = [&](double share) {  // of one factor all votes are right by chance
      return !rescaled ? share : chance < 1 ? (share - chance) / (1 - chance) : 0;
    };
    s.value = value_of(accuracy);
    s.chance = value_of(detail::largest_row_share(eval));
    s.parts = {{"eval_accuracy", accuracy},
               {"train_accuracy", train_right / static_cast<double>(num_train)},
               {"active_latents", active_count}};
    s.settings = {{"batch_size", static_cast<double>(batch_size)},
                  {"num_train", static_cast<double>(num_train)},
                  {"num_eval", static_cast<double>(num_eval)},
                  {"num_variance_estimate", static_cast<double>(num_variance_estimate)},
                  {"threshold", threshold}};
    s.choices = {{"classifier", "majority vote"},
                 {"variance", "empirical, n - 1"},
                 {"value", rescaled ? "accuracy rescaled by chance" : "accuracy"}};
    s.tables = {Table::vector("variance", "latent", std::move(variance)),
                Table::vector("active", "latent", std::move(active)),
                {"train_votes", "factor", "latent", train},
                {"eval_votes", "factor", "latent", eval}};
    detail::name_factors(s, source);
    detail::warn_of_one<FactorVae>(s, latents, source.factors().size());
    return s;
  }

 private:
  /// (factors, latents) counts.
  template <factor_source Source>
  Matrix<double> votes(Source const& source, random_integers auto& rng, std::size_t count,
                       std::vector<double> const& variance, std::vector<double> const& active) const {
    std::size_t const latents = source.latents();
    Matrix<double> result(source.factors().size(), latents);
    std::vector<std::size_t> points(batches_per_encode * batch_size);
    std::vector<std::size_t> held(batches_per_encode);
    Matrix<double> codes(points.size(), latents);
    std::vector<double> local(latents);
    for (std::size_t done = 0; done < count;) {
      std::size_t const batches = std::min(batches_per_encode, count - done);
      for (std::size_t b = 0; b < batches; ++b) {
        held[b] = static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(result.rows)));
        source.draw_sharing(held[b], rng, std::span(points).subspan(b * batch_size, batch_size));
      }
      MatrixView<double> const chunk{codes.values.data(), batches * batch_size, latents};
      source.encode(std::span(points).first(chunk.rows), chunk);
      detail::check_codes<double>(name, chunk);
      detail::check_square<double>(name, chunk);
      for (std::size_t b = 0; b < batches; ++b) {
        detail::column_variances(detail::rows<double const>(chunk, b * batch_size, batch_size), local);
        std::size_t vote = latents;
        double smallest = std::numeric_limits<double>::infinity();
        for (std::size_t l = 0; l < latents; ++l)
          if (active[l] != 0 && local[l] / variance[l] < smallest) {
            smallest = local[l] / variance[l];
            vote = l;
          }
        if (vote < latents) result(held[b], vote) += 1;
      }
      done += batches;
    }
    return result;
  }
};

}  // namespace disentangle::metric
