// SPDX-License-Identifier: Apache-2.0
// Tests of data/grid.hpp.
#include <doctest/doctest.h>

#include <array>
#include <vector>

#include <disentangle/data/grid.hpp>

namespace dis = disentangle;

TEST_CASE("grid: index and values are inverse for every combination") {
  dis::data::Grid const grid({{"a", 3}, {"b", 1}, {"c", 4}, {"d", 2}});
  REQUIRE(grid.size() == 24);
  std::array<int, 4> values{};
  std::size_t expected = 0;
  for (int a = 0; a < 3; ++a) {
    for (int c = 0; c < 4; ++c) {
      for (int d = 0; d < 2; ++d, ++expected) {
        CHECK(grid.index(std::array{a, 0, c, d}) == expected);
        grid.values(expected, values);
        CHECK(values == std::array{a, 0, c, d});
      }
    }
  }
}

TEST_CASE("grid: what is out of range is named") {
  dis::data::Grid const grid({{"a", 3}, {"b", 2}});
  std::array<int, 2> values{};
  CHECK_THROWS_WITH_AS(grid.index(std::array{0, 2}), "factor 'b' has no value 2 (0 .. 1)", dis::ValueError);
  CHECK_THROWS_AS(grid.index(std::array{-1, 0}), dis::ValueError);
  CHECK_THROWS_AS(grid.index(std::array{0}), dis::ShapeError);
  CHECK_THROWS_AS(grid.values(6, values), dis::ValueError);
  CHECK_THROWS_WITH_AS(dis::data::Grid({{"none", 0}}), "factor 'none' has cardinality 0, expected at least 1",
                       dis::ValueError);
  CHECK_THROWS_AS(dis::data::Grid({{"a", 2'000'000'000}, {"b", 2'000'000'000}, {"c", 2'000'000'000}}),
                  dis::ValueError);
}

TEST_CASE("grid: without factors there is one empty combination") {
  dis::data::Grid const grid({});
  CHECK(grid.size() == 1);
  CHECK(grid.index(std::vector<int>{}) == 0);
}
