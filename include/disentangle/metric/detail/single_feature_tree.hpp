// SPDX-License-Identifier: Apache-2.0
// A decision tree on one feature: scikit-learn's DecisionTreeClassifier (Gini impurity, best split, as in
// 1.2) where there is but one column, so that nothing in it is random, and the choice of its depth by cross
// validation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <disentangle/metric/detail/check.hpp>

namespace disentangle::metric::detail {

/// Grown to a depth, and asked at any depth up to it: a tree of less depth is the same one cut off. A node is
/// split between neighbouring values that differ by more than 1e-7, where the impurity of both sides is
/// smallest, the first of equals; it is a leaf where it is pure, has fewer than 2 rows or no such values.
class SingleFeatureTree {
 public:
  /// labels: 0 .. classes - 1 for each value.
  SingleFeatureTree(std::span<float const> x, std::span<int const> labels, int classes, int max_depth)
      : classes_(static_cast<std::size_t>(classes)) {
    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
    for (std::size_t const i : order) {
      x_.push_back(x[i]);
      labels_.push_back(static_cast<std::size_t>(labels[i]));
    }
    grow(0, x_.size(), max_depth);
    x_ = {};
    labels_ = {};
  }

  /// The most frequent class of the node that a value reaches after at most `depth` decisions, the first of
  /// equals.
  int predict(float x, int depth) const {
    std::size_t node = 0;
    for (; depth > 0 && nodes_[node].right != 0; --depth)
      node = static_cast<double>(x) <= nodes_[node].threshold ? node + 1 : nodes_[node].right;
    return nodes_[node].label;
  }

 private:
  struct Node {
    double threshold = 0;
    std::size_t right = 0;  // the left one follows its parent; 0: a leaf
    int label = 0;
  };

  /// 1 - sum of squared shares.
  static double impurity(std::vector<double> const& counts, double n) {
    double squares = 0;
    for (double const c : counts) squares += c * c;
    return 1 - squares / (n * n);
  }

  void grow(std::size_t begin, std::size_t end, int depth) {
    std::size_t const node = nodes_.size();
    nodes_.emplace_back();
    std::vector<double> right(classes_), left(classes_);
    for (std::size_t i = begin; i < end; ++i) right[labels_[i]] += 1;
    nodes_[node].label = static_cast<int>(std::max_element(right.begin(), right.end()) - right.begin());
    double const n = static_cast<double>(end - begin);
    if (depth == 0 || end - begin < 2 || impurity(right, n) <= std::numeric_limits<double>::epsilon()) return;
    std::size_t best = end;
    double highest = -std::numeric_limits<double>::infinity();
    for (std::size_t i = begin + 1; i < end; ++i) {
      left[labels_[i - 1]] += 1;
      right[labels_[i - 1]] -= 1;
      if (x_[i] <= x_[i - 1] + 1e-7f) continue;
      double const in_left = static_cast<double>(i - begin), in_right = n - in_left;
      // Ties are common here, and a fused multiply-add would break them otherwise: see histogram_edges.
      double const volatile of_right = in_right * impurity(right, in_right);
      double const volatile of_left = in_left * impurity(left, in_left);
      double const purity = -of_right - of_left;
      if (purity > highest) {
        highest = purity;
        best = i;
      }
    }
    if (best == end) return;
    double const low = static_cast<double>(x_[best - 1]), high = static_cast<double>(x_[best]);
    double const middle = low / 2 + high / 2;
    nodes_[node].threshold = middle == high ? low : middle;
    grow(begin, best, depth - 1);
    std::size_t const after = nodes_.size();
    grow(best, end, depth - 1);
    nodes_[node].right = after;
  }

  std::size_t classes_;
  std::vector<float> x_;
  std::vector<std::size_t> labels_;
  std::vector<Node> nodes_;
};

/// The test fold of every row: scikit-learn's StratifiedKFold, unshuffled.
inline std::vector<std::size_t> stratified_folds(Classes const& classes, std::size_t folds) {
  std::size_t const n = classes.label.size(), count = classes.values.size();
  // Classes in the order in which they first occur share the folds out among them.
  std::vector<std::size_t> first_seen(count, n), place(count);
  for (std::size_t i = n; i-- > 0;) first_seen[static_cast<std::size_t>(classes.label[i])] = i;
  for (std::size_t c = 0; c < count; ++c)
    for (std::size_t d = 0; d < count; ++d) place[c] += first_seen[d] < first_seen[c];
  std::vector<std::size_t> ordered(count);
  for (std::size_t c = 0; c < count; ++c) ordered[place[c]] = c;
  std::vector<std::vector<std::size_t>> left(count,
                                             std::vector<std::size_t>(folds));  // rows still to be given
  std::size_t position = 0;
  for (std::size_t const c : ordered)
    for (std::size_t i = 0; i < classes.count[c]; ++i) ++left[c][position++ % folds];
  std::vector<std::size_t> fold(n);
  for (std::size_t i = 0; i < n; ++i) {
    auto& of_class = left[static_cast<std::size_t>(classes.label[i])];
    std::size_t f = 0;
    while (of_class[f] == 0) ++f;
    --of_class[f];
    fold[i] = f;
  }
  return fold;
}

/// The depth of 1 .. 9 whose mean accuracy over ten stratified folds is highest, the first of equals.
inline int cross_validated_depth(std::span<float const> x, Classes const& classes) {
  constexpr std::size_t folds = 10;
  constexpr int most = 9;
  std::vector<std::size_t> const fold = stratified_folds(classes, folds);
  std::array<std::array<double, folds>, most> accuracy{};
  for (std::size_t f = 0; f < folds; ++f) {
    std::vector<float> kept;
    std::vector<int> labels;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (fold[i] == f) continue;
      kept.push_back(x[i]);
      labels.push_back(classes.label[i]);
    }
    SingleFeatureTree const tree(kept, labels, classes.size(), most);
    double const tested = static_cast<double>(x.size() - kept.size());
    for (int depth = 1; depth <= most; ++depth) {
      double right = 0;
      for (std::size_t i = 0; i < x.size(); ++i)
        right += fold[i] == f && tree.predict(x[i], depth) == classes.label[i];
      accuracy[static_cast<std::size_t>(depth - 1)][f] = right / tested;
    }
  }
  int best = 1;
  double highest = -1;
  for (int depth = 1; depth <= most; ++depth) {
    auto const& a = accuracy[static_cast<std::size_t>(depth - 1)];
    // numpy's order of additions, since means that differ in their last bit decide here
    double const sum = ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7])) + a[8] + a[9];
    if (sum / 10 > highest) {
      highest = sum / 10;
      best = depth;
    }
  }
  return best;
}

}  // namespace disentangle::metric::detail
