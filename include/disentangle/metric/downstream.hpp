// SPDX-License-Identifier: Apache-2.0
// Downstream accuracy (Locatello et al., ICML 2019): how well classifiers that see a few labelled codes
// predict the factors of others, after disentanglement_lib.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/gradient_boosted_trees.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/logistic_regression.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace detail {

/// Labels of the test rows that train's classifier predicts; a training part of one class predicts that.
template <class Predict>
double accuracy_of(Matrix<double> const& codes, Matrix<int> const& factors, std::size_t k,
                   Predict const& predict) {
  double right = 0;
  for (std::size_t i = 0; i < codes.rows; ++i) right += predict(i) == factors(i, k);
  return right / static_cast<double>(codes.rows);
}

inline std::vector<int> distinct_values(std::vector<int> labels) {
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

inline Matrix<double> first_rows(Matrix<double> const& m, std::size_t n) {
  Matrix<double> part(n, m.columns);
  std::copy_n(m.values.begin(), part.values.size(), part.values.begin());
  return part;
}

/// Multinomial logistic regression whose C is chosen by cross validation: scikit-learn's LogisticRegressionCV
/// with ten values of 1e-4 .. 1e4 and unshuffled folds. Returns the predictions for `of`.
inline std::vector<int> cross_validated_predictions(Matrix<double> const& codes,
                                                    std::vector<int> const& labels, Matrix<double> const& of,
                                                    std::size_t folds, unsigned threads) {
  std::vector<int> const values = distinct_values(labels);
  if (values.size() == 1) return std::vector<int>(of.rows, values[0]);
  auto const predict = [](Matrix<double> const& x, std::vector<int> const& y, Matrix<double> const& test,
                          double c) {
    std::vector<int> const own = distinct_values(y);
    if (own.size() == 1) return std::vector<int>(test.rows, own[0]);
    std::vector<int> numbered(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) numbered[i] = class_of(own, y[i]);
    LogisticRegression const classifier(x.view(), numbered, static_cast<int>(own.size()),
                                        {.c = c,
                                         .tolerance = 1e-3,
                                         .max_iterations = 100,
                                         .max_products = 100,
                                         .threads = 1,
                                         .class_weights = {}});
    std::vector<int> predicted(test.rows);
    for (std::size_t i = 0; i < test.rows; ++i)
      predicted[i] = own[static_cast<std::size_t>(classifier.predict(test.row(i)))];
    return predicted;
  };
  constexpr std::size_t grid = 10;
  auto const c_of = [](std::size_t g) {
    return std::pow(10.0, -4 + 8.0 * static_cast<double>(g) / (grid - 1));
  };
  std::size_t const parts = std::min(folds, codes.rows);
  Matrix<double> right(grid, parts);
  parallel_for(grid * parts, threads, [&](std::size_t item, std::size_t) {
    std::size_t const fold = item % parts;
    std::size_t const first = fold * codes.rows / parts;
    std::size_t const last = (fold + 1) * codes.rows / parts;
    Matrix<double> x(0, codes.columns), held(0, codes.columns);
    std::vector<int> y, held_y;
    for (std::size_t i = 0; i < codes.rows; ++i) {
      bool const in = i >= first && i < last;
      Matrix<double>& to = in ? held : x;
      to.values.insert(to.values.end(), codes.row(i).begin(), codes.row(i).end());
      ++to.rows;
      (in ? held_y : y).push_back(labels[i]);
    }
    std::vector<int> const predicted = predict(x, y, held, c_of(item / parts));
    double sum = 0;
    for (std::size_t i = 0; i < predicted.size(); ++i) sum += predicted[i] == held_y[i];
    right(item / parts, fold) = sum / static_cast<double>(predicted.size());
  });
  std::size_t best = 0;
  double highest = -1;
  for (std::size_t g = 0; g < grid; ++g)
    if (double const m = mean({right.row(g).begin(), right.row(g).end()}); m > highest) {
      highest = m;
      best = g;
    }
  return predict(codes, labels, of, c_of(best));
}

/// The worst factor's accuracy after most rows.
inline void summarise_downstream(Score& s) {
  Matrix<double> const& accuracy = s.table("accuracy");
  auto const last = accuracy.row(accuracy.rows - 1);
  set_part(s, "least", *std::min_element(last.begin(), last.end()));
}

/// What both forms report: predictions(codes, labels, test codes) -> labels of the test rows.
template <class Metric, class Predictions>
Score score_downstream(Metric const& metric, Rows const& train, Rows const& test,
                       Predictions const& predictions) {
  constexpr std::string_view name = Metric::name;
  check_definition(name, Metric::definitions, metric.definition);
  check_float_range<double>(name, train.codes.view());
  check_float_range<double>(name, test.codes.view());
  if (metric.train_sizes.empty())
    throw ValueError(std::string(name) + ": train_sizes is empty, expected at least 1 size");
  Matrix<int> const factors = varied_labels_of(name, train);
  Matrix<int> const test_factors = labels_of(name, test);
  Matrix<double> accuracy(metric.train_sizes.size(), factors.columns);
  std::vector<double> used;
  for (std::size_t size : metric.train_sizes) {
    check_count(name, "train_sizes", size, 2);
    std::size_t const n = std::min(size, train.size());
    Matrix<double> const codes = first_rows(train.codes, n);
    for (std::size_t k = 0; k < factors.columns; ++k) {
      std::vector<int> labels(n);
      for (std::size_t i = 0; i < n; ++i) labels[i] = factors(i, k);
      std::vector<int> const predicted = predictions(codes, labels, test.codes);
      accuracy(used.size(), k) =
          accuracy_of(test.codes, test_factors, k, [&](std::size_t i) { return predicted[i]; });
    }
    used.push_back(static_cast<double>(n));
  }
  auto const last = accuracy.row(accuracy.rows - 1);
  Score s = begin_score(name, metric.definition, train, mean({last.begin(), last.end()}));
  for (std::size_t i = 0; i < used.size(); ++i) {
    auto const row = accuracy.row(i);
    s.parts.emplace_back("accuracy_" + std::to_string(static_cast<long>(used[i])),
                         mean({row.begin(), row.end()}));
  }
  s.chance = majority_accuracy(MatrixView<int const>(factors.view()), test_factors.view());
  s.settings = {{"train_rows", used.back()}, {"test_rows", static_cast<double>(test.size())}};
  s.tables = {Table::vector("train_sizes", "", std::move(used)),
              {"accuracy", "", "factor", std::move(accuracy)}};
  summarise_downstream(s);
  return s;
}

}  // namespace detail

/// The mean over factors of the test accuracy of a logistic regression (L2; C of 1e-4 .. 1e4 by cross
/// validation, unshuffled folds) after as many training rows as the last of `train_sizes`, in [0, 1], higher
/// is better; `least` is that of the worst factor. Each size takes the first rows of the training part; sizes
/// above what there is take what there is. Codes are not rescaled. disentanglement_lib's sizes are 10, 100,
/// 1,000 and 10,000; the last takes minutes here and is not among the defaults. Cost O(folds rows classes
/// latents).
struct DownstreamLogisticRegression {
  static constexpr std::string_view name = "downstream_logistic_regression";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::disentanglement_lib};

  std::vector<std::size_t> train_sizes = {10, 100, 1000};
  std::size_t folds = 5;
  std::size_t num_train = 1000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;   ///< and to test on
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// As Dci, with its errors; ValueError also for sizes or folds below 2.
  template <class... Data>
    requires detail::scores_from<DownstreamLogisticRegression, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& train, detail::Rows const& test) const {
    detail::check_count(name, "folds", folds, 2);
    Score s = detail::score_downstream(
        *this, train, test,
        [&](Matrix<double> const& codes, std::vector<int> const& labels, Matrix<double> const& of) {
          return detail::cross_validated_predictions(codes, labels, of, folds, threads);
        });
    s.settings.emplace_back("folds", static_cast<double>(folds));
    s.choices = {{"classifier", "multinomial logistic regression, L2, C by cross validation"}};
    return s;
  }

  void summarise(Score& s) const { detail::summarise_downstream(s); }
};

/// The same with DCI's gradient-boosted trees: what is not linear is found too.
struct DownstreamTrees {
  static constexpr std::string_view name = "downstream_trees";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::disentanglement_lib};

  std::vector<std::size_t> train_sizes = {10, 100, 1000};
  std::uint64_t tie_seed = 0;    ///< which latent wins a tied split
  std::size_t num_train = 1000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;   ///< and to test on
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// As Dci, with its errors; ValueError also for sizes below 2.
  template <class... Data>
    requires detail::scores_from<DownstreamTrees, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& train, detail::Rows const& test) const {
    Score s = detail::score_downstream(
        *this, train, test,
        [&](Matrix<double> const& codes, std::vector<int> const& labels, Matrix<double> const& of) {
          std::vector<int> const values = detail::distinct_values(labels);
          if (values.size() == 1) return std::vector<int>(of.rows, values[0]);
          std::vector<int> numbered(labels.size());
          for (std::size_t i = 0; i < labels.size(); ++i) numbered[i] = detail::class_of(values, labels[i]);
          detail::SortedFeatures const sorted(codes.view(), threads);
          detail::GradientBoostedTrees const trees(sorted, numbered, static_cast<int>(values.size()),
                                                   {100, 0.1, tie_seed, threads});
          std::vector<int> predicted = trees.predict(of.view());
          for (int& p : predicted) p = values[static_cast<std::size_t>(p)];
          return predicted;
        });
    s.settings.emplace_back("tie_seed", static_cast<double>(tie_seed));
    s.choices = {{"classifier", "gradient-boosted trees, scikit-learn's defaults"}};
    return s;
  }

  void summarise(Score& s) const { detail::summarise_downstream(s); }
};

}  // namespace disentangle::metric
