// SPDX-License-Identifier: Apache-2.0
// Logistic regression of each class against the rest. With the bias penalised as the weight of a constant
// feature 1 it is the optimum that liblinear approaches, scikit-learn's default before 0.22.
//   minimise for each class 1/2 (||w||^2 + b^2) + C sum_i c(y_i) log(1 + exp(-y_i (w x_i + b))),
//       y_i = 1 or -1
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/detail/logistic_regression.hpp>

namespace disentangle::metric::detail {

class OneAgainstRest {
 public:
  struct Settings {
    double c = 1;
    bool penalise_bias = true;
    bool balanced = false;  // n / (2 * count) for the class and for the rest
    unsigned threads = 0;   // 0: all of the machine
  };

  /// labels: 0 .. classes - 1 per row. Two classes are one machine.
  OneAgainstRest(MatrixView<double const> x, std::span<int const> labels, int classes, Settings settings)
      : classes_(static_cast<std::size_t>(classes)) {
    std::vector<int> own(labels.size());
    for (int k = classes == 2 ? 1 : 0; k < classes; ++k) {
      for (std::size_t i = 0; i < own.size(); ++i) own[i] = labels[i] == k;
      // Two classes of the multinomial form with C / 2 are the binary form with C.
      machines_.emplace_back(x, own, 2,
                             LogisticRegression::Settings{
                                 .c = settings.c / 2,
                                 .threads = settings.threads,
                                 .class_weights = settings.balanced ? LogisticRegression::balanced(own, 2)
                                                                    : std::vector<double>(),
                                 .penalise_bias = settings.penalise_bias});
    }
  }

  /// What each machine gives its class, divided by their sum.
  void probabilities(std::span<double const> x, std::span<double> out) const {
    double both[2];
    if (machines_.size() == 1) return machines_[0].probabilities(x, out);
    double sum = 0;
    for (std::size_t k = 0; k < classes_; ++k) {
      machines_[k].probabilities(x, both);
      sum += out[k] = both[1];
    }
    for (double& p : out) p = sum > 0 ? p / sum : 1 / static_cast<double>(classes_);
  }

  /// The class whose machine is surest, the first of equals.
  int predict(std::span<double const> x) const {
    if (machines_.size() == 1) return machines_[0].predict(x);
    std::size_t best = 0;
    for (std::size_t k = 1; k < classes_; ++k)
      if (margin(k, x) > margin(best, x)) best = k;
    return static_cast<int>(best);
  }

  /// The weight of a feature for a class, of two classes for the second against the first.
  double weight(std::size_t k, std::size_t feature) const {
    bool const one = machines_.size() == 1;
    auto const p = machines_[one ? 0 : k].parameters();
    double const own = p(1, feature) - p(0, feature);
    return one && k == 0 ? -own : own;
  }

  /// The largest entry of a machine's gradient where its iterations stopped.
  double gradient() const {
    double largest = 0;
    for (auto const& machine : machines_) largest = std::max(largest, machine.gradient());
    return largest;
  }

 private:
  double margin(std::size_t k, std::span<double const> x) const {
    auto const p = machines_[k].parameters();
    double sum = p(1, x.size()) - p(0, x.size());
    for (std::size_t f = 0; f < x.size(); ++f) sum += (p(1, f) - p(0, f)) * x[f];
    return sum;
  }

  std::size_t classes_;
  std::vector<LogisticRegression> machines_;
};

}  // namespace disentangle::metric::detail
