// SPDX-License-Identifier: Apache-2.0
// Tests of data/subset.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <vector>

#include <disentangle/data/arrays.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/subset.hpp>

#include "tests/support/count_allocations.hpp"

namespace dis = disentangle;
using Whole = dis::data::Dsprites;
static_assert(dis::data::data_set<dis::data::Subset<Whole>>);
static_assert(!dis::data::factor_grid<dis::data::Subset<Whole>>, "a part of a grid lacks combinations");
static_assert(dis::data::data_set<dis::data::Subset<dis::data::Subset<Whole>>>);

TEST_CASE("subset: images and labels are those of the whole") {
  auto const whole = dis::data::dsprites();
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < 700; ++i) chosen.push_back(i * 1'009 % whole.size());
  auto const part = dis::data::subset(whole, chosen);
  CHECK(part.size() == 700);
  CHECK(part.name() == "dsprites[700]");
  CHECK(part.factors() == whole.factors());
  std::vector<std::size_t> asked, expected_indices;
  for (std::size_t i = 0; i < 600; ++i) {  // more than one piece of the translation
    asked.push_back(699 - i);
    expected_indices.push_back(chosen[699 - i]);
  }
  std::vector<float> found(600 * 4096), expected(600 * 4096);
  std::vector<int> found_labels(3000), expected_labels(3000);
  std::size_t const before = dis::test::allocations();
  part.images(asked, found);
  part.labels(asked, found_labels);
  CHECK(dis::test::allocations() == before);
  whole.images(expected_indices, expected);
  whole.labels(expected_indices, expected_labels);
  CHECK(found == expected);
  CHECK(found_labels == expected_labels);
}

TEST_CASE("subset: first, random and nested parts") {
  auto const whole = dis::data::arrays<dis::ImageShape<1, 1, 1>>(std::vector<float>(50));
  CHECK(dis::data::first(whole, 3).indices() == std::vector<std::size_t>{0, 1, 2});
  auto const one = dis::data::random_subset(whole, 20, dis::seed(1));
  auto const& indices = one.indices();
  CHECK(std::set<std::size_t>(indices.begin(), indices.end()).size() == 20);
  CHECK(*std::ranges::max_element(indices) < 50);
  CHECK(dis::data::random_subset(whole, 20, dis::seed(1)).indices() == indices);
  CHECK(dis::data::random_subset(whole, 20, dis::seed(2)).indices() != indices);
  CHECK(dis::data::first(one, 5).whole().indices() == indices);
}

TEST_CASE("subset: what does not exist is refused") {
  auto const whole = dis::data::arrays<dis::ImageShape<1, 1, 1>>(std::vector<float>(50));
  CHECK_THROWS_WITH_AS(dis::data::subset(whole, {1, 50}),
                       "subset of arrays: entry 1 is index 50, expected 0 .. 50 - 1", dis::ValueError);
  CHECK_THROWS_AS(dis::data::first(whole, 51), dis::ValueError);
  CHECK_THROWS_AS(dis::data::random_subset(whole, 51, dis::seed(0)), dis::ValueError);
  auto const part = dis::data::first(whole, 3);
  std::vector<float> image(1);
  std::size_t const index = 3;
  CHECK_THROWS_AS(part.images({&index, 1}, image), dis::ValueError);
}
