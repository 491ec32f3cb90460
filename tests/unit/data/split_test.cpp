// SPDX-License-Identifier: Apache-2.0
// Tests of data/split.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <vector>

#include <disentangle/data/arrays.hpp>
#include <disentangle/data/split.hpp>

namespace dis = disentangle;

TEST_CASE("split: the parts are disjoint, sorted and together the whole") {
  auto const whole = dis::data::arrays<dis::ImageShape<1, 1, 1>>(std::vector<float>(101));
  auto const [train, test] = dis::data::split(whole, 0.2, dis::seed(4));
  CHECK(test.size() == 20);
  CHECK(train.size() == 81);
  std::vector<std::size_t> together;
  std::ranges::merge(train.indices(), test.indices(), std::back_inserter(together));
  for (std::size_t i = 0; i < 101; ++i) CHECK(together[i] == i);
  CHECK(dis::data::split(whole, 0.2, dis::seed(4)).test.indices() == test.indices());
  CHECK(dis::data::split(whole, 0.2, dis::seed(5)).test.indices() != test.indices());
}

TEST_CASE("split: no part may be empty") {
  auto const whole = dis::data::arrays<dis::ImageShape<1, 1, 1>>(std::vector<float>(10));
  for (double fraction : {0.0, 1.0, -0.5, 0.01, 0.99, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(dis::data::split(whole, fraction, dis::seed(0)), dis::ValueError);
  }
  CHECK(dis::data::split(whole, 0.1, dis::seed(0)).test.size() == 1);
}
