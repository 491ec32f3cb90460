// SPDX-License-Identifier: Apache-2.0
// Linear regression with an L1 penalty: the optimum that scikit-learn's Lasso(alpha) approaches.
//   minimise 1 / (2 n) ||y - X w - b||^2 + alpha ||w||_1,   b not penalised
// Coordinate descent on the matrix of inner products, which costs one pass over the rows for any number of
// targets. A constant feature gets weight 0; of exact copies the first gets all of the weight.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric::detail {

/// Weights and bias of one target.
struct LinearModel {
  std::vector<double> weights;
  double bias = 0;
  double operator()(std::span<double const> x) const {
    double y = bias;
    for (std::size_t j = 0; j < x.size(); ++j) y += weights[j] * x[j];
    return y;
  }
};

class Lasso {
 public:
  /// Prepares the features, (rows, features); they must outlive this.
  explicit Lasso(MatrixView<double const> x) : x_(x), mean_(x.columns), products_(x.columns, x.columns) {
    double const n = static_cast<double>(x.rows);
    // Relative to the first row, so that the inner products of a constant are 0 exactly.
    for (std::size_t i = 0; i < x.rows; ++i)
      for (std::size_t j = 0; j < x.columns; ++j) mean_[j] += (x(i, j) - x(0, j)) / n;
    std::vector<double> centred(x.columns);
    for (std::size_t i = 0; i < x.rows; ++i) {
      for (std::size_t j = 0; j < x.columns; ++j) centred[j] = x(i, j) - x(0, j) - mean_[j];
      for (std::size_t j = 0; j < x.columns; ++j)
        for (std::size_t m = 0; m <= j; ++m) products_(j, m) += centred[j] * centred[m];
    }
    for (std::size_t j = 0; j < x.columns; ++j)
      for (std::size_t m = 0; m < j; ++m) products_(m, j) = products_(j, m);
  }

  /// The optimum for one target, a value per row.
  LinearModel fit(std::span<double const> y, double alpha) const {
    std::size_t const features = x_.columns;
    double const n = static_cast<double>(x_.rows);
    double mean_y = 0;
    for (double v : y) mean_y += v / n;
    std::vector<double> left(features);  // inner products of the features with what is not explained yet
    for (std::size_t i = 0; i < x_.rows; ++i)
      for (std::size_t j = 0; j < features; ++j)
        left[j] += (x_(i, j) - x_(0, j) - mean_[j]) * (y[i] - mean_y);
    LinearModel model{std::vector<double>(features), mean_y};
    for (int pass = 0; pass < 100'000; ++pass) {
      double largest = 0;
      double change = 0;
      for (std::size_t j = 0; j < features; ++j) {
        if (products_(j, j) == 0) continue;
        double const target = left[j] + products_(j, j) * model.weights[j];
        double const size = std::max(0.0, std::abs(target) - alpha * n);
        double const next = std::copysign(size, target) / products_(j, j);
        double const step = next - model.weights[j];
        if (step != 0)
          for (std::size_t m = 0; m < features; ++m) left[m] -= step * products_(m, j);
        model.weights[j] = next;
        largest = std::max(largest, std::abs(next));
        change = std::max(change, std::abs(step));
      }
      if (change <= 1e-10 * largest) break;
    }
    for (std::size_t j = 0; j < features; ++j) model.bias -= model.weights[j] * (x_(0, j) + mean_[j]);
    return model;
  }

 private:
  MatrixView<double const> x_;
  std::vector<double> mean_;  // of the features, less the first row
  Matrix<double> products_;   // of the centred features
};

}  // namespace disentangle::metric::detail
