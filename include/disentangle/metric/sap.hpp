// SPDX-License-Identifier: Apache-2.0
// Separated attribute predictability (Kumar, Sattigeri, Balakrishnan, "Variational inference of disentangled
// latent concepts from unlabeled observations", ICLR 2018, section 4), to the definition of
// disentanglement_lib.
//   SAP = mean over factors k of [ S(best, k) - S(second, k) ], S(l, k) = how well latent l alone predicts
//   factor k
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/linear_svm.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/scaling.hpp>
#include <disentangle/metric/detail/single_feature_tree.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace definition {
/// The review's SAP of discrete factors, by decision trees.
inline constexpr Definition ubisoft_trees{"ubisoft_trees"};
}  // namespace definition

/// In [0, 1], higher is better.
/// - discrete (the default): S is the test accuracy of a linear support vector classifier (squared hinge, C,
///   balanced class weights) on the one latent. With many classes such a classifier can only pick the extreme
///   ones, so that a perfect code scores far below 1: 0.2 to 0.25 on dSprites. A constant latent predicts
///   one class and scores its frequency. Depends on the scale of the codes, through the penalty.
/// - continuous: S is the squared correlation on the training rows, 0 for a latent with variance <= 1e-12.
///   The factors' values are taken as numbers, and need not be whole. Free of scale, except for that bound.
/// Definitions: disentanglement_lib has both forms (disent and erow follow it).
/// - dcf: discrete, of codes and factors that are scaled and cut into 20 bins first, so that factors may be
///   real numbers.
/// - ubisoft: continuous; its authors fit all rows: give all for training.
/// - ubisoft_trees: S is the accuracy, on the training rows, of a decision tree on the one latent (Gini;
///   depth 1 to 9, by ten-fold cross validation among the training rows), codes scaled to 0..1. Sees what is
///   not monotone; a perfect code scores 1 as far as a depth of 9 and the folds go. Free of scale. Some value
///   of each factor must have ten training rows.
/// With a single latent the runner-up counts as 0. Deterministic. Cost O(latents * classes * rows) over all
/// factors.
struct Sap {
  static constexpr std::string_view name = "sap";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::disentanglement_lib, definition::dcf,
                                               definition::ubisoft, definition::ubisoft_trees};

  bool continuous = false;
  double c = 0.01;                ///< of the classifier: the weight of the errors against the penalty
  std::size_t num_train = 10000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;    ///< and to test on (drawn in the continuous form too, not used there)
  unsigned threads = 0;           ///< 0: all of the machine; the result does not depend on it
  Definition definition = definitions[0];

  /// metric(codes, factors), metric(codes, factors, train_rows), metric(train_codes, train_factors,
  /// test_codes, test_factors) with any matrix_like, labels >= 0 or -1 where one is missing, as Mig; or
  /// metric(source, seed). Without a number of training rows the first two thirds train, in the order given.
  /// A label that is absent from the training rows counts as predicted wrongly. Throws ShapeError for rows or
  /// columns that do not fit, fewer than 2 training rows or 1 test row; ValueError for a code that is not
  /// finite or whose square overflows, a label below -1, a factor with a single value among the training
  /// rows, c <= 0.
  template <class... Data>
    requires detail::scores_from<Sap, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& train, detail::Rows const& test) const {
    detail::check_definition(name, definitions, definition);
    bool const as_numbers = continuous || definition == definition::ubisoft;
    detail::check_square<double>(name, train.codes.view());
    if (!(c > 0)) throw ValueError("sap: c is " + number_text(c) + ", expected above 0");
    bool const by_trees = definition == definition::ubisoft_trees && !as_numbers;
    Matrix<double> depth;
    Matrix<double> predictability = as_numbers                      ? squared_correlations(train)
                                    : by_trees                      ? tree_accuracies(train, depth)
                                    : definition == definition::dcf ? binned_accuracies(train, test)
                                                                    : test_accuracies(train, test);

    Score s;
    s.metric = name;
    s.definition = definition.name;
    std::vector<double> per_factor = gaps(predictability.view());
    s.value = mean(per_factor);
    s.parts = {{"sap", s.value}};
    s.settings = {{"train_rows", static_cast<double>(train.size())},
                  {"test_rows", static_cast<double>(as_numbers || by_trees ? 0 : test.size())}};
    if (as_numbers) {
      s.choices = {{"factors", "continuous"}, {"predictability", "squared correlation, training rows"}};
    } else if (by_trees) {
      s.choices = {{"factors", "discrete"},
                   {"predictability", "accuracy, training rows"},
                   {"classifier", "decision tree, Gini, depth 1 to 9 by ten-fold cross validation"}};
    } else {
      s.settings.emplace_back("c", c);
      s.choices = {{"factors", "discrete"},
                   {"predictability", "test accuracy"},
                   {"classifier", "linear support vector, squared hinge, balanced, one against the rest"}};
    }
    s.tables = {Table::vector("sap_per_factor", "factor", std::move(per_factor)),
                {"predictability", "latent", "factor", std::move(predictability)}};
    if (by_trees) s.tables.push_back({"tree_depth", "latent", "factor", std::move(depth)});
    return s;
  }

  Matrix<double> squared_correlations(detail::Rows const& train) const {
    detail::check_varied(name, train);
    Matrix<double> result(train.latents(), train.factor_count());
    for (std::size_t l = 0; l < result.rows; ++l)
      for (std::size_t k = 0; k < result.columns; ++k)
        result(l, k) =
            squared_correlation(detail::column_of(train.codes, l), detail::column_of(train.factors, k));
    return result;
  }

  [[nodiscard]] static double squared_correlation(std::vector<double> const& x,
                                                  std::vector<double> const& y) {
    double const n = static_cast<double>(x.size());
    double mean_x = 0;
    double mean_y = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      mean_x += x[i] - x[0];  // relative to the first row, so that a constant has variance 0 exactly
      mean_y += y[i];
    }
    mean_x /= n;
    mean_y /= n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double const dx = x[i] - x[0] - mean_x;
      double const dy = y[i] - mean_y;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    if (!(xx / (n - 1) > 1e-12)) return 0;
    return std::min(1.0, xy / xx * (xy / yy));
  }

  /// Of a decision tree on each latent, and its depth.
  Matrix<double> tree_accuracies(detail::Rows const& train, Matrix<double>& depth) const {
    Matrix<int> const labels = detail::labels_of(name, train);
    std::size_t const factors = labels.columns;
    std::vector<detail::Classes> classes;
    for (std::size_t k = 0; k < factors; ++k) {
      classes.push_back(detail::classes(name, labels.view(), k));
      if (std::size_t const most = *std::max_element(classes[k].count.begin(), classes[k].count.end());
          most < 10)
        throw ValueError("sap: factor " + std::to_string(k) + " has at most " + std::to_string(most) +
                         " training rows of a value, expected 10 of some value for ten folds");
    }
    Matrix<double> const codes = detail::Scaling::range(train.codes)(train.codes);
    Matrix<double> result(train.latents(), factors);
    depth = result;
    detail::parallel_for(result.values.size(), threads, [&](std::size_t item, std::size_t) {
      std::size_t const l = item / factors;
      detail::Classes const& of_factor = classes[item % factors];
      std::vector<float> x(codes.rows);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(codes(i, l));
      int const best = detail::cross_validated_depth(x, of_factor);
      detail::SingleFeatureTree const tree(x, of_factor.label, of_factor.size(), best);
      std::size_t right = 0;
      for (std::size_t i = 0; i < x.size(); ++i) right += tree.predict(x[i], best) == of_factor.label[i];
      result.values[item] = static_cast<double>(right) / static_cast<double>(x.size());
      depth.values[item] = best;
    });
    return result;
  }

  /// With codes and factors cut into 20 bins of all rows.
  Matrix<double> binned_accuracies(detail::Rows const& train, detail::Rows const& test) const {
    detail::check_varied(name, train);
    detail::Rows all = train;
    all.codes.values.insert(all.codes.values.end(), test.codes.values.begin(), test.codes.values.end());
    all.factors.values.insert(all.factors.values.end(), test.factors.values.begin(),
                              test.factors.values.end());
    all.codes.rows = all.factors.rows = train.size() + test.size();
    all.codes = copy_of_bins(all.codes);
    all.factors = copy_of_bins(all.factors);
    return test_accuracies(detail::part_of(all, 0, train.size()),
                           detail::part_of(all, train.size(), test.size()));
  }
  static Matrix<double> copy_of_bins(Matrix<double> const& m) {
    return detail::copy_of<double>(discretise_scaled(m.view(), 20));
  }

  Matrix<double> test_accuracies(detail::Rows const& train, detail::Rows const& test) const {
    Matrix<int> const train_factors = detail::labels_of(name, train);
    Matrix<int> const test_factors = detail::labels_of(name, test);
    std::size_t const factors = train_factors.columns;
    std::vector<detail::Classes> classes;
    for (std::size_t k = 0; k < factors; ++k)
      classes.push_back(detail::classes(name, train_factors.view(), k));
    Matrix<double> result(train.latents(), factors);
    detail::parallel_for(result.values.size(), threads, [&](std::size_t item, std::size_t) {
      std::size_t const l = item / factors;
      std::size_t const k = item % factors;
      detail::LinearSvmClassifier const classifier(detail::column_of(train.codes, l), classes[k], c);
      std::size_t right = 0;
      for (std::size_t i = 0; i < test.size(); ++i) {
        int const predicted = classifier.predict(test.codes(i, l));
        right += classes[k].values[static_cast<std::size_t>(predicted)] == test_factors(i, k);
      }
      result(l, k) = static_cast<double>(right) / static_cast<double>(test.size());
    });
    return result;
  }
};

}  // namespace disentangle::metric
