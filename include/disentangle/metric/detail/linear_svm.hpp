// SPDX-License-Identifier: Apache-2.0
// Linear support vector classification of one feature, one class against the rest: the optimum that
// scikit-learn's LinearSVC (liblinear: squared hinge, L2, the bias penalised as the weight of a constant
// feature 1) approaches.
//   minimise 1/2 (w^2 + b^2) + sum_i C_i max(0, 1 - y_i (w x_i + b))^2
// The objective is strictly convex and piecewise quadratic, with two unknowns, so Newton's method with a line
// search ends at the exact optimum after a few passes over the rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <disentangle/metric/detail/check.hpp>

namespace disentangle::metric::detail {

struct LinearSvm {
  double weight = 0;
  double bias = 0;
};

/// One class against the rest: rows labelled `positive` cost c_positive each, the others c_negative.
inline LinearSvm fit_linear_svm(std::span<double const> x, std::span<int const> labels, int positive,
                                double c_positive, double c_negative) {
  auto const objective = [&](double w, double b) {
    double loss = 0.5 * (w * w + b * b);
    for (std::size_t i = 0; i < x.size(); ++i) {
      bool const yes = labels[i] == positive;
      double const f = w * x[i] + b;
      double const slack = std::max(0.0, 1 - (yes ? f : -f));
      loss += (yes ? c_positive : c_negative) * slack * slack;
    }
    return loss;
  };
  LinearSvm m;
  double value = objective(0, 0);
  for (int iteration = 0; iteration < 200; ++iteration) {
    double gw = m.weight;
    double gb = m.bias;
    double hww = 1;
    double hwb = 0;
    double hbb = 1;
    for (std::size_t i = 0; i < x.size(); ++i) {
      bool const yes = labels[i] == positive;
      double const y = yes ? 1 : -1;
      double const slack = 1 - y * (m.weight * x[i] + m.bias);
      if (slack <= 0) continue;
      double const c = 2 * (yes ? c_positive : c_negative);
      gw -= c * y * slack * x[i];
      gb -= c * y * slack;
      hww += c * x[i] * x[i];
      hwb += c * x[i];
      hbb += c;
    }
    double const determinant = hww * hbb - hwb * hwb;
    double const dw = -(hbb * gw - hwb * gb) / determinant;
    double const db = -(hww * gb - hwb * gw) / determinant;
    double const slope = gw * dw + gb * db;
    // slope is minus twice the decrease that the quadratic model still promises.
    if (!(slope < -1e-15 * (1 + value))) break;
    double step = 1;
    double next = objective(m.weight + dw, m.bias + db);
    while (next > value + 1e-4 * step * slope && step > 1e-12) {
      step /= 2;
      next = objective(m.weight + step * dw, m.bias + step * db);
    }
    if (!(next < value)) break;
    m.weight += step * dw;
    m.bias += step * db;
    value = next;
  }
  return m;
}

/// One feature, all classes: LinearSVC(C, class_weight="balanced"). A class of `count` rows out of n weighs
/// n / (classes * count); in one against the rest liblinear applies the weight to the class and 1 to the
/// rest, and with two classes trains a single machine with both weights.
class LinearSvmClassifier {
 public:
  LinearSvmClassifier(std::span<double const> x, Classes const& classes, double c) {
    double const n = static_cast<double>(x.size());
    auto const balanced = [&](int k) {
      return c * n / (classes.size() * static_cast<double>(classes.count[static_cast<std::size_t>(k)]));
    };
    if (classes.size() == 2) {
      machines_.push_back(fit_linear_svm(x, classes.label, 1, balanced(1), balanced(0)));
    } else {
      for (int k = 0; k < classes.size(); ++k)
        machines_.push_back(fit_linear_svm(x, classes.label, k, balanced(k), c));
    }
  }

  /// The class of the largest decision value, the first of equals.
  int predict(double x) const {
    auto const decision = [&](std::size_t k) { return machines_[k].weight * x + machines_[k].bias; };
    if (machines_.size() == 1) return decision(0) > 0 ? 1 : 0;
    std::size_t best = 0;
    double highest = decision(0);
    for (std::size_t k = 1; k < machines_.size(); ++k)
      if (double const d = decision(k); d > highest) {
        highest = d;
        best = k;
      }
    return static_cast<int>(best);
  }

 private:
  std::vector<LinearSvm> machines_;
};

}  // namespace disentangle::metric::detail
