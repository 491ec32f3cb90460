// SPDX-License-Identifier: Apache-2.0
// The support vector classifier's optimum, checked with a plain gradient.
#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/metric/detail/linear_svm.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

TEST_CASE("the gradient vanishes at the optimum, for features of any scale") {
  auto const s = test::axis_aligned(500, 0.5, 3);
  for (double const scale : {0.0, 1e-4, 1.0, 50.0, 1e6}) {
    std::vector<double> x(500);
    std::vector<int> labels(500);
    for (std::size_t i = 0; i < 500; ++i) {
      x[i] = scale * s.codes(i, 1) + 0.2;
      labels[i] = s.factors(i, 1);
    }
    for (int positive = 0; positive < 4; ++positive) {
      CAPTURE(scale);
      CAPTURE(positive);
      auto const m = metric::detail::fit_linear_svm(x, labels, positive, 0.04, 0.01);
      double gw = m.weight;
      double gb = m.bias;
      double size = 1;
      for (std::size_t i = 0; i < 500; ++i) {
        double const y = labels[i] == positive ? 1 : -1;
        double const c = labels[i] == positive ? 0.04 : 0.01;
        double const slack = std::max(0.0, 1 - y * (m.weight * x[i] + m.bias));
        gw -= 2 * c * y * slack * x[i];
        gb -= 2 * c * y * slack;
        size += 2 * c * slack * std::abs(x[i]);
      }
      CHECK(std::abs(gw) < 1e-6 * size);
      CHECK(std::abs(gb) < 1e-6 * size);
    }
  }
}

TEST_CASE("two classes are separated by one machine") {
  std::vector<double> x;
  metric::Matrix<int> factor(100, 1);
  for (std::size_t i = 0; i < 100; ++i) {
    factor(i, 0) = i < 30 ? 4 : 9;
    x.push_back(i < 30 ? -1.0 : 2.0);
  }
  auto const classes = metric::detail::classes("test", factor.view(), 0);
  metric::detail::LinearSvmClassifier const classifier(x, classes, 1);
  CHECK(classifier.predict(-1) == 0);
  CHECK(classifier.predict(2) == 1);
}
