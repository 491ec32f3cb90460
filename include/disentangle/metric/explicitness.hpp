// SPDX-License-Identifier: Apache-2.0
// Explicitness (Ridgeway, Mozer, "Learning deep disentangled embeddings with the F-statistic loss", NeurIPS
// 2018): how well a linear classifier reads every value of a factor from all latents together.
//   explicitness = mean over factors of the mean over values of the area under the ROC curve, one value
//   against the rest
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/logistic_regression.hpp>
#include <disentangle/metric/detail/one_against_rest.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/scaling.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace detail {

/// The area under the ROC curve of scores: how often a positive beats a negative, ties counting half.
inline double area_under_curve(std::vector<std::pair<double, bool>> scores) {
  std::sort(scores.begin(), scores.end());
  double positives = 0;
  double sum = 0;  // of the positives' ranks, those of ties averaged
  for (std::size_t i = 0, end = 0; i < scores.size(); i = end) {
    double tied = 0;
    for (end = i; end < scores.size() && scores[end].first == scores[i].first; ++end)
      tied += scores[end].second;
    sum += tied * (static_cast<double>(i + end + 1) / 2);
    positives += tied;
  }
  double const negatives = static_cast<double>(scores.size()) - positives;
  return (sum - positives * (positives + 1) / 2) / (positives * negatives);
}

}  // namespace detail

/// Higher is better, 0.5 for codes that know nothing, at most 1. Says nothing about how a factor is spread
/// over latents. A constant latent is ignored (disentanglement_lib divides by its standard deviation and
/// fails).
/// - disentanglement_lib: standardised codes, multinomial logistic regression (L2, C = 1), area on the test
///   rows, not rescaled. A value that no test row has is left out of the mean (scikit-learn refuses it).
/// - disentanglement_lib_2018: scikit-learn's default of then, liblinear: one against the rest with a
///   penalised bias, which gives lower numbers (0.92 for 0.96).
/// - clarken92: liblinear too, with C = 1e10, area on the training rows.
/// - ubisoft: codes scaled to 0 .. 1, one balanced logistic regression for each value against the rest, area
///   on the training rows, rescaled to 2 (area - 0.5): 0 for codes that know nothing.
struct Explicitness {
  static constexpr std::string_view name = "explicitness";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::disentanglement_lib, definition::ubisoft,
                                               definition::disentanglement_lib_2018, definition::clarken92};

  std::optional<double> c = {};   ///< weight of the errors against the penalty; without it the definition's
  std::size_t num_train = 10000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;    ///< and to test on
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// As Dci: metric(codes, factors), metric(codes, factors, train_rows), metric(train_codes, train_factors,
  /// test_codes, test_factors), metric(source, seed). Throws ShapeError for rows or columns that do not fit;
  /// ValueError for a code that is not finite or whose square overflows, a factor that is not made of whole
  /// numbers from 0 or has a single value among the training or the test rows, c <= 0.
  template <class... Data>
    requires detail::scores_from<Explicitness, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& train, detail::Rows const& test) const {
    detail::check_definition(name, definitions, definition);
    detail::check_square<double>(name, train.codes.view());
    detail::check_square<double>(name, test.codes.view());
    if (!(weight() > 0))
      throw ValueError("explicitness: c is " + number_text(weight()) + ", expected above 0");
    bool const rescaled = definition == definition::ubisoft;
    bool const of_training = rescaled || definition == definition::clarken92;
    detail::Scaling const scaling =
        rescaled ? detail::Scaling::range(train.codes) : detail::Scaling::standard(train.codes);
    Matrix<double> const codes = scaling(train.codes);
    Matrix<double> const test_codes = scaling(test.codes);
    Matrix<int> const factors = detail::labels_of(name, train);
    Matrix<int> const test_factors = detail::varied_labels_of(name, test);
    std::vector<double> train_area(factors.columns);
    std::vector<double> test_area(factors.columns);
    for (std::size_t k = 0; k < factors.columns; ++k) {
      detail::Classes const classes = detail::classes(name, factors.view(), k);
      Matrix<double> const train_scores = probabilities(codes, codes, classes);
      Matrix<double> const test_scores = probabilities(codes, test_codes, classes);
      train_area[k] = area(train_scores, factors, k, classes);
      test_area[k] = area(test_scores, test_factors, k, classes);
      if (rescaled)
        for (double* v : {&train_area[k], &test_area[k]}) *v = 2 * (*v - 0.5);
    }

    Score s = detail::begin_score(name, definition, train, mean(of_training ? train_area : test_area));
    s.parts = {{"explicitness_test", mean(test_area)}, {"explicitness_train", mean(train_area)}};
    s.chance = rescaled ? 0.0 : 0.5;  // of the area under the ROC curve
    s.settings = {{"train_rows", static_cast<double>(train.size())},
                  {"test_rows", static_cast<double>(test.size())},
                  {"c", weight()}};
    s.choices = {{"classifier",
                  definition == definition::disentanglement_lib
                      ? "multinomial logistic regression, L2, biases not penalised"
                  : rescaled ? "logistic regression, balanced, one against the rest, biases not penalised"
                             : "logistic regression, L2, one against the rest, biases penalised"},
                 {"value", rescaled      ? "2 (area under the ROC curve - 0.5), training rows"
                           : of_training ? "area under the ROC curve, training rows"
                                         : "area under the ROC curve, test rows"},
                 {"codes", rescaled ? "scaled to 0..1" : "standardised"}};
    s.tables = {Table::vector("train_area_per_factor", "factor", std::move(train_area)),
                Table::vector("test_area_per_factor", "factor", std::move(test_area))};
    return s;
  }

  Matrix<double> probabilities(Matrix<double> const& codes, Matrix<double> const& of,
                               detail::Classes const& classes) const {
    Matrix<double> result(of.rows, classes.values.size());
    auto const ask = [&](auto const& classifier) {
      for (std::size_t i = 0; i < of.rows; ++i) classifier.probabilities(of.row(i), result.row(i));
    };
    if (definition == definition::disentanglement_lib) {
      ask(detail::LogisticRegression(codes.view(), classes.label, classes.size(),
                                     {.c = weight(), .threads = threads, .class_weights = {}}));
    } else {
      bool const review = definition == definition::ubisoft;
      ask(detail::OneAgainstRest(
          codes.view(), classes.label, classes.size(),
          {.c = weight(), .penalise_bias = !review, .balanced = review, .threads = threads}));
    }
    return result;
  }

  double weight() const { return c.value_or(definition == definition::clarken92 ? 1e10 : 1); }

  /// The mean over the values that occur among these rows.
  [[nodiscard]] static double area(Matrix<double> const& scores, Matrix<int> const& factors, std::size_t k,
                                   detail::Classes const& classes) {
    double sum = 0;
    double values = 0;
    for (std::size_t v = 0; v < scores.columns; ++v) {
      std::vector<std::pair<double, bool>> row(scores.rows);
      std::size_t positives = 0;
      for (std::size_t i = 0; i < row.size(); ++i) {
        row[i] = {scores(i, v), factors(i, k) == classes.values[v]};
        positives += row[i].second;
      }
      if (positives == 0) continue;
      sum += detail::area_under_curve(std::move(row));
      values += 1;
    }
    return values > 0 ? sum / values : 0.5;
  }
};

}  // namespace disentangle::metric
