// SPDX-License-Identifier: Apache-2.0
// Tests of data/fixed_factor.hpp.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/data/fixed_factor.hpp>
#include <disentangle/data/oval_dsprites.hpp>

#include "tests/support/count_allocations.hpp"

namespace dis = disentangle;
using Oval = decltype(dis::data::oval_dsprites());
static_assert(dis::data::factor_grid<Oval>);
static_assert(dis::data::factor_grid<dis::data::FixedFactor<Oval>>);

TEST_CASE("oval dSprites are the ellipses of dSprites") {
  auto const oval = dis::data::oval_dsprites();
  CHECK(oval.size() == 245'760);
  CHECK(oval.name() == "dsprites[shape=1]");
  CHECK(oval.factors() ==
        std::vector<dis::Factor>{{"scale", 6}, {"orientation", 40}, {"posX", 32}, {"posY", 32}});
  auto const whole = dis::data::dsprites();
  std::vector<std::size_t> asked, same;
  for (std::size_t i = 0; i < 600; ++i) {
    std::size_t const index = i * 40'961 % oval.size();
    asked.push_back(index);
    std::vector<int> values(4);
    oval.labels(std::vector<std::size_t>{index}, values);
    CHECK(oval.index(values) == index);
    values.insert(values.begin(), 1);
    same.push_back(whole.index(values));
  }
  std::vector<float> found(600 * 4096), expected(600 * 4096);
  whole.images(same, expected);
  std::size_t const before = dis::test::allocations();
  oval.images(asked, found);
  CHECK(dis::test::allocations() == before);
  CHECK(found == expected);
}

TEST_CASE("a factor in the middle, twice") {
  auto const one = dis::data::fixed_factor(dis::data::dsprites(), "orientation", 7);
  auto const two = dis::data::fixed_factor(one, "posY", 31);
  CHECK(two.size() == 3 * 6 * 32);
  CHECK(two.name() == "dsprites[orientation=7][posY=31]");
  for (std::size_t i = 0; i < two.size(); i += 13) {
    std::vector<int> values(3);
    std::vector<float> found(4096), expected(4096);
    two.labels(std::vector<std::size_t>{i}, values);
    two.images(std::vector<std::size_t>{i}, found);
    int const all[] = {values[0], values[1], 7, values[2], 31};
    one.whole().images(std::vector<std::size_t>{one.whole().index(all)}, expected);
    CHECK(found == expected);
  }
}

TEST_CASE("what is not there is named") {
  auto const message = [](char const* factor, int value) {
    try {
      static_cast<void>(dis::data::fixed_factor(dis::data::dsprites(), factor, value));
    } catch (dis::ValueError const& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message("form", 0) ==
        "dsprites: found no factor 'form', expected one of shape, scale, orientation, posX, posY");
  CHECK(message("shape", 3) == "dsprites: factor 'shape' has no value 3, expected 0 .. 2");
}
