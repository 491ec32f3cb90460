// SPDX-License-Identifier: Apache-2.0
// The trees against a slow version that sorts in every node and keeps nothing between nodes.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/metric/detail/gradient_boosted_trees.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

namespace {

/// Boosting as the header's first lines describe it, one step after another.
struct SlowTrees {
  metric::Matrix<double> const& x;
  std::vector<int> const& labels;
  std::size_t classes;
  std::vector<double> importance = std::vector<double>(x.columns, 0.0);
  metric::Matrix<double> scores{x.rows, classes};
  /// Relative distance of the best split to the best of another feature, the least over all nodes: 0 is a
  /// tie, which is drawn for. This version takes the lowest feature.
  double smallest_gap = 1;

  double variance(std::vector<std::size_t> const& rows, std::vector<double> const& r) const {
    double mean = 0;
    for (std::size_t i : rows) mean += r[i] / static_cast<double>(rows.size());
    double v = 0;
    for (std::size_t i : rows) v += (r[i] - mean) * (r[i] - mean) / static_cast<double>(rows.size());
    return v;
  }

  void grow(std::vector<std::size_t> rows, std::vector<double> const& r, std::size_t target, int depth) {
    double best_gain = -1;
    std::size_t best_feature = 0;
    double best_threshold = 0;
    std::vector<double> feature_gain(x.columns, 0.0);
    if (depth < 3 && rows.size() >= 2 && variance(rows, r) > 2.3e-16) {
      for (std::size_t f = 0; f < x.columns; ++f) {
        std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
          return static_cast<float>(x(a, f)) < static_cast<float>(x(b, f));
        });
        for (std::size_t at = 1; at < rows.size(); ++at) {
          float const below = static_cast<float>(x(rows[at - 1], f));
          float const above = static_cast<float>(x(rows[at], f));
          if (above <= below + 1e-7f) continue;
          double left = 0;
          double right = 0;
          for (std::size_t i = 0; i < rows.size(); ++i) (i < at ? left : right) += r[rows[i]];
          double const wl = static_cast<double>(at);
          double const wr = static_cast<double>(rows.size() - at);
          double const gain = wl * wr * std::pow(left / wl - right / wr, 2);
          feature_gain[f] = std::max(feature_gain[f], gain);
          if (gain > best_gain) {
            best_gain = gain;
            best_feature = f;
            best_threshold = (static_cast<double>(below) + static_cast<double>(above)) / 2;
          }
        }
      }
    }
    if (best_gain < 0) {
      double numerator = 0;
      double denominator = 0;
      for (std::size_t i : rows) {
        double const y = labels[i] == static_cast<int>(target) ? 1 : 0;
        numerator += r[i];
        denominator += (y - r[i]) * (1 - y + r[i]);
      }
      double const k = static_cast<double>(classes);
      for (std::size_t i : rows) scores(i, target) += 0.1 * (k - 1) / k * numerator / denominator;
      return;
    }
    std::sort(feature_gain.rbegin(), feature_gain.rend());
    smallest_gap = std::min(smallest_gap, (feature_gain[0] - feature_gain[1]) / feature_gain[0]);
    std::vector<std::size_t> left;
    std::vector<std::size_t> right;
    for (std::size_t i : rows)
      (static_cast<double>(static_cast<float>(x(i, best_feature))) <= best_threshold ? left : right)
          .push_back(i);
    importance[best_feature] += (static_cast<double>(rows.size()) * variance(rows, r) -
                                 static_cast<double>(left.size()) * variance(left, r) -
                                 static_cast<double>(right.size()) * variance(right, r)) /
                                static_cast<double>(x.rows);
    grow(left, r, target, depth + 1);
    grow(right, r, target, depth + 1);
  }

  void fit(int rounds) {
    for (std::size_t c = 0; c < classes; ++c) {
      double const count = static_cast<double>(std::count(labels.begin(), labels.end(), static_cast<int>(c)));
      for (std::size_t i = 0; i < x.rows; ++i) scores(i, c) = std::log(count / static_cast<double>(x.rows));
    }
    std::vector<std::size_t> all(x.rows);
    std::iota(all.begin(), all.end(), std::size_t{0});
    for (int round = 0; round < rounds; ++round) {
      auto const start = scores;
      for (std::size_t c = 0; c < classes; ++c) {
        std::vector<double> r(x.rows);
        for (std::size_t i = 0; i < x.rows; ++i) {
          double sum = 0;
          for (std::size_t k = 0; k < classes; ++k) sum += std::exp(start(i, k));
          r[i] = (labels[i] == static_cast<int>(c) ? 1 : 0) - std::exp(start(i, c)) / sum;
        }
        grow(all, r, c, 0);
      }
    }
    double const sum = std::accumulate(importance.begin(), importance.end(), 0.0);
    for (double& v : importance) v /= sum;
  }
};

}  // namespace

TEST_CASE("importances and predictions equal those of the slow version") {
  // Few rounds on many rows: small nodes, which two features can split alike, come later.
  std::size_t const rows = 900;
  auto const s = test::axis_aligned(rows, 0.6, 39);
  std::vector<int> labels(rows);
  for (std::size_t i = 0; i < rows; ++i) labels[i] = s.factors(i, 1);
  SlowTrees slow{s.codes, labels, 4};
  slow.fit(3);
  REQUIRE(slow.smallest_gap > 1e-3);  // no node of this data is a tie
  metric::detail::SortedFeatures const sorted(MatrixView<double const>(s.codes.view()), 1);
  metric::detail::GradientBoostedTrees const trees(sorted, labels, 4, {.rounds = 3});
  for (std::size_t l = 0; l < 4; ++l) CHECK(std::abs(trees.importances()[l] - slow.importance[l]) < 1e-9);
  for (std::size_t i = 0; i < rows; ++i) {
    auto const row = slow.scores.row(i);
    CHECK(trees.training_predictions()[i] == std::max_element(row.begin(), row.end()) - row.begin());
  }
}

TEST_CASE("what the trees predict for the training rows is what training left behind") {
  auto const s = test::axis_aligned(700, 0.8, 13);
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<int> labels(700);
    for (std::size_t i = 0; i < 700; ++i) labels[i] = k == 0 ? s.factors(i, 0) > 0 : s.factors(i, k);
    metric::detail::SortedFeatures const sorted(MatrixView<double const>(s.codes.view()), 2);
    metric::detail::GradientBoostedTrees const trees(sorted, labels, k == 0 ? 2 : static_cast<int>(3 + k),
                                                     {.rounds = 15});
    CHECK(trees.predict(MatrixView<double const>(s.codes.view())) == trees.training_predictions());
  }
}
