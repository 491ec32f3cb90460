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
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/linear_svm.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/random.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// In [0, 1], higher is better.
/// - discrete (the default): S is the test accuracy of a linear support vector classifier (squared hinge, C,
///   balanced class weights) on the one latent. With many classes such a classifier can only pick the extreme
///   ones, so that a perfect code scores far below 1: 0.2 to 0.25 on dSprites. A constant latent predicts
///   one class and scores its frequency. Depends on the scale of the codes, through the penalty.
/// - continuous: S is the squared correlation on the training rows, 0 for a latent with variance <= 1e-12.
///   The factors' integers are taken as numbers. Free of scale, except for that bound.
/// With a single latent the runner-up counts as 0. Deterministic. Cost O(latents * classes * rows) over all
/// factors.
struct Sap {
  static constexpr std::string_view name = "sap";

  bool continuous = false;
  double c = 0.01;                ///< of the classifier: the weight of the errors against the penalty
  std::size_t num_train = 10000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;    ///< and to test on (drawn in the continuous form too, not used there)
  unsigned threads = 0;           ///< 0: all of the machine; the result does not depend on it

  /// Codes (rows, latents) and labels >= 0 (rows, factors), of the training and of the test rows. A label
  /// that is absent from the training rows counts as predicted wrongly. Throws ShapeError for rows or columns
  /// that do not fit, fewer than 2 training rows or 1 test row; ValueError for a code that is not finite or
  /// whose square overflows, a label below 0, a factor with a single value among the training rows, c <= 0.
  Score operator()(MatrixView<double const> train_codes, MatrixView<int const> train_factors,
                   MatrixView<double const> test_codes, MatrixView<int const> test_factors) const {
    return score(train_codes, train_factors, test_codes, test_factors);
  }
  Score operator()(MatrixView<float const> train_codes, MatrixView<int const> train_factors,
                   MatrixView<float const> test_codes, MatrixView<int const> test_factors) const {
    return score(train_codes, train_factors, test_codes, test_factors);
  }

  /// The first train_rows rows train, the others test.
  Score operator()(MatrixView<double const> codes, MatrixView<int const> factors,
                   std::size_t train_rows) const {
    return split(codes, factors, train_rows);
  }
  Score operator()(MatrixView<float const> codes, MatrixView<int const> factors,
                   std::size_t train_rows) const {
    return split(codes, factors, train_rows);
  }

  /// The first two thirds train, in the order given.
  Score operator()(MatrixView<double const> codes, MatrixView<int const> factors) const {
    return split(codes, factors, codes.rows * 2 / 3);
  }
  Score operator()(MatrixView<float const> codes, MatrixView<int const> factors) const {
    return split(codes, factors, codes.rows * 2 / 3);
  }

  /// num_train, then num_test points drawn from the source.
  template <factor_source Source>
  Score operator()(Source const& source, Seed seed) const {
    RandomIntegers rng(seed, "metric/sap");
    return (*this)(source, rng);
  }
  template <factor_source Source>
  Score operator()(Source const& source, random_integers auto& rng) const {
    detail::Sample const train = detail::sample(source, num_train, rng);
    detail::Sample const test = detail::sample(source, num_test, rng);
    Score s = (*this)(train.codes.view(), train.factors.view(), test.codes.view(), test.factors.view());
    detail::name_factors(s, source);
    return s;
  }

 private:
  template <class T>
  Score split(MatrixView<T const> codes, MatrixView<int const> factors, std::size_t train_rows) const {
    detail::check_codes(name, codes);
    detail::check_factors(name, codes.rows, factors, 3);
    std::size_t const train = detail::check_split(name, codes.rows, train_rows);
    std::size_t const test = codes.rows - train;
    return score(detail::rows(codes, 0, train), detail::rows(factors, 0, train),
                 detail::rows(codes, train, test), detail::rows(factors, train, test));
  }

  template <class T>
  Score score(MatrixView<T const> train_codes, MatrixView<int const> train_factors,
              MatrixView<T const> test_codes, MatrixView<int const> test_factors) const {
    detail::check_train_and_test(name, train_codes, train_factors, test_codes, test_factors);
    detail::check_square(name, train_codes);
    if (!(c > 0)) throw ValueError("sap: c is " + std::to_string(c) + ", expected above 0");
    std::size_t const latents = train_codes.columns;
    std::size_t const factors = train_factors.columns;
    std::vector<detail::Classes> classes;
    for (std::size_t k = 0; k < factors; ++k) classes.push_back(detail::classes(name, train_factors, k));
    Matrix<double> predictability(latents, factors);
    detail::parallel_for(latents * factors, threads, [&](std::size_t item, std::size_t) {
      std::size_t const l = item / factors;
      std::size_t const k = item % factors;
      std::vector<double> x(train_codes.rows);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(train_codes(i, l));
      predictability(l, k) = continuous ? squared_correlation(x, train_factors, k)
                                        : accuracy(x, classes[k], test_codes, test_factors, l, k);
    });

    Score s;
    s.metric = name;
    s.definition = "disentanglement_lib";
    std::vector<double> per_factor = gaps(predictability.view());
    s.value = mean(per_factor);
    s.parts = {{"sap", s.value}};
    s.settings = {{"train_rows", static_cast<double>(train_codes.rows)},
                  {"test_rows", static_cast<double>(continuous ? 0 : test_codes.rows)}};
    if (continuous) {
      s.choices = {{"factors", "continuous"}, {"predictability", "squared correlation, training rows"}};
    } else {
      s.settings.emplace_back("c", c);
      s.choices = {{"factors", "discrete"},
                   {"predictability", "test accuracy"},
                   {"classifier", "linear support vector, squared hinge, balanced, one against the rest"}};
    }
    s.tables = {Table::vector("sap_per_factor", "factor", std::move(per_factor)),
                {"predictability", "latent", "factor", std::move(predictability)}};
    return s;
  }

  static double squared_correlation(std::vector<double> const& x, MatrixView<int const> factors,
                                    std::size_t k) {
    double const n = static_cast<double>(x.size());
    double mean_x = 0;
    double mean_y = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      mean_x += x[i] - x[0];  // relative to the first row, so that a constant has variance 0 exactly
      mean_y += factors(i, k);
    }
    mean_x /= n;
    mean_y /= n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double const dx = x[i] - x[0] - mean_x;
      double const dy = factors(i, k) - mean_y;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    if (!(xx / (n - 1) > 1e-12)) return 0;
    return std::min(1.0, xy / xx * (xy / yy));
  }

  template <class T>
  double accuracy(std::vector<double> const& x, detail::Classes const& classes,
                  MatrixView<T const> test_codes, MatrixView<int const> test_factors, std::size_t l,
                  std::size_t k) const {
    detail::LinearSvmClassifier const classifier(x, classes, c);
    std::size_t right = 0;
    for (std::size_t i = 0; i < test_codes.rows; ++i) {
      int const predicted = classifier.predict(static_cast<double>(test_codes(i, l)));
      right += classes.values[static_cast<std::size_t>(predicted)] == test_factors(i, k);
    }
    return static_cast<double>(right) / static_cast<double>(test_codes.rows);
  }
};

}  // namespace disentangle::metric
