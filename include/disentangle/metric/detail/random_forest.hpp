// SPDX-License-Identifier: Apache-2.0
// Regression forests to the definition of scikit-learn's RandomForestRegressor (1.2): every tree is grown on
// a bootstrap sample of the rows, exact splits by the decrease of the squared error, a prediction is the mean
// over the trees, importances are the decreases of a tree, normalised to sum 1, averaged over trees with a
// split. What is random (bootstrap, order in which tied features are tried) comes from Philox, so that scores
// are repeatable but not those of a numpy seed.
//
// As in gradient_boosted_trees.hpp features are sorted once, a node keeps its own rows of every feature in
// sorted order, and ties are drawn by what a feature is, not by its column.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/sorted_features.hpp>

namespace disentangle::metric::detail {

class RandomForest {
 public:
  struct Settings {
    int trees = 10;
    int max_depth = 5;
    std::uint64_t seed = 0;
    unsigned threads = 0;  // 0: all of the machine; the result does not depend on it
  };

  /// One target value per row.
  RandomForest(SortedFeatures const& x, std::span<double const> y, Settings settings)
      : trees_(static_cast<std::size_t>(settings.trees)), importances_(x.features, 0.0) {
    parallel_for(trees_.size(), settings.threads, [&](std::size_t t, std::size_t) {
      Grower grower(x, y, settings, t, trees_[t]);
      grower.grow_all();
    });
    double total = 0;
    for (Tree const& tree : trees_) {
      double sum = 0;
      for (double v : tree.importance) sum += v;
      if (sum == 0) continue;
      total += 1;
      for (std::size_t f = 0; f < x.features; ++f) importances_[f] += tree.importance[f] / sum;
    }
    if (total > 0)
      for (double& v : importances_) v /= total;
  }

  /// They sum to 1, or are all 0 where no tree could split.
  std::vector<double> const& importances() const { return importances_; }

  double predict(std::span<double const> x) const {
    double sum = 0;
    for (Tree const& tree : trees_) {
      Node const* node = tree.nodes.data();
      while (node->feature >= 0) {
        float const value = static_cast<float>(x[static_cast<std::size_t>(node->feature)]);
        node = tree.nodes.data() + (static_cast<double>(value) <= node->threshold ? node->left : node->right);
      }
      sum += node->value;
    }
    return sum / static_cast<double>(trees_.size());
  }

 private:
  struct Node {
    double threshold = 0;
    double value = 0;
    std::int32_t feature = -1;  // -1: a leaf
    std::int32_t left = 0;
    std::int32_t right = 0;
  };
  struct Tree {
    std::vector<Node> nodes;
    std::vector<double> importance;  // decreases of squared error, not normalised
  };

  class Grower {
   public:
    Grower(SortedFeatures const& x, std::span<double const> y, Settings const& settings, std::size_t number,
           Tree& tree)
        : x_(x),
          y_(y),
          max_depth_(settings.max_depth),
          random_{settings.seed, stream("metric/random_forest/ties"), number},
          weight_(x.rows),
          goes_left_(x.rows),
          tree_(tree) {
      tree_.importance.assign(x.features, 0.0);
      Philox const draw{settings.seed, stream("metric/random_forest/bootstrap"), number};
      for (std::size_t i = 0; i < x.rows; ++i)
        weight_[draw.integer(i, static_cast<std::uint32_t>(x.rows))] += 1;
      entries_.resize(x.features);
      for (std::size_t f = 0; f < x.features; ++f)
        for (std::size_t i = 0; i < x.rows; ++i)
          if (SortedEntry const& e = x.entries[f * x.rows + i]; weight_[e.row] > 0) entries_[f].push_back(e);
      moved_.resize(entries_[0].size());
    }

    void grow_all() {
      std::vector<SortedEntry> drawn;  // in the order of the rows, so that the columns' order plays no part
      for (std::size_t i = 0; i < x_.rows; ++i)
        if (weight_[i] > 0) drawn.push_back({0, static_cast<std::uint32_t>(i)});
      grow(0, drawn.size(), 0, moments(drawn.data(), drawn.size()));
    }

   private:
    static constexpr float smallest_step = 1e-7f;

    struct Split {
      double gain = 0;
      std::size_t feature = 0;
      std::size_t left = 0;  // entries; 0: no split is possible
      double threshold = 0;
    };

    /// Sum of weights, mean and sum of squared deviations of entries of a node.
    struct Moments {
      double weight = 0;
      double mean = 0;
      double squares = 0;
    };
    Moments moments(SortedEntry const* entries, std::size_t n) const {
      Moments m;
      for (std::size_t i = 0; i < n; ++i) {
        m.weight += weight_[entries[i].row];
        m.mean += weight_[entries[i].row] * y_[entries[i].row];
      }
      m.mean /= m.weight;
      for (std::size_t i = 0; i < n; ++i) {
        double const d = y_[entries[i].row] - m.mean;
        m.squares += weight_[entries[i].row] * d * d;
      }
      return m;
    }

    /// The split with the largest decrease of the squared error, w_l w_r / w (mean_l - mean_r)^2, the first
    /// of equals in the node's random order of features.
    Split search(std::size_t first, std::size_t n, Moments const& all, std::int32_t number) const {
      std::vector<std::pair<std::uint64_t, std::size_t>> order(x_.features);
      for (std::size_t f = 0; f < x_.features; ++f) {
        auto const drawn = random_.block(static_cast<std::uint64_t>(number) << 32 | x_.identity[f]);
        order[f] = {std::uint64_t{drawn[0]} << 32 | drawn[1], f};
      }
      std::sort(order.begin(), order.end());
      Split best;
      for (auto const& [drawn, f] : order) {
        SortedEntry const* const e = entries_[f].data() + first;
        double weight = 0;
        double sum = 0;  // of deviations from the node's mean: the right side's is the opposite
        for (std::size_t i = 0; i + 1 < n; ++i) {
          weight += weight_[e[i].row];
          sum += weight_[e[i].row] * (y_[e[i].row] - all.mean);
          if (e[i + 1].value <= e[i].value + smallest_step) continue;
          double const gain = sum * sum * (1 / weight + 1 / (all.weight - weight));
          if (gain > best.gain) {
            best = {gain, f, i + 1,
                    static_cast<double>(e[i].value) / 2 + static_cast<double>(e[i + 1].value) / 2};
            if (best.threshold == static_cast<double>(e[i + 1].value))
              best.threshold = static_cast<double>(e[i].value);
          }
        }
      }
      return best;
    }

    std::int32_t grow(std::size_t first, std::size_t n, int depth, Moments const& all) {
      std::int32_t const number = static_cast<std::int32_t>(tree_.nodes.size());
      tree_.nodes.emplace_back();
      tree_.nodes.back().value = all.mean;
      if (depth >= max_depth_ || n < 2 || all.squares / all.weight <= 2.2e-16) return number;
      Split const split = search(first, n, all, number);
      if (split.left == 0) return number;
      tree_.importance[split.feature] += split.gain;
      for (std::size_t i = 0; i < n; ++i) goes_left_[entries_[split.feature][first + i].row] = i < split.left;
      for (std::vector<SortedEntry>& list : entries_) {
        std::size_t at[2] = {split.left, 0};  // indexed by goes_left_
        for (std::size_t i = first; i < first + n; ++i) moved_[at[goes_left_[list[i].row]]++] = list[i];
        std::copy_n(moved_.begin(), n, list.begin() + static_cast<std::ptrdiff_t>(first));
      }
      SortedEntry const* const split_by = entries_[split.feature].data() + first;
      Moments const left_moments = moments(split_by, split.left);
      Moments const right_moments = moments(split_by + split.left, n - split.left);
      std::int32_t const left = grow(first, split.left, depth + 1, left_moments);
      std::int32_t const right = grow(first + split.left, n - split.left, depth + 1, right_moments);
      Node& node = tree_.nodes[static_cast<std::size_t>(number)];
      node.feature = static_cast<std::int32_t>(split.feature);
      node.threshold = split.threshold;
      node.left = left;
      node.right = right;
      return number;
    }

    SortedFeatures const& x_;
    std::span<double const> y_;
    int max_depth_;
    Philox random_;
    std::vector<double> weight_;  // how often the bootstrap drew a row
    std::vector<std::uint8_t> goes_left_;
    std::vector<std::vector<SortedEntry>> entries_;  // [feature], nodes one after the other
    std::vector<SortedEntry> moved_;
    Tree& tree_;
  };

  std::vector<Tree> trees_;
  std::vector<double> importances_;
};

}  // namespace disentangle::metric::detail
