// SPDX-License-Identifier: Apache-2.0
// Gradient-boosted classification trees with the results of scikit-learn's GradientBoostingClassifier() (1.2,
// all defaults): exact splits, Friedman's criterion, impurity importances.
//
// Per round, from the scores F at its start, p = softmax(F); for every class c a regression tree on the
// residuals r = [y = c] - p_c; leaf value (K - 1) / K * sum r / sum (y - r)(1 - y + r); F_c += rate * leaf.
// Two classes have one tree a round on the logistic residual. The start is the logarithm of the class
// frequencies.
//
// How it is made quick and stays exact: features are sorted once for all factors, rounds and classes
// (sorted_features.hpp), and trees never sort again (boosted_tree.hpp). The trees of a round are independent
// and share the threads. Nothing is added up across threads: results do not depend on their number.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/boosted_tree.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/sorted_features.hpp>

namespace disentangle::metric::detail {

class GradientBoostedTrees {
 public:
  struct Settings {
    int rounds = 100;
    double learning_rate = 0.1;
    std::uint64_t tie_seed = 0;
    unsigned threads = 0;  // 0: all of the machine
  };
  static constexpr int max_depth = BoostedTree::max_depth;

  /// labels: 0 .. classes - 1 per row, every class present, classes >= 2.
  GradientBoostedTrees(SortedFeatures const& x, std::span<int const> labels, int classes, Settings settings)
      : settings_(settings),
        classes_(static_cast<std::size_t>(classes)),
        outputs_(classes_ == 2 ? 1 : classes_),
        importances_(x.features, 0.0) {
    fit(x, labels);
  }

  /// Impurity importance of every feature; they sum to 1, or are all 0 where no tree could split.
  std::vector<double> const& importances() const { return importances_; }

  /// The class predicted for every training row.
  std::vector<int> const& training_predictions() const { return training_predictions_; }

  /// The class predicted for every row of (rows, features).
  template <class T>
  std::vector<int> predict(MatrixView<T const> x) const {
    std::vector<int> predicted(x.rows);
    constexpr std::size_t block = 256;
    parallel_for((x.rows + block - 1) / block, settings_.threads, [&](std::size_t b, std::size_t) {
      std::size_t const first = b * block;
      std::size_t const n = std::min(block, x.rows - first);
      std::vector<float> values(n * x.columns);
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(x.data[first * x.columns + i]);
      std::vector<double> scores(n * outputs_);
      for (std::size_t i = 0; i < n; ++i)
        std::copy(start_.begin(), start_.end(), scores.begin() + static_cast<std::ptrdiff_t>(i * outputs_));
      for (std::size_t t = 0; t < trees_.size(); ++t)
        for (std::size_t i = 0; i < n; ++i)
          scores[i * outputs_ + t % outputs_] +=
              settings_.learning_rate * trees_[t].leaf_value(values.data() + i * x.columns);
      for (std::size_t i = 0; i < n; ++i) predicted[first + i] = best_class(scores.data() + i * outputs_, 1);
    });
    return predicted;
  }

 private:
  /// The first class of the highest score; with one output (two classes) the sign decides.
  int best_class(double const* score, std::size_t stride) const {
    if (outputs_ == 1) return score[0] > 0 ? 1 : 0;
    std::size_t best = 0;
    for (std::size_t c = 1; c < outputs_; ++c)
      if (score[c * stride] > score[best * stride]) best = c;
    return static_cast<int>(best);
  }

  void fit(SortedFeatures const& x, std::span<int const> labels) {
    std::size_t const n = x.rows;
    set_start(labels);
    trees_.resize(static_cast<std::size_t>(settings_.rounds) * outputs_);
    std::vector<double> scores(outputs_ * n);         // [output][row]
    std::vector<double> probabilities(outputs_ * n);  // [output][row]
    for (std::size_t c = 0; c < outputs_; ++c)
      std::fill_n(scores.begin() + static_cast<std::ptrdiff_t>(c * n), n, start_[c]);

    std::size_t const workers = std::min<std::size_t>(thread_count(settings_.threads), outputs_);
    std::vector<BoostedTreeScratch> scratch(workers);
    for (BoostedTreeScratch& s : scratch) {
      s.residual.resize(n);
      s.goes_left.resize(n);
      for (auto& level : s.entries) level.resize(x.entries.size());
      s.importance.resize(x.features);
      s.feature_order.resize(x.features);
    }
    std::vector<double> tree_importance(trees_.size() *
                                        x.features);  // [tree][feature], added up in order at the end

    constexpr std::size_t block = 512;
    for (int round = 0; round < settings_.rounds; ++round) {
      parallel_for((n + block - 1) / block, settings_.threads, [&](std::size_t b, std::size_t) {
        softmax(scores.data(), probabilities.data(), n, b * block, std::min(n, (b + 1) * block));
      });
      parallel_for(outputs_, settings_.threads, [&](std::size_t c, std::size_t worker) {
        BoostedTreeScratch& s = scratch[worker];
        int const target = outputs_ == 1 ? 1 : static_cast<int>(c);
        double sum = 0;
        double squares = 0;
        for (std::size_t i = 0; i < n; ++i) {
          double const r = (labels[i] == target ? 1.0 : 0.0) - probabilities[c * n + i];
          s.residual[i] = r;
          sum += r;
          squares += r * r;
        }
        std::fill(s.importance.begin(), s.importance.end(), 0.0);
        std::size_t const t = static_cast<std::size_t>(round) * outputs_ + c;
        double const mean = sum / static_cast<double>(n);
        double const factor =
            outputs_ == 1 ? 1.0 : static_cast<double>(outputs_ - 1) / static_cast<double>(outputs_);
        BoostedTreeGrower grower{x,
                                 labels,
                                 target,
                                 factor,
                                 settings_.learning_rate,
                                 scores.data() + c * n,
                                 trees_[t],
                                 s,
                                 Philox{settings_.tie_seed, stream("metric/gradient_boosted_trees"), t}};
        grower.grow(x.entries.data(), 0, n, 0, sum, squares, squares / static_cast<double>(n) - mean * mean);
        for (std::size_t f = 0; f < x.features; ++f)
          tree_importance[t * x.features + f] = s.importance[f] / static_cast<double>(n);
      });
    }

    double total = 0;
    for (std::size_t f = 0; f < x.features; ++f) {
      for (std::size_t t = 0; t < trees_.size(); ++t) importances_[f] += tree_importance[t * x.features + f];
      importances_[f] = std::abs(importances_[f]);
      total += importances_[f];
    }
    if (total > 0)
      for (double& importance : importances_) importance /= total;

    training_predictions_.resize(n);
    for (std::size_t i = 0; i < n; ++i) training_predictions_[i] = best_class(scores.data() + i, n);
  }

  void set_start(std::span<int const> labels) {
    std::vector<double> frequency(classes_, 0.0);
    for (int label : labels) frequency[static_cast<std::size_t>(label)] += 1;
    // scikit-learn clips the frequencies by the spacing of float at 1.
    double const epsilon = std::numeric_limits<float>::epsilon();
    for (double& p : frequency) p = std::clamp(p / static_cast<double>(labels.size()), epsilon, 1 - epsilon);
    start_.resize(outputs_);
    if (outputs_ == 1) {
      start_[0] = std::log(frequency[1] / (1 - frequency[1]));
    } else {
      for (std::size_t c = 0; c < outputs_; ++c) start_[c] = std::log(frequency[c]);
    }
  }

  /// probabilities of rows first .. last - 1 from the scores; both are [output][row].
  void softmax(double const* scores, double* p, std::size_t n, std::size_t first, std::size_t last) const {
    if (outputs_ == 1) {
      for (std::size_t i = first; i < last; ++i) p[i] = 1 / (1 + std::exp(-scores[i]));
      return;
    }
    std::vector<double> highest(scores + first, scores + last);
    std::vector<double> sum(last - first, 0.0);
    for (std::size_t c = 1; c < outputs_; ++c)
      for (std::size_t i = first; i < last; ++i)
        highest[i - first] = std::max(highest[i - first], scores[c * n + i]);
    for (std::size_t c = 0; c < outputs_; ++c)
      for (std::size_t i = first; i < last; ++i)
        sum[i - first] += p[c * n + i] = std::exp(scores[c * n + i] - highest[i - first]);
    for (std::size_t c = 0; c < outputs_; ++c)
      for (std::size_t i = first; i < last; ++i) p[c * n + i] /= sum[i - first];
  }

  Settings settings_;
  std::size_t classes_;
  std::size_t outputs_;
  std::vector<double> start_;
  std::vector<BoostedTree> trees_;  // [round][output]
  std::vector<double> importances_;
  std::vector<int> training_predictions_;
};

}  // namespace disentangle::metric::detail
