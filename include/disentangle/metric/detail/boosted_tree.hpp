// SPDX-License-Identifier: Apache-2.0
// One regression tree of gradient boosting, and how it is grown from sorted features with scikit-learn's
// results.
//
// A node keeps, for every feature, its own rows in sorted order, and a split partitions these lists stably,
// so that the search is one sequential pass of running sums per feature and never sorts again.
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

#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/sorted_features.hpp>

namespace disentangle::metric::detail {

struct BoostedNode {
  double threshold = 0;
  double value = 0;
  std::int32_t feature = -1;  // -1: a leaf
  std::int32_t left = 0;
  std::int32_t right = 0;
};

/// A regression tree of at most `max_depth` levels below its root.
struct BoostedTree {
  static constexpr int max_depth = 3;
  static constexpr std::size_t max_nodes = (std::size_t{2} << max_depth) - 1;
  std::array<BoostedNode, max_nodes> nodes;
  std::int32_t size = 0;

  double leaf_value(float const* x) const {
    BoostedNode const* node = nodes.data();
    while (node->feature >= 0)
      node = nodes.data() +
             (static_cast<double>(x[node->feature]) <= node->threshold ? node->left : node->right);
    return node->value;
  }
};

/// The residuals of a tree, and the memory that one thread grows it in.
struct BoostedTreeScratch {
  std::vector<double> residual;
  std::vector<std::uint8_t> goes_left;
  std::array<std::vector<SortedEntry>, BoostedTree::max_depth - 1>
      entries;  // the sorted lists of the nodes of levels 1, 2, ...
  std::vector<double> importance;
  std::vector<std::pair<std::uint64_t, std::size_t>> feature_order;  // what was drawn, ascending
};

/// Grows one tree on the residuals in its scratch memory, splits by Friedman's criterion.
struct BoostedTreeGrower {
  struct Split {
    double gain_numerator = -1;
    double gain_denominator = 1;
    std::size_t feature = 0;
    std::size_t left_rows = 0;  // 0: no split is possible
    double threshold = 0;
  };

  /// Neighbours in sorted order closer than this are not separated (scikit-learn's FEATURE_THRESHOLD).
  static constexpr float smallest_step = 1e-7f;
  static constexpr int max_depth = BoostedTree::max_depth;

  SortedFeatures const& x;
  std::span<int const> labels;
  int target;          // the class of this tree
  double leaf_factor;  // (K - 1) / K, or 1 for two classes
  double step;         // the learning rate
  double* scores;      // F_c per row, advanced leaf by leaf
  BoostedTree& tree;
  BoostedTreeScratch& scratch;
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

  void leaf(BoostedNode& node, SortedEntry const* e, std::size_t n) const {
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
    BoostedNode& node = tree.nodes[static_cast<std::size_t>(number)];
    node = BoostedNode{};
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
        tree.nodes[static_cast<std::size_t>(child)] = BoostedNode{};
      leaf(tree.nodes[static_cast<std::size_t>(node.left)], chosen, split.left_rows);
      leaf(tree.nodes[static_cast<std::size_t>(node.right)], chosen + split.left_rows, n - split.left_rows);
      return number;
    }
    SortedEntry* const next = scratch.entries[static_cast<std::size_t>(depth)].data();
    partition(level, next, first, n, split);
    node.left = grow(next, first, split.left_rows, depth + 1, left_sum, left_squares, left_impurity);
    node.right = grow(next, first + split.left_rows, n - split.left_rows, depth + 1, right_sum, right_squares,
                      right_impurity);
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

}  // namespace disentangle::metric::detail
