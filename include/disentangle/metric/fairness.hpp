// SPDX-License-Identifier: Apache-2.0
// Fairness (Locatello, Abbati, Rainforth, Bauer, Schoelkopf, Bachem, "On the fairness of disentangled
// representations", NeurIPS 2019), after disentanglement_lib: does a prediction of one factor change when
// another, which it must not depend on, is set?
//   unfairness(k, m) = mean over values v of factor m of the total variation between the predictions of
//                      factor k when m is v and their average over all values of m
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/gradient_boosted_trees.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// The mean over all ordered pairs of different factors, in [0, 1], lower is better; `worst_value` is the
/// mean over pairs of the largest total variation in place of the mean over values. Predictions are those of
/// DCI's gradient-boosted trees. A classifier that always predicts the same is fair: read it beside the
/// accuracy. Biased upwards by the number of points: about sqrt(values / points_per_value) of it is noise.
/// Needs a source, because points with a chosen value are drawn. Cost: DCI's plus points_per_value codes for
/// every value of every factor.
struct Fairness {
  static constexpr std::string_view name = "fairness";
  static constexpr Definition definitions[] = {definition::disentanglement_lib};

  std::size_t num_train = 10000;
  std::size_t points_per_value = 100;
  std::uint64_t tie_seed = 0;  ///< which latent wins a tied split
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// Throws ValueError for fewer than 2 factors or a factor with fewer than 2 values, counts that are too
  /// small, codes that are not finite in float.
  template <factor_source Source>
  [[nodiscard]] Score operator()(Source const& source, Seed seed) const {
    RandomIntegers rng(seed, "metric/fairness");
    return (*this)(source, rng);
  }
  template <factor_source Source>
  Score operator()(Source const& source, random_integers auto& rng) const {
    detail::check_definition(name, definitions, definition);
    detail::check_source(name, source);
    detail::check_count(name, "factors", source.factors().size(), 2);
    detail::check_count(name, "num_train", num_train, 2);
    detail::check_count(name, "points_per_value", points_per_value, 1);
    std::size_t const factors = source.factors().size();
    detail::Rows const train = detail::draw_rows(source, num_train, rng);
    detail::check_rows(name, train, 2);
    detail::check_float_range<double>(name, train.codes.view());
    Matrix<int> const labels = detail::varied_labels_of(name, train);

    // Codes of points_per_value points for every value of every factor.
    std::vector<Matrix<double>> set(factors);
    for (std::size_t m = 0; m < factors; ++m) set[m] = codes_by_value(source, m, rng);

    detail::SortedFeatures const sorted(train.codes.view(), threads);
    Matrix<double> unfair(factors, factors);  // (predicted, set)
    Matrix<double> worst(factors, factors);
    std::vector<double> accuracy(factors);
    double sum = 0;
    double worst_sum = 0;
    for (std::size_t k = 0; k < factors; ++k) {
      detail::Classes const classes = detail::classes(name, labels.view(), k);
      detail::GradientBoostedTrees const trees(sorted, classes.label, classes.size(),
                                               {100, 0.1, tie_seed, threads});
      for (std::size_t i = 0; i < labels.rows; ++i)
        accuracy[k] += trees.training_predictions()[i] == classes.label[i];
      accuracy[k] /= static_cast<double>(labels.rows);
      for (std::size_t m = 0; m < factors; ++m) {
        if (m == k) continue;
        std::vector<int> const predicted = trees.predict<double>(set[m].view());
        std::size_t const values = set[m].rows / points_per_value;
        Matrix<double> share(values, classes.values.size());
        std::vector<double> average(share.columns);
        for (std::size_t i = 0; i < predicted.size(); ++i) {
          share(i / points_per_value, static_cast<std::size_t>(predicted[i])) +=
              1 / static_cast<double>(points_per_value);
          average[static_cast<std::size_t>(predicted[i])] += 1 / static_cast<double>(predicted.size());
        }
        for (std::size_t v = 0; v < values; ++v) {
          double variation = 0;
          for (std::size_t c = 0; c < share.columns; ++c)
            variation += 0.5 * std::abs(share(v, c) - average[c]);
          unfair(k, m) += variation / static_cast<double>(values);
          worst(k, m) = std::max(worst(k, m), variation);
        }
        sum += unfair(k, m);
        worst_sum += worst(k, m);
      }
    }
    double const pairs = static_cast<double>(factors * (factors - 1));

    Score s;
    s.metric = name;
    s.definition = definition.name;
    s.value = sum / pairs;
    s.lower_is_better = true;
    s.parts = {{"fairness", s.value}, {"worst_value", worst_sum / pairs}, {"train_accuracy", mean(accuracy)}};
    s.settings = {{"num_train", static_cast<double>(num_train)},
                  {"points_per_value", static_cast<double>(points_per_value)},
                  {"tie_seed", static_cast<double>(tie_seed)}};
    s.choices = {{"classifier", "gradient-boosted trees, scikit-learn's defaults"}};
    s.tables = {Table::vector("train_accuracy", "factor", std::move(accuracy)),
                {"unfairness", "factor", "factor", std::move(unfair)},
                {"worst_value", "factor", "factor", std::move(worst)}};
    detail::name_factors(s, source);
    return s;
  }

 private:
  /// points_per_value points for each value of factor m, value after value.
  template <factor_source Source>
  Matrix<double> codes_by_value(Source const& source, std::size_t m, random_integers auto& rng) const {
    std::size_t const values = static_cast<std::size_t>(source.factors()[m].cardinality);
    // A point with every value: draws until all are seen. Sources have every value among their points.
    std::vector<std::size_t> with(values);
    std::vector<bool> seen(values);
    for (std::size_t found = 0; found < values;) {
      std::vector<std::size_t> points(64);
      Matrix<int> labels(points.size(), source.factors().size());
      source.draw(rng, points);
      source.labels(points, labels.view());
      for (std::size_t i = 0; i < points.size(); ++i) {
        std::size_t const v = static_cast<std::size_t>(labels(i, m));
        if (seen[v]) continue;
        seen[v] = true;
        with[v] = points[i];
        ++found;
      }
    }
    std::vector<std::size_t> like(values * points_per_value);
    for (std::size_t i = 0; i < like.size(); ++i) like[i] = with[i / points_per_value];
    std::vector<std::size_t> points(like.size());
    source.draw_matching(m, like, rng, points);
    Matrix<double> codes(points.size(), source.latents());
    source.encode(points, codes.view());
    detail::check_codes<double>(name, codes.view());
    detail::check_float_range<double>(name, codes.view());
    return codes;
  }
};

}  // namespace disentangle::metric
