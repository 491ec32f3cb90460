// SPDX-License-Identifier: Apache-2.0
// Tests of data/dsprites_labels.hpp.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <set>
#include <vector>

#include <disentangle/data/dsprites_labels.hpp>
#include <disentangle/data/labelled.hpp>

namespace dis = disentangle;

TEST_CASE("parted_vae_choice: one image of each of 144 strata in turn, shape quickest") {
  auto const data = dis::data::dsprites();
  auto const chosen = dis::data::parted_vae_choice(1000, dis::seed(3));
  CHECK(chosen.size() == 1000);
  std::vector<int> labels(5 * 1000);
  data.labels(chosen, labels);
  std::set<std::array<int, 5>> strata;
  for (std::size_t i = 0; i < 1000; ++i) {
    int const* const v = labels.data() + 5 * i;
    CHECK(v[0] == static_cast<int>(i % 3));
    CHECK(v[1] == static_cast<int>(i / 3 % 6));
    if (i < 144) {
      CHECK(v[4] / 16 == static_cast<int>(i / 72));
      strata.insert({v[0], v[1], v[2] / 20, v[3] / 16, v[4] / 16});
    }
  }
  CHECK(strata.size() == 144);
  CHECK(dis::data::parted_vae_choice(1000, dis::seed(3)) == chosen);
  CHECK(dis::data::parted_vae_choice(1000, dis::seed(4)) != chosen);
  auto const labelled = dis::data::subset(dis::data::with_factors(data, {"shape"}), chosen);
  CHECK(labelled.factors() == std::vector<dis::Factor>{{"shape", 3}});
}
