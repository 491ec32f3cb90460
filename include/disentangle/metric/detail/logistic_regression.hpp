// SPDX-License-Identifier: Apache-2.0
// Multinomial logistic regression: the optimum that scikit-learn's LogisticRegression() (>= 0.22, lbfgs)
// approaches.
//   minimise sum_i c(y_i) * -log softmax(W x_i + b)[y_i] + 1 / (2 C) ||W||^2,   W (classes, features), b
//   (classes) not penalised, c a weight per class, 1 unless given
// Newton's method; each step solves the Newton equations by conjugate gradients on products with the Hessian,
// so that nothing larger than the parameters is stored. The objective is convex; adding a constant to all of
// b leaves it unchanged, and b sums to 0 because every step does.
// Rows are summed in fixed blocks whose sums are added in order: results do not depend on the number of
// threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric::detail {

class LogisticRegression {
 public:
  struct Settings {
    double c = 1;
    double tolerance = 1e-6;  // on the largest entry of the gradient (scikit-learn: 1e-4)
    int max_iterations = 100;
    std::size_t max_products = 0;            // with the Hessian, in one step; 0: four for each parameter
    unsigned threads = 0;                    // 0: all of the machine
    std::vector<double> class_weights = {};  // empty: 1 each
    bool penalise_bias = false;              // as one more weight, of a feature that is 1
  };

  /// n / (classes * count): scikit-learn's class_weight="balanced".
  static std::vector<double> balanced(std::span<int const> labels, int classes) {
    std::vector<double> count(static_cast<std::size_t>(classes));
    for (int y : labels) count[static_cast<std::size_t>(y)] += 1;
    for (double& c : count) c = static_cast<double>(labels.size()) / (classes * std::max(c, 1.0));
    return count;
  }

  /// labels: 0 .. classes - 1 per row, at least 2 classes present.
  LogisticRegression(MatrixView<double const> x, std::span<int const> labels, int classes, Settings settings)
      : settings_(std::move(settings)),
        classes_(static_cast<std::size_t>(classes)),
        features_(x.columns),
        parameters_(classes_ * (features_ + 1), 0.0) {
    fit(x, labels);
  }

  /// (classes, features + 1): the weights of a class and, last, its bias.
  MatrixView<double const> parameters() const { return {parameters_.data(), classes_, features_ + 1}; }

  /// The largest entry of the gradient where the iterations stopped.
  double gradient() const { return gradient_norm_; }

  /// The probability of every class.
  void probabilities(std::span<double const> x, std::span<double> out) const {
    for (std::size_t k = 0; k < classes_; ++k) out[k] = affine(parameters_, k, x);
    (void)soften(out);
  }

  /// The most probable class, the first of equals.
  int predict(std::span<double const> x) const {
    std::size_t best = 0;
    double highest = -INFINITY;
    for (std::size_t k = 0; k < classes_; ++k) {
      double const score = affine(parameters_, k, x);
      if (score > highest) {
        highest = score;
        best = k;
      }
    }
    return static_cast<int>(best);
  }

 private:
  static constexpr std::size_t block = 512;

  double affine(std::vector<double> const& p, std::size_t k, std::span<double const> x) const {
    double const* const w = p.data() + k * (features_ + 1);
    double score = w[features_];
    for (std::size_t f = 0; f < features_; ++f) score += w[f] * x[f];
    return score;
  }

  /// Scores -> probabilities; returns the logarithm of the sum of the scores' exponentials.
  static double soften(std::span<double> out) {
    double const highest = *std::max_element(out.begin(), out.end());
    double sum = 0;
    for (double& v : out) sum += v = std::exp(v - highest);
    for (double& v : out) v /= sum;
    return highest + std::log(sum);
  }

  double weight(int label) const {
    return settings_.class_weights.empty() ? 1 : settings_.class_weights[static_cast<std::size_t>(label)];
  }

  /// Calls body(row, sums) for all rows, sums being of the row's block, and returns the blocks' sums added
  /// up.
  template <class Body>
  std::vector<double> sum_over_rows(std::size_t rows, std::size_t size, Body const& body) const {
    std::size_t const blocks = (rows + block - 1) / block;
    std::vector<double> partial(blocks * size, 0.0);
    // Starting threads costs more than small sums do.
    unsigned const threads = rows * size < 100000 ? 1 : settings_.threads;
    parallel_for(blocks, threads, [&](std::size_t b, std::size_t) {
      std::span<double> const sums{partial.data() + b * size, size};
      for (std::size_t i = b * block; i < std::min(rows, (b + 1) * block); ++i) body(i, sums);
    });
    std::vector<double> total(size, 0.0);
    for (std::size_t b = 0; b < blocks; ++b)
      for (std::size_t j = 0; j < size; ++j) total[j] += partial[b * size + j];
    return total;
  }

  /// The objective; probabilities (rows, classes) are written.
  double objective(MatrixView<double const> x, std::span<int const> labels, std::vector<double> const& p,
                   Matrix<double>& probabilities) const {
    double loss = sum_over_rows(x.rows, 1, [&](std::size_t i, std::span<double> sums) {
      std::span<double> const out = probabilities.row(i);
      for (std::size_t k = 0; k < classes_; ++k) out[k] = affine(p, k, x.row(i));
      double const own = out[static_cast<std::size_t>(labels[i])];
      sums[0] += weight(labels[i]) * (soften(out) - own);
    })[0];
    for (std::size_t k = 0; k < classes_; ++k)
      for (std::size_t f = 0; f < penalised(); ++f) {
        double const w = p[k * (features_ + 1) + f];
        loss += 0.5 / settings_.c * w * w;
      }
    return loss;
  }

  std::size_t penalised() const { return features_ + (settings_.penalise_bias ? 1 : 0); }

  /// Adds the penalty's part, v / C for the weights.
  void add_penalty(std::vector<double> const& v, std::vector<double>& out) const {
    for (std::size_t k = 0; k < classes_; ++k)
      for (std::size_t f = 0; f < penalised(); ++f)
        out[k * (features_ + 1) + f] += v[k * (features_ + 1) + f] / settings_.c;
  }

  void accumulate(std::size_t k, double weight, std::span<double const> x, std::span<double> sums) const {
    double* const out = sums.data() + k * (features_ + 1);
    for (std::size_t f = 0; f < features_; ++f) out[f] += weight * x[f];
    out[features_] += weight;
  }

  static double dot(std::vector<double> const& a, std::vector<double> const& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }

  void fit(MatrixView<double const> x, std::span<int const> labels) {
    std::size_t const size = parameters_.size();
    Matrix<double> probabilities(x.rows, classes_);
    double value = objective(x, labels, parameters_, probabilities);
    for (int iteration = 0; iteration < settings_.max_iterations; ++iteration) {
      std::vector<double> gradient = sum_over_rows(x.rows, size, [&](std::size_t i, std::span<double> sums) {
        for (std::size_t k = 0; k < classes_; ++k)
          accumulate(k,
                     weight(labels[i]) *
                         (probabilities(i, k) - (static_cast<std::size_t>(labels[i]) == k ? 1 : 0)),
                     x.row(i), sums);
      });
      add_penalty(parameters_, gradient);
      gradient_norm_ = 0;
      for (double g : gradient) gradient_norm_ = std::max(gradient_norm_, std::abs(g));
      if (gradient_norm_ <= settings_.tolerance) return;

      std::vector<double> const direction = newton_direction(x, labels, probabilities, gradient);
      double const slope = dot(gradient, direction);
      double step = 1;
      std::vector<double> candidate(size);
      for (;; step /= 2) {
        for (std::size_t j = 0; j < size; ++j) candidate[j] = parameters_[j] + step * direction[j];
        double const next = objective(x, labels, candidate, probabilities);
        if (next <= value + 1e-4 * step * slope) {
          value = next;
          break;
        }
        // Below this the objective's own rounding decides: the optimum is reached.
        if (step < 1e-10 || -step * slope < 1e-14 * (1 + value)) return;
      }
      parameters_ = candidate;
    }
  }

  /// Solves H d = -gradient by conjugate gradients, preconditioned with the diagonal of H.
  std::vector<double> newton_direction(MatrixView<double const> x, std::span<int const> labels,
                                       Matrix<double> const& probabilities,
                                       std::vector<double> const& gradient) const {
    std::size_t const size = gradient.size();
    std::vector<double> diagonal = sum_over_rows(x.rows, size, [&](std::size_t i, std::span<double> sums) {
      for (std::size_t k = 0; k < classes_; ++k) {
        double const w = weight(labels[i]) * probabilities(i, k) * (1 - probabilities(i, k));
        double* const out = sums.data() + k * (features_ + 1);
        for (std::size_t f = 0; f < features_; ++f) out[f] += w * x(i, f) * x(i, f);
        out[features_] += w;
      }
    });
    add_penalty(std::vector<double>(size, 1.0), diagonal);
    for (double& d : diagonal) d = std::max(d, 1e-12);

    Matrix<double> scores(x.rows, classes_);
    auto const product = [&](std::vector<double> const& v) {
      std::vector<double> out = sum_over_rows(x.rows, size, [&](std::size_t i, std::span<double> sums) {
        double inner = 0;
        std::span<double> const a = scores.row(i);
        for (std::size_t k = 0; k < classes_; ++k) {
          a[k] = affine(v, k, x.row(i));
          inner += probabilities(i, k) * a[k];
        }
        for (std::size_t k = 0; k < classes_; ++k)
          accumulate(k, weight(labels[i]) * probabilities(i, k) * (a[k] - inner), x.row(i), sums);
      });
      add_penalty(v, out);
      return out;
    };

    std::vector<double> direction(size, 0.0);
    std::vector<double> residual(size);
    std::vector<double> scaled(size);
    for (std::size_t j = 0; j < size; ++j) residual[j] = -gradient[j];
    double const start = std::sqrt(dot(gradient, gradient));
    double const target = start * std::min(0.1, start * 1e-3);  // looser while far from the optimum
    for (std::size_t j = 0; j < size; ++j) scaled[j] = residual[j] / diagonal[j];
    std::vector<double> search = scaled;
    double rho = dot(residual, scaled);
    std::size_t const most = settings_.max_products > 0 ? settings_.max_products : 4 * size;
    for (std::size_t iteration = 0; iteration < most && std::sqrt(dot(residual, residual)) > target;
         ++iteration) {
      std::vector<double> const h = product(search);
      double const curvature = dot(search, h);
      if (!(curvature > 0)) break;
      double const alpha = rho / curvature;
      for (std::size_t j = 0; j < size; ++j) {
        direction[j] += alpha * search[j];
        residual[j] -= alpha * h[j];
        scaled[j] = residual[j] / diagonal[j];
      }
      double const next = dot(residual, scaled);
      for (std::size_t j = 0; j < size; ++j) search[j] = scaled[j] + next / rho * search[j];
      rho = next;
    }
    // The shift of all biases is free; take the one that sums to 0.
    double shift = 0;
    for (std::size_t k = 0; k < classes_; ++k) shift += direction[k * (features_ + 1) + features_];
    for (std::size_t k = 0; k < classes_; ++k)
      direction[k * (features_ + 1) + features_] -= shift / static_cast<double>(classes_);
    return direction;
  }

  Settings settings_;
  std::size_t classes_;
  std::size_t features_;
  std::vector<double> parameters_;
  double gradient_norm_ = 0;
};

}  // namespace disentangle::metric::detail
