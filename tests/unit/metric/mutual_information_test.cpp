// SPDX-License-Identifier: Apache-2.0
// Plug-in entropy and mutual information: closed forms and identities.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/mutual_information.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

TEST_CASE("entropy of known distributions") {
  CHECK(metric::entropy(std::vector<int>{4, 4, 4}) == 0);
  CHECK(metric::entropy(std::vector<int>{-1, 5, 5, -1}) == doctest::Approx(std::log(2.0)).epsilon(1e-14));
  CHECK(metric::entropy(std::vector<int>{0, 0, 0, 9}) ==
        doctest::Approx(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)).epsilon(1e-14));
}

TEST_CASE("mutual information: independent 0, identical the entropy, symmetric, never below 0") {
  std::vector<int> const a{0, 0, 1, 1, 2, 2};
  std::vector<int> const b{0, 1, 0, 1, 0, 1};
  CHECK(metric::mutual_information(a, b) == 0);
  CHECK(metric::mutual_information(a, a) == metric::entropy(a));
  auto const s = test::axis_aligned(100, 0, 3);
  for (std::size_t j = 0; j < 3; ++j)
    for (std::size_t k = 0; k < 3; ++k) {
      auto const m = metric::mutual_information_matrix(s.factors.view(), s.factors.view());
      CHECK(m(j, k) == doctest::Approx(m(k, j)).epsilon(1e-13));
      CHECK(m(j, k) >= 0);
      CHECK(m(j, k) <= metric::entropies(s.factors.view())[j] + 1e-14);
    }
}

TEST_CASE("mutual information equals H(a) + H(b) - H(a, b)") {
  auto const s = test::axis_aligned(200, 0, 4);
  std::vector<int> a(200);
  std::vector<int> b(200);
  std::vector<int> both(200);
  for (std::size_t i = 0; i < 200; ++i) {
    a[i] = s.factors(i, 0);
    b[i] = s.factors(i, 1);
    both[i] = 10 * a[i] + b[i];
  }
  CHECK(metric::mutual_information(a, b) ==
        doctest::Approx(metric::entropy(a) + metric::entropy(b) - metric::entropy(both)).epsilon(1e-10));
}

TEST_CASE("lengths that do not fit are named") {
  std::vector<int> const a{1, 2};
  std::vector<int> const b{1};
  CHECK_THROWS_AS(metric::mutual_information(a, b), ShapeError);
  CHECK_THROWS_AS(metric::entropy(std::vector<int>{}), ShapeError);
  metric::Matrix<int> const two(2, 1);
  metric::Matrix<int> const three(3, 1);
  CHECK_THROWS_AS(metric::mutual_information_matrix(two.view(), three.view()), ShapeError);
}
