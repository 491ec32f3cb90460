// SPDX-License-Identifier: Apache-2.0
// DCI with regressors in place of classifiers, as in its paper (Eastwood and Williams, ICLR 2018) and as
// Metric III of RF-VAE: Lasso, and random forests. Factors are taken as numbers and need not be whole.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/lasso.hpp>
#include <disentangle/metric/detail/random_forest.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/scaling.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/importance.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace detail {

/// A regressor of one target: importances of the features and predictions.
struct Regression {
  std::vector<double> importance;
  std::function<double(std::span<double const>)> predict;
};

/// Root mean square error over the standard deviation of the target, both with divisor n.
inline double relative_error(std::string_view metric, Regression const& regression,
                             Matrix<double> const& codes, std::vector<double> const& target,
                             std::size_t factor) {
  double squares = 0;
  for (std::size_t i = 0; i < codes.rows; ++i) {
    double const error = regression.predict(codes.row(i)) - target[i];
    squares += error * error;
  }
  double const n = static_cast<double>(target.size());
  double shift = 0;  // relative to the first, so that a constant has variance 0 exactly
  for (double y : target) shift += (y - target[0]) / n;
  double variance = 0;
  for (double y : target) variance += (y - target[0] - shift) * (y - target[0] - shift) / n;
  if (!(variance > 0))
    throw ValueError(std::string(metric) + ": factor " + std::to_string(factor) + " does not vary among " +
                     std::to_string(target.size()) + " test rows, expected at least 2 values");
  return std::sqrt(squares / n / variance);
}

/// 1 - entropy / log(entries), with the small number of these definitions: 1 where all entries are 0.
inline double concentration_with(std::vector<double> const& entries, double tiny) {
  if (entries.size() < 2) return 1;
  double sum = tiny;
  for (double e : entries) sum += e;
  double entropy = 0;
  for (double e : entries) entropy -= e / sum * std::log(e / sum + tiny);
  return 1 - entropy / std::log(static_cast<double>(entries.size()));
}

/// What such a score says across factors, from its table of importances.
inline void summarise_regressions(Score& s, Definition definition) {
  Matrix<double> const& importance = s.table("importance");
  double const tiny = definition == definition::clarken92 ? 1e-8 : 1e-12;
  Concentration d = disentanglement(importance.view());
  d.value = 0;
  for (std::size_t l = 0; l < importance.rows; ++l) {
    d.each[l] = concentration_with({importance.row(l).begin(), importance.row(l).end()}, tiny);
    d.value += d.weight[l] * d.each[l];
  }
  std::vector<double> complete(importance.columns);
  for (std::size_t k = 0; k < importance.columns; ++k)
    complete[k] = concentration_with(column_of(importance, k), tiny);
  s.value = d.value;
  set_part(s, "disentanglement", d.value);
  set_part(s, "completeness", mean(complete));
  set_table(s, Table::vector("disentanglement_per_latent", "latent", std::move(d.each)));
  set_table(s, Table::vector("latent_weight", "latent", std::move(d.weight)));
  set_table(s, Table::vector("completeness_per_factor", "factor", std::move(complete)));
}

/// DCI from a regressor per factor; regress(codes, target, factor) -> Regression.
template <class Regress>
Score score_regressions(std::string_view name, Definition definition, Rows const& train, Rows const& test,
                        Regress const& regress) {
  check_square<double>(name, train.codes.view());
  check_square<double>(name, test.codes.view());
  check_varied(name, train);
  Scaling const codes_scaling = Scaling::standard(train.codes);
  Scaling const factors_scaling =
      definition == definition::clarken92 ? Scaling::range(train.factors) : Scaling::standard(train.factors);
  Matrix<double> const codes = codes_scaling(train.codes);
  Matrix<double> const test_codes = codes_scaling(test.codes);
  Matrix<double> const factors = factors_scaling(train.factors);
  Matrix<double> const test_factors = factors_scaling(test.factors);
  Matrix<double> importance(codes.columns, factors.columns);
  std::vector<double> train_error(factors.columns);
  std::vector<double> test_error(factors.columns);
  for (std::size_t k = 0; k < factors.columns; ++k) {
    std::vector<double> const target = column_of(factors, k);
    Regression const regression = regress(codes, target, k);
    for (std::size_t l = 0; l < codes.columns; ++l) importance(l, k) = regression.importance[l];
    train_error[k] = relative_error(name, regression, codes, target, k);
    test_error[k] = relative_error(name, regression, test_codes, column_of(test_factors, k), k);
  }
  Score s;
  s.metric = name;
  s.definition = definition.name;
  s.parts = {{"disentanglement", 0},
             {"completeness", 0},
             {"informativeness_error_test", mean(test_error)},
             {"informativeness_error_train", mean(train_error)}};
  s.settings = {{"train_rows", static_cast<double>(train.size())},
                {"test_rows", static_cast<double>(test.size())}};
  s.choices = {{"completeness", "plain mean over factors"},
               {"codes", "standardised by the training rows"},
               {"factors", definition == definition::clarken92 ? "scaled to 0..1" : "standardised"},
               {"informativeness", "root mean square error / standard deviation, lower is better"}};
  s.tables = {Table::vector("train_error", "factor", std::move(train_error)),
              Table::vector("test_error", "factor", std::move(test_error)),
              {"importance", "latent", "factor", std::move(importance)}};
  summarise_regressions(s, definition);
  return s;
}

}  // namespace detail

/// The value is disentanglement, in [0, 1], higher is better; the parts `completeness`, in [0, 1], and
/// `informativeness_error_test`: root mean square error on the test rows over the factor's standard
/// deviation, lower is better. Importance of a latent: the absolute weight of a Lasso on standardised codes;
/// see importance.hpp for D and C. C is a plain mean over factors here, and a factor of which nothing is
/// known counts as complete, as in the code of both definitions: read C beside the error. Blind to what is
/// not linear: a perfect code of an angle that wraps around scores low. A constant latent has importance 0;
/// of exact copies the first takes all. Free of scale and shift. Deterministic. Cost O(rows latents^2).
/// - rf_vae: Metric III of RF-VAE; factors standardised (alpha 0.2 for its oval dSprites and 3D Faces, else
///   0.02).
/// - clarken92: factors scaled to 0..1 instead, so that alpha weighs more.
struct DciLasso {
  static constexpr std::string_view name = "dci_lasso";
  /// With one factor importances of a latent cannot be spread.
  static constexpr std::string_view one_factor = "disentanglement is 1 by definition";
  static constexpr std::string_view one_latent = "completeness is 1 by definition";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::rf_vae, definition::clarken92};

  double alpha = 0.02;  ///< weight of the L1 penalty, 0 or more
  Definition definition = definitions[0];
  std::size_t num_train = 10000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;    ///< and to test on

  /// As Dci: metric(codes, factors), metric(codes, factors, train_rows), metric(train_codes, train_factors,
  /// test_codes, test_factors), metric(source, seed). Real factors are welcome. Throws ShapeError for rows or
  /// columns that do not fit; ValueError for a code that is not finite or whose square overflows, an infinite
  /// factor value, a factor that does not vary among the training or the test rows, alpha < 0.
  template <class... Data>
    requires detail::scores_from<DciLasso, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& train, detail::Rows const& test) const {
    detail::check_definition(name, definitions, definition);
    if (!(alpha >= 0)) throw ValueError("dci_lasso: alpha is " + number_text(alpha) + ", expected 0 or more");
    auto const regress = [&](Matrix<double> const& codes, std::vector<double> const& target, std::size_t) {
      detail::LinearModel model = detail::Lasso(codes.view()).fit(target, alpha);
      detail::Regression regression{model.weights, std::move(model)};
      for (double& w : regression.importance) w = std::abs(w);
      return regression;
    };
    Score s = detail::score_regressions(name, definition, train, test, regress);
    s.settings.emplace_back("alpha", alpha);
    s.choices.insert(s.choices.begin(), {{"regressor", "Lasso"}, {"importance", "absolute weight"}});
    return s;
  }

  void summarise(Score& s) const { detail::summarise_regressions(s, definition); }
};

/// As DciLasso, with the impurity importances of a random forest of regression trees in place of weights:
/// each factor's sum to 1. Sees what is not linear. Unaffected by monotone maps of a latent. Copies share
/// their importance by `seed`, which also draws the bootstrap samples: scores move by some hundredths between
/// seeds.
/// - rf_vae: Metric III of RF-VAE, trees of depth 5.
/// - clarken92: the same with factors scaled to 0..1, which changes nothing but rounding; its depth is 8.
struct DciRandomForest {
  static constexpr std::string_view name = "dci_random_forest";
  /// With one factor importances of a latent cannot be spread.
  static constexpr std::string_view one_factor = "disentanglement is 1 by definition";
  static constexpr std::string_view one_latent = "completeness is 1 by definition";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::rf_vae, definition::clarken92};

  int trees = 10;
  int max_depth = 5;
  std::uint64_t seed = 0;  ///< of the bootstrap samples and of ties
  Definition definition = definitions[0];
  std::size_t num_train = 10000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;    ///< and to test on
  unsigned threads = 0;           ///< 0: all of the machine; the result does not depend on it

  /// As DciLasso; throws ValueError for a code that is not finite in float, trees or max_depth < 1.
  template <class... Data>
    requires detail::scores_from<DciRandomForest, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& train, detail::Rows const& test) const {
    detail::check_definition(name, definitions, definition);
    if (trees < 1 || max_depth < 1)
      throw ValueError("dci_random_forest: " + std::to_string(trees) + " trees of depth " +
                       std::to_string(max_depth) + ", expected at least 1 of each");
    detail::check_float_range<double>(name, train.codes.view());
    detail::check_float_range<double>(name, test.codes.view());
    detail::SortedFeatures sorted;
    auto const regress = [&](Matrix<double> const& codes, std::vector<double> const& target, std::size_t k) {
      if (sorted.rows == 0) sorted = detail::SortedFeatures(codes.view(), threads);
      auto const forest = std::make_shared<detail::RandomForest>(
          sorted, target,
          detail::RandomForest::Settings{trees, max_depth, seed + 1000003 * static_cast<std::uint64_t>(k),
                                         threads});
      return detail::Regression{forest->importances(),
                                [forest](std::span<double const> x) { return forest->predict(x); }};
    };
    Score s = detail::score_regressions(name, definition, train, test, regress);
    s.settings.insert(s.settings.end(), {{"trees", static_cast<double>(trees)},
                                         {"max_depth", static_cast<double>(max_depth)},
                                         {"forest_seed", static_cast<double>(seed)}});
    s.choices.insert(s.choices.begin(),
                     {{"regressor", "random forest"}, {"importance", "impurity decrease (squared error)"}});
    return s;
  }

  void summarise(Score& s) const { detail::summarise_regressions(s, definition); }
};

}  // namespace disentangle::metric
