// SPDX-License-Identifier: Apache-2.0
// Disentanglement, completeness, informativeness (Eastwood and Williams, "A framework for the quantitative
// evaluation of disentangled representations", ICLR 2018), to the definition of disentanglement_lib:
// importances and accuracies of gradient-boosted trees, scikit-learn's GradientBoostingClassifier with its
// defaults.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/gradient_boosted_trees.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/importance.hpp>
#include <disentangle/metric/random.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// Three parts in [0, 1], higher is better; the value is disentanglement. A classifier of each factor from
/// all codes gives the importance R(latent, factor), each column of which sums to 1; see importance.hpp for D
/// and C. Informativeness is the mean accuracy over factors (disentanglement_lib calls the same number an
/// error). A constant latent has importance and weight 0. Many classes with few rows over-fit: D is then far
/// below 1 even for noisy but axis-aligned codes. Codes are seen in float, and neighbours closer than 1e-7
/// are not separated: scale codes of tiny range up. Unaffected by monotone maps of a latent otherwise.
/// Repeatable, whatever the threads and however latents are numbered. Splits tie where codes sit on a lattice,
/// latents are duplicates or few rows of a class are left in a node; scikit-learn then picks a latent at
/// random, as does this from tie_seed: importances move by up to 0.03 between seeds, D and C by 0.01. Cost O(rounds * classes * latents * rows) over all factors.
struct Dci {
  static constexpr std::string_view name = "dci";

  std::size_t num_train = 10000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;    ///< and to test on
  int rounds = 100;               ///< of boosting
  double learning_rate = 0.1;
  std::uint64_t tie_seed = 0;  ///< which latent wins a tied split
  unsigned threads = 0;        ///< 0: all of the machine; the result does not depend on it

  /// Codes (rows, latents) and labels >= 0 (rows, factors), of the training and of the test rows. A label
  /// that is absent from the training rows counts as predicted wrongly. Throws ShapeError for rows or columns
  /// that do not fit, fewer than 2 training rows or 1 test row; ValueError for a code that is not finite in
  /// float, a label below 0, a factor with a single value among the training rows.
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
    RandomIntegers rng(seed, "metric/dci");
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
    detail::check_float_range(name, train_codes);
    detail::check_float_range(name, test_codes);
    if (rounds < 1) throw ValueError("dci: rounds is " + std::to_string(rounds) + ", expected at least 1");
    if (!(learning_rate > 0))
      throw ValueError("dci: learning_rate is " + std::to_string(learning_rate) + ", expected above 0");
    std::size_t const latents = train_codes.columns;
    std::size_t const factors = train_factors.columns;

    detail::SortedFeatures const sorted(train_codes, threads);
    Matrix<double> importance(latents, factors);
    std::vector<double> train_accuracy(factors);
    std::vector<double> test_accuracy(factors);
    for (std::size_t k = 0; k < factors; ++k) {
      detail::Classes const classes = detail::classes(name, train_factors, k);
      detail::GradientBoostedTrees const trees(sorted, classes.label, classes.size(),
                                               {rounds, learning_rate, tie_seed, threads});
      for (std::size_t l = 0; l < latents; ++l) importance(l, k) = trees.importances()[l];
      std::size_t right = 0;
      for (std::size_t i = 0; i < train_codes.rows; ++i)
        right += trees.training_predictions()[i] == classes.label[i];
      train_accuracy[k] = static_cast<double>(right) / static_cast<double>(train_codes.rows);
      std::vector<int> const predicted = trees.predict(test_codes);
      right = 0;
      for (std::size_t i = 0; i < test_codes.rows; ++i)
        right += classes.values[static_cast<std::size_t>(predicted[i])] == test_factors(i, k);
      test_accuracy[k] = static_cast<double>(right) / static_cast<double>(test_codes.rows);
    }
    Concentration d = disentanglement(importance.view());
    Concentration c = completeness(importance.view());

    Score s;
    s.metric = name;
    s.definition = "disentanglement_lib";
    s.value = d.value;
    s.parts = {{"disentanglement", d.value},
               {"completeness", c.value},
               {"informativeness_test", mean(test_accuracy)},
               {"informativeness_train", mean(train_accuracy)}};
    s.settings = {{"train_rows", static_cast<double>(train_codes.rows)},
                  {"test_rows", static_cast<double>(test_codes.rows)},
                  {"rounds", static_cast<double>(rounds)},
                  {"learning_rate", learning_rate},
                  {"tie_seed", static_cast<double>(tie_seed)},
                  {"max_depth", static_cast<double>(detail::GradientBoostedTrees::max_depth)}};
    s.choices = {{"classifier", "gradient-boosted trees, scikit-learn's defaults"},
                 {"importance", "impurity decrease (Friedman)"},
                 {"ties", "random latent by tie_seed, then lowest threshold"},
                 {"informativeness", "accuracy"}};
    s.tables = {Table::vector("disentanglement_per_latent", "latent", std::move(d.each)),
                Table::vector("latent_weight", "latent", std::move(d.weight)),
                Table::vector("completeness_per_factor", "factor", std::move(c.each)),
                Table::vector("train_accuracy", "factor", std::move(train_accuracy)),
                Table::vector("test_accuracy", "factor", std::move(test_accuracy)),
                {"importance", "latent", "factor", std::move(importance)}};
    return s;
  }
};

}  // namespace disentangle::metric
