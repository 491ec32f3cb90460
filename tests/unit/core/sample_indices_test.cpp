// SPDX-License-Identifier: Apache-2.0
// A sample of images: different ones, the same for the same seed, the first of a larger sample.
#include <disentangle/core/sample_indices.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using disentangle::sample_indices;

TEST_CASE("the same seed gives the same sample, another seed another") {
  CHECK(sample_indices(1000, 50, 1, 7) == sample_indices(1000, 50, 1, 7));
  CHECK(sample_indices(1000, 50, 1, 7) != sample_indices(1000, 50, 2, 7));
  CHECK(sample_indices(1000, 50, 1, 7) != sample_indices(1000, 50, 1, 8));
  auto const few = sample_indices(1000, 20, 1, 7), many = sample_indices(1000, 50, 1, 7);
  CHECK(std::equal(few.begin(), few.end(), many.begin()));
  CHECK(sample_indices(0, 5, 1, 7).empty());
}

TEST_CASE("as many as there are, each once") {
  auto all = sample_indices(1000, 2000, 1, 7);
  REQUIRE(all.size() == 1000);
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < 1000; ++i) REQUIRE(all[i] == i);
}
