// SPDX-License-Identifier: Apache-2.0
// Histogram bins: numpy's edges, values on edges, constant columns.
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/discretiser.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

TEST_CASE("edges are rounded after the product and after the sum, never fused") {
  // With range (0.1, 1.3) and 20 bins a fused multiply-add gives other bits for some edges; these sums are
  // written so that no compiler can fuse them.
  std::vector<double> const values{0.1, 1.3};
  auto const edges = metric::histogram_edges<double>(values, 20);
  double const step = (1.3 - 0.1) / 20;
  int fused_differs = 0;
  for (std::size_t j = 0; j < 20; ++j) {
    double volatile product = static_cast<double>(j) * step;
    double volatile sum = product + 0.1;
    CHECK(edges[j] == sum);
    fused_differs += std::fma(static_cast<double>(j), step, 0.1) != sum;
  }
  CHECK(fused_differs > 0);
}

TEST_CASE("a value on an edge goes up, the largest into the last bin") {
  metric::Matrix<double> codes(5, 1);
  codes.values = {0, 0.5, 1, 1.999, 2};
  auto const bins = metric::discretise<double>(codes.view(), 4);
  CHECK(bins.values == std::vector<int>{0, 1, 2, 3, 3});
}

TEST_CASE("every bin lies in range and order is kept") {
  auto const s = test::axis_aligned(1000, 1, 7);
  auto const bins = metric::discretise<double>(s.codes.view(), 20);
  for (std::size_t l = 0; l < 4; ++l) {
    int lowest = 99;
    int highest = -1;
    for (std::size_t i = 0; i < 1000; ++i) {
      lowest = std::min(lowest, bins(i, l));
      highest = std::max(highest, bins(i, l));
      for (std::size_t j = i + 1; j < std::min<std::size_t>(i + 5, 1000); ++j)
        if (s.codes(i, l) < s.codes(j, l)) CHECK(bins(i, l) <= bins(j, l));
    }
    CHECK(lowest == 0);
    CHECK(highest == 19);
  }
}

TEST_CASE("a constant column falls into one bin, also where its neighbours cannot be represented") {
  for (double constant : {0.0, -3.7, 1e18, 4e-320}) {
    metric::Matrix<double> const codes(3, 1, constant);
    auto const bins = metric::discretise<double>(codes.view(), 20);
    CHECK(bins.values[0] == bins.values[1]);
    CHECK(bins.values[1] == bins.values[2]);
    CHECK(bins.values[0] >= 0);
    CHECK(bins.values[0] < 20);
  }
}

TEST_CASE("float values get float edges") {
  std::vector<float> const values{0.1f, 0.7f};
  auto const edges = metric::histogram_edges<float>(values, 3);
  CHECK(edges[0] == 0.1f);
  CHECK(edges.size() == 3);
}

TEST_CASE("impossible requests are named") {
  CHECK_THROWS_AS(metric::histogram_edges<double>(std::vector<double>{1, 2}, 0), ValueError);
  CHECK_THROWS_AS(metric::histogram_edges<double>(std::vector<double>{}, 5), ValueError);
  double const big = std::numeric_limits<double>::max();
  CHECK_THROWS_AS(metric::histogram_edges<double>(std::vector<double>{-big, big}, 1), ValueError);
}
