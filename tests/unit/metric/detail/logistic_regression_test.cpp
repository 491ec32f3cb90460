// SPDX-License-Identifier: Apache-2.0
// The classifier's optimum, checked with a plain gradient.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/metric/detail/logistic_regression.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

namespace {

/// Gradient of sum -log softmax + 1/(2 c) ||W||^2, written out.
std::vector<double> gradient(MatrixView<double const> x, std::vector<int> const& labels,
                             MatrixView<double const> p, double c) {
  std::size_t const features = x.columns;
  std::vector<double> g(p.size(), 0.0);
  for (std::size_t i = 0; i < x.rows; ++i) {
    std::vector<double> e(p.rows);
    double sum = 0;
    for (std::size_t k = 0; k < p.rows; ++k) {
      double score = p(k, features);
      for (std::size_t f = 0; f < features; ++f) score += p(k, f) * x(i, f);
      sum += e[k] = std::exp(score);
    }
    for (std::size_t k = 0; k < p.rows; ++k) {
      double const error = e[k] / sum - (labels[i] == static_cast<int>(k) ? 1 : 0);
      for (std::size_t f = 0; f < features; ++f) g[k * p.columns + f] += error * x(i, f);
      g[k * p.columns + features] += error;
    }
  }
  for (std::size_t k = 0; k < p.rows; ++k)
    for (std::size_t f = 0; f < features; ++f) g[k * p.columns + f] += p(k, f) / c;
  return g;
}

}  // namespace

TEST_CASE("the gradient vanishes at the optimum and the biases sum to 0") {
  for (double const scale : {1.0, 1e-3, 30.0}) {
    for (double const c : {1.0, 100.0}) {
      CAPTURE(scale);
      CAPTURE(c);
      auto const s = test::axis_aligned(700, 0.7, 3);
      auto const x = test::times(s.codes, scale);
      std::vector<int> labels(700);
      for (std::size_t i = 0; i < 700; ++i) labels[i] = s.factors(i, 2);
      metric::detail::LogisticRegression const fit(x.view(), labels, 5, {.c = c});
      for (double g : gradient(x.view(), labels, fit.parameters(), c)) CHECK(std::abs(g) < 1e-5);
      double sum = 0;
      for (std::size_t k = 0; k < 5; ++k) sum += fit.parameters()(k, 4);
      CHECK(std::abs(sum) < 1e-9);
    }
  }
}

TEST_CASE("separable classes and constant features still have an optimum") {
  auto const s = test::axis_aligned(300, 0, 3);
  auto const x = test::with_constant(s.codes, 0.25);
  std::vector<int> labels(300);
  for (std::size_t i = 0; i < 300; ++i) labels[i] = s.factors(i, 0);
  metric::detail::LogisticRegression const fit(x.view(), labels, 3, {});
  for (double g : gradient(x.view(), labels, fit.parameters(), 1)) CHECK(std::abs(g) < 1e-5);
  for (std::size_t i = 0; i < 300; ++i) CHECK(fit.predict(x.row(i)) == labels[i]);
}

TEST_CASE("many classes") {
  std::size_t const n = 1400;
  metric::Matrix<double> x(n, 2);
  std::vector<int> labels(n);
  for (std::size_t i = 0; i < n; ++i) {
    labels[i] = static_cast<int>(i % 70);
    double const angle = labels[i] * 0.08975979010256552;
    x(i, 0) = 40 * std::cos(angle);
    x(i, 1) = 40 * std::sin(angle);
  }
  metric::detail::LogisticRegression const fit(x.view(), labels, 70, {});
  for (double g : gradient(x.view(), labels, fit.parameters(), 1)) CHECK(std::abs(g) < 1e-4);
}
