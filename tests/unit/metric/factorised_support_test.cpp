// SPDX-License-Identifier: Apache-2.0
// The Hausdorff distance to a factorised support: a grid, a diagonal, a rotation, correlation, constants.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/factorised_support.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

TEST_CASE("the distance of a grid is 0, of a diagonal the corner's") {
  metric::Matrix<double> grid(16, 2), diagonal(4, 2);
  for (std::size_t i = 0; i < 16; ++i) {
    grid(i, 0) = static_cast<double>(i % 4);
    grid(i, 1) = static_cast<double>(i / 4);
  }
  CHECK(metric::FactorisedSupport{}(grid).value == 0);
  for (std::size_t i = 0; i < 4; ++i) diagonal(i, 0) = diagonal(i, 1) = static_cast<double>(i);
  // Deviation sqrt(5) / 2; the corner (0, 3) is nearest to (1, 1) and (2, 2), at sqrt(5).
  metric::Score const s = metric::FactorisedSupport{}(diagonal);
  CHECK(s.lower_is_better);
  CHECK(s.value == doctest::Approx(2));
  CHECK(s.part("sum") == s.value);
}

TEST_CASE("correlated latents pass, rotated ones do not; scale, threads, constants and sizes") {
  std::size_t const rows = 1500;
  metric::Matrix<double> square(rows, 2), correlated(rows, 2), rotated(rows, 2);
  Philox const random{9, 1, 0};
  for (std::size_t i = 0; i < rows; ++i) {
    double const u = random.uniform(3 * i), v = random.uniform(3 * i + 1);
    square(i, 0) = u;
    square(i, 1) = v;
    correlated(i, 0) = u;
    correlated(i, 1) =
        random.uniform(3 * i + 2) < 0.5 ? u : v;  // half of the rows on the diagonal, the support a square
    rotated(i, 0) = u - v;
    rotated(i, 1) = u + v;
  }
  metric::FactorisedSupport const metric{.points = 400};
  double const independent = metric(square).value;
  CHECK(independent < 0.6);
  CHECK(metric(correlated).value < 0.75);
  CHECK(metric(rotated).value > 1.2);
  CHECK(metric(test::times(square, 100)).value == doctest::Approx(independent).epsilon(1e-9));
  CHECK(metric::FactorisedSupport{.points = 400, .threads = 3}(square).value == independent);
  CHECK(metric::FactorisedSupport{.points = 1500}(square).value < independent);
  CHECK(metric(test::with_constant(square, 0.1)).value == independent);
  CHECK(metric(test::columns(square, {0})).value == 0);
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::FactorisedSupport{.points = 1}(square); }),
      "points is 1"));
}
