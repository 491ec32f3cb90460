// SPDX-License-Identifier: Apache-2.0
// Disentanglement, completeness, informativeness (Eastwood and Williams, "A framework for the quantitative
// evaluation of disentangled representations", ICLR 2018), to the definition of disentanglement_lib:
// importances and accuracies of gradient-boosted trees, scikit-learn's GradientBoostingClassifier with its
// defaults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/metric/detail/gradient_boosted_trees.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/importance.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// Three parts in [0, 1], higher is better; the value is disentanglement. A classifier of each factor from
/// all codes gives the importance R(latent, factor), each column of which sums to 1; see importance.hpp for D
/// and C. Informativeness is the mean accuracy over factors (disentanglement_lib calls the same number an
/// error). A constant latent has importance and weight 0. Many classes with few rows over-fit: D is then far
/// below 1 even for noisy but axis-aligned codes. Codes are seen in float, and neighbours closer than 1e-7
/// are not separated: scale codes of tiny range up. Unaffected by monotone maps of a latent otherwise.
/// Repeatable, whatever the threads and however latents are numbered. Splits tie where codes sit on a
/// lattice, latents are duplicates or few rows of a class are left in a node; scikit-learn then picks a
/// latent at random, as does this from tie_seed: importances move by up to 0.03 between seeds, D and C by
/// 0.01. Cost O(rounds * classes * latents * rows) over all factors.
struct Dci {
  static constexpr std::string_view name = "dci";
  /// With one factor importances of a latent cannot be spread.
  static constexpr std::string_view one_factor = "disentanglement is 1 by definition";
  static constexpr std::string_view one_latent = "completeness is 1 by definition";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing

  std::size_t num_train = 10000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;    ///< and to test on
  int rounds = 100;               ///< of boosting
  double learning_rate = 0.1;
  std::uint64_t tie_seed = 0;  ///< which latent wins a tied split
  unsigned threads = 0;        ///< 0: all of the machine; the result does not depend on it

  /// metric(codes, factors), metric(codes, factors, train_rows), metric(train_codes, train_factors,
  /// test_codes, test_factors) with any matrix_like, labels >= 0 or -1 where one is missing, as Mig; or
  /// metric(source, seed). Without a number of training rows the first two thirds train, in the order given.
  /// A label that is absent from the training rows counts as predicted wrongly. Throws ShapeError for rows or
  /// columns that do not fit, fewer than 2 training rows or 1 test row; ValueError for a code that is not
  /// finite in float, a label below -1, a factor with a single value among the training rows.
  template <class... Data>
    requires detail::scores_from<Dci, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& train, detail::Rows const& test) const {
    detail::check_float_range<double>(name, train.codes.view());
    detail::check_float_range<double>(name, test.codes.view());
    if (rounds < 1) throw ValueError("dci: rounds is " + std::to_string(rounds) + ", expected at least 1");
    if (!(learning_rate > 0))
      throw ValueError("dci: learning_rate is " + number_text(learning_rate) + ", expected above 0");
    std::size_t const latents = train.latents();
    std::size_t const factors = train.factor_count();
    Matrix<int> const train_factors = detail::labels_of(name, train);
    Matrix<int> const test_factors = detail::labels_of(name, test);

    detail::SortedFeatures const sorted(train.codes.view(), threads);
    Matrix<double> importance(latents, factors);
    std::vector<double> train_accuracy(factors);
    std::vector<double> test_accuracy(factors);
    for (std::size_t k = 0; k < factors; ++k) {
      detail::Classes const classes = detail::classes(name, train_factors.view(), k);
      detail::GradientBoostedTrees const trees(sorted, classes.label, classes.size(),
                                               {rounds, learning_rate, tie_seed, threads});
      for (std::size_t l = 0; l < latents; ++l) importance(l, k) = trees.importances()[l];
      std::size_t right = 0;
      for (std::size_t i = 0; i < train.size(); ++i)
        right += trees.training_predictions()[i] == classes.label[i];
      train_accuracy[k] = static_cast<double>(right) / static_cast<double>(train.size());
      std::vector<int> const predicted = trees.predict(test.codes.view());
      right = 0;
      for (std::size_t i = 0; i < test.size(); ++i)
        right += classes.values[static_cast<std::size_t>(predicted[i])] == test_factors(i, k);
      test_accuracy[k] = static_cast<double>(right) / static_cast<double>(test.size());
    }
    Score s;
    s.metric = name;
    s.definition = "disentanglement_lib";
    s.parts = {{"disentanglement", 0},
               {"completeness", 0},
               {"informativeness_test", mean(test_accuracy)},
               {"informativeness_train", mean(train_accuracy)}};
    s.settings = {{"train_rows", static_cast<double>(train.size())},
                  {"test_rows", static_cast<double>(test.size())},
                  {"rounds", static_cast<double>(rounds)},
                  {"learning_rate", learning_rate},
                  {"tie_seed", static_cast<double>(tie_seed)},
                  {"max_depth", static_cast<double>(detail::GradientBoostedTrees::max_depth)}};
    s.choices = {{"classifier", "gradient-boosted trees, scikit-learn's defaults"},
                 {"importance", "impurity decrease (Friedman)"},
                 {"ties", "random latent by tie_seed, then lowest threshold"},
                 {"informativeness", "accuracy"}};
    s.tables = {Table::vector("train_accuracy", "factor", std::move(train_accuracy)),
                Table::vector("test_accuracy", "factor", std::move(test_accuracy)),
                {"importance", "latent", "factor", std::move(importance)}};
    summarise(s);
    return s;
  }

  void summarise(Score& s) const {
    Concentration d = disentanglement(s.table("importance").view());
    Concentration c = completeness(s.table("importance").view());
    s.value = d.value;
    detail::set_part(s, "disentanglement", d.value);
    detail::set_part(s, "completeness", c.value);
    detail::set_table(s, Table::vector("disentanglement_per_latent", "latent", std::move(d.each)));
    detail::set_table(s, Table::vector("latent_weight", "latent", std::move(d.weight)));
    detail::set_table(s, Table::vector("completeness_per_factor", "factor", std::move(c.each)));
  }
};

}  // namespace disentangle::metric
