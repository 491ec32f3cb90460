// SPDX-License-Identifier: Apache-2.0
// Gradient-boosted classification trees with the results of scikit-learn's GradientBoostingClassifier() (1.2,
// all defaults): exact splits, Friedman's criterion, impurity importances.
//
// Per round, from the scores F at its start, p = softmax(F); for every class c a regression tree on the
// residuals r = [y = c] - p_c; leaf value (K - 1) / K * sum r / sum (y - r)(1 - y + r); F_c += rate * leaf.
// Two classes have one tree a round on the logistic residual. The start is the logarithm of the class
// frequencies.
//
// How it is made quick and stays exact: features are sorted once for all factors, rounds and classes; a node
// keeps, for every feature, its own rows in sorted order, and a split partitions these lists stably, so that
// the search is one sequential pass of running sums per feature and never sorts again. The trees of a round
// are independent and share the threads. Nothing is added up across threads: results do not depend on their
// number.
//
// Ties: scikit-learn tries the features of every node in random order and keeps the first best split; so does
// this, with an order drawn by Philox from (tie seed, tree, node), hence repeatable. Thresholds of a feature
// are tried in ascending order. "Lowest feature first" would be simpler, but on lattice codes, where gains
// tie all the time, it moves importance towards the first latents by more than scikit-learn's results differ
// between seeds. Ties are no rarity of lattices: of noisy codes, every tenth node can be cut alike by two
// latents, because few rows of a class are left in it. So the draw goes by what a feature is (the order of
// its rows), not by its column: the result does not depend on how latents are numbered, nor on monotone maps.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>

namespace disentangle::metric::detail {

/// A value of one feature and the row that it belongs to.
struct SortedEntry {
  float value;
  std::uint32_t row;
};

/// Every feature of (rows, features) in ascending order, in float as scikit-learn's trees see it; equal
/// values in the order of their rows.
struct SortedFeatures {
  std::size_t rows = 0;
  std::size_t features = 0;
  std::vector<SortedEntry> entries;     // [feature][rank]
  std::vector<std::uint32_t> identity;  // per feature, of its order of rows; copies are counted up

  SortedFeatures() = default;
  template <class T>
  SortedFeatures(MatrixView<T const> x, unsigned threads)
      : rows(x.rows), features(x.columns), entries(x.rows * x.columns), identity(x.columns) {
    parallel_for(features, threads, [&](std::size_t f, std::size_t) {
      SortedEntry* const column = entries.data() + f * rows;
      for (std::size_t i = 0; i < rows; ++i)
        column[i] = {static_cast<float>(x(i, f)), static_cast<std::uint32_t>(i)};
      std::stable_sort(column, column + rows,
                       [](SortedEntry const& a, SortedEntry const& b) { return a.value < b.value; });
      identity[f] = identity_of(column);
    });
    for (std::size_t f = 1; f < features; ++f)
      while (std::find(identity.begin(), identity.begin() + static_cast<std::ptrdiff_t>(f), identity[f]) !=
             identity.begin() + static_cast<std::ptrdiff_t>(f))
        ++identity[f];
  }

 private:
  /// FNV-1a of the sorted rows and of where the value changes: the same after a monotone map of the feature.
  std::uint32_t identity_of(SortedEntry const* column) const {
    std::uint64_t hash = 14695981039346656037u;
    for (std::size_t i = 0; i < rows; ++i) {
      bool const changes = i > 0 && column[i].value != column[i - 1].value;
      hash = (hash ^ (std::uint64_t{column[i].row} << 1 | (changes ? 1 : 0))) * 1099511628211u;
    }
    return static_cast<std::uint32_t>(hash ^ hash >> 32);
  }
};

class GradientBoostedTrees {
 public:
  struct Settings {
    int rounds = 100;
    double learning_rate = 0.1;
    std::uint64_t tie_seed = 0;
    unsigned threads = 0;  // 0: all of the machine
  };
  static constexpr int max_depth = 3;

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
  struct Node {
    double threshold = 0;
    double value = 0;
    std::int32_t feature = -1;  // -1: a leaf
    std::int32_t left = 0;
    std::int32_t right = 0;
  };

  struct Tree {
    static constexpr std::size_t max_nodes = (std::size_t{2} << max_depth) - 1;
    std::array<Node, max_nodes> nodes;
    std::int32_t size = 0;

    double leaf_value(float const* x) const {
      Node const* node = nodes.data();
      while (node->feature >= 0)
        node = nodes.data() +
               (static_cast<double>(x[node->feature]) <= node->threshold ? node->left : node->right);
      return node->value;
    }
  };

  /// The residuals of a tree, and the memory that one thread grows it in.
  struct Scratch {
    std::vector<double> residual;
    std::vector<std::uint8_t> goes_left;
    std::array<std::vector<SortedEntry>, max_depth - 1>
        entries;  // the sorted lists of the nodes of levels 1, 2, ...
    std::vector<double> importance;
    std::vector<std::pair<std::uint64_t, std::size_t>> feature_order;  // what was drawn, ascending
  };

  struct Split {
    double gain_numerator = -1;
    double gain_denominator = 1;
    std::size_t feature = 0;
    std::size_t left_rows = 0;  // 0: no split is possible
    double threshold = 0;
  };

  /// Neighbours in sorted order closer than this are not separated (scikit-learn's FEATURE_THRESHOLD).
  static constexpr float smallest_step = 1e-7f;

  struct Grower {
    SortedFeatures const& x;
    std::span<int const> labels;
    int target;          // the class of this tree
    double leaf_factor;  // (K - 1) / K, or 1 for two classes
    double step;         // the learning rate
    double* scores;      // F_c per row, advanced leaf by leaf
    Tree& tree;
    Scratch& scratch;
    Philox random;  // of this tree

    /// Draws the order in which the node of this number tries the features.
    void draw_feature_order(std::int32_t number) const {
      for (std::size_t f = 0; f < x.features; ++f) {
        auto const drawn = random.block(static_cast<std::uint64_t>(number) << 32 | x.identity[f]);
        scratch.feature_order[f] = {std::uint64_t{drawn[0]} << 32 | drawn[1], f};
      }
      std::sort(scratch.feature_order.begin(), scratch.feature_order.end());
    }

    /// The best split of rows first .. first + n - 1 of the level's sorted lists. The gain is Friedman's
    /// (w_r S_l - w_l S_r)^2 / (w_l w_r), compared by cross-multiplication.
    Split search(SortedEntry const* level, std::size_t first, std::size_t n, double sum) const {
      Split best;
      double const* const residual = scratch.residual.data();
      for (auto const& [drawn, f] : scratch.feature_order) {
        SortedEntry const* const e = level + f * x.rows + first;
        if (e[n - 1].value <= e[0].value + smallest_step) continue;  // constant here
        double left_sum = 0;
        double left = 0;
        double right = static_cast<double>(n);
        for (std::size_t i = 0; i + 1 < n; ++i) {
          left_sum += residual[e[i].row];
          left += 1;
          right -= 1;
          if (e[i + 1].value <= e[i].value + smallest_step) continue;
          double const difference = right * left_sum - left * (sum - left_sum);
          double const numerator = difference * difference;
          double const denominator = left * right;
          if (numerator * best.gain_denominator > best.gain_numerator * denominator) {
            best.gain_numerator = numerator;
            best.gain_denominator = denominator;
            best.feature = f;
            best.left_rows = i + 1;
          }
        }
      }
      if (best.left_rows > 0) {
        SortedEntry const* const e = level + best.feature * x.rows + first + best.left_rows;
        double const below = e[-1].value;
        double const above = e[0].value;
        best.threshold = below / 2 + above / 2;
        if (best.threshold == above) best.threshold = below;
      }
      return best;
    }

    void leaf(Node& node, SortedEntry const* e, std::size_t n) const {
      double numerator = 0;
      double denominator = 0;
      for (std::size_t i = 0; i < n; ++i) {
        double const r = scratch.residual[e[i].row];
        double const y = labels[e[i].row] == target ? 1 : 0;
        numerator += r;
        denominator += (y - r) * (1 - y + r);
      }
      node.value = std::abs(denominator) < 1e-150 ? 0 : leaf_factor * numerator / denominator;
      for (std::size_t i = 0; i < n; ++i) scores[e[i].row] += step * node.value;
    }

    /// Grows the node of n rows whose sorted lists stand at `first` in level `depth`; returns its number.
    std::int32_t grow(SortedEntry const* level, std::size_t first, std::size_t n, int depth, double sum,
                      double squares, double impurity) {
      std::int32_t const number = tree.size++;
      Node& node = tree.nodes[static_cast<std::size_t>(number)];
      node = Node{};
      Split split;
      if (depth < max_depth && n >= 2 && impurity > std::numeric_limits<double>::epsilon()) {
        draw_feature_order(number);
        split = search(level, first, n, sum);
      }
      if (split.left_rows == 0) {
        leaf(node, level + first, n);
        return number;
      }
      SortedEntry const* const chosen = level + split.feature * x.rows + first;
      double left_sum = 0;
      double left_squares = 0;
      for (std::size_t i = 0; i < split.left_rows; ++i) {
        double const r = scratch.residual[chosen[i].row];
        left_sum += r;
        left_squares += r * r;
      }
      double const left = static_cast<double>(split.left_rows);
      double const right = static_cast<double>(n - split.left_rows);
      double const right_sum = sum - left_sum;
      double const right_squares = squares - left_squares;
      double const left_impurity = left_squares / left - (left_sum / left) * (left_sum / left);
      double const right_impurity = right_squares / right - (right_sum / right) * (right_sum / right);
      scratch.importance[split.feature] +=
          static_cast<double>(n) * impurity - left * left_impurity - right * right_impurity;

      node.feature = static_cast<std::int32_t>(split.feature);
      node.threshold = split.threshold;
      if (depth + 1 == max_depth) {  // the children are leaves and need no sorted lists
        node.left = tree.size++;
        node.right = tree.size++;
        for (std::int32_t child : {node.left, node.right})
          tree.nodes[static_cast<std::size_t>(child)] = Node{};
        leaf(tree.nodes[static_cast<std::size_t>(node.left)], chosen, split.left_rows);
        leaf(tree.nodes[static_cast<std::size_t>(node.right)], chosen + split.left_rows, n - split.left_rows);
        return number;
      }
      SortedEntry* const next = scratch.entries[static_cast<std::size_t>(depth)].data();
      partition(level, next, first, n, split);
      node.left = grow(next, first, split.left_rows, depth + 1, left_sum, left_squares, left_impurity);
      node.right = grow(next, first + split.left_rows, n - split.left_rows, depth + 1, right_sum,
                        right_squares, right_impurity);
      return number;
    }

    /// Writes every feature's list of the node to the next level, rows that go left first, orders kept.
    void partition(SortedEntry const* level, SortedEntry* next, std::size_t first, std::size_t n,
                   Split const& split) {
      std::uint8_t* const goes_left = scratch.goes_left.data();
      SortedEntry const* const chosen = level + split.feature * x.rows + first;
      for (std::size_t i = 0; i < n; ++i) goes_left[chosen[i].row] = i < split.left_rows;
      for (std::size_t f = 0; f < x.features; ++f) {
        SortedEntry const* const from = level + f * x.rows + first;
        SortedEntry* const to = next + f * x.rows + first;
        std::size_t at[2] = {split.left_rows, 0};  // indexed by goes_left
        for (std::size_t i = 0; i < n; ++i) {
          std::size_t const side = goes_left[from[i].row];
          to[at[side]++] = from[i];
        }
      }
    }
  };

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
    std::vector<Scratch> scratch(workers);
    for (Scratch& s : scratch) {
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
        Scratch& s = scratch[worker];
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
        Grower grower{x,
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
  std::vector<Tree> trees_;  // [round][output]
  std::vector<double> importances_;
  std::vector<int> training_predictions_;
};

}  // namespace disentangle::metric::detail
