// SPDX-License-Identifier: Apache-2.0
// Tests of data/data_set.hpp: the documented example of a user's data set, and sampling of factor values.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <disentangle/data/data_set.hpp>

namespace dis = disentangle;

namespace {

// [example of data_set.hpp]
struct Ramps {  // 100 grey images 4 x 4 of growing brightness
  using image_shape_type = dis::ImageShape<4, 4, 1>;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "ramps"; }
  std::size_t size() const { return 100; }
  std::vector<dis::Factor> const& factors() const { return factors_; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i)
      std::ranges::fill(out.subspan(i * 16, 16), static_cast<float>(indices[i]) / 99);
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<int>(indices[i]);
  }
  std::vector<dis::Factor> factors_{{"brightness", 100}};
};
static_assert(dis::data::data_set<Ramps>);
// [end]

struct RampGrid : Ramps {
  std::size_t index(std::span<int const> values) const { return static_cast<std::size_t>(values[0]); }
};
static_assert(dis::data::factor_grid<RampGrid>);
static_assert(!dis::data::factor_grid<Ramps>, "a data set without index() is no grid");
static_assert(!dis::data::data_set<int>);

struct WithoutLabels {
  using image_shape_type = dis::ImageShape<4, 4, 1>;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "x"; }
  std::size_t size() const { return 1; }
  std::vector<dis::Factor> const& factors() const;
  void images(std::span<std::size_t const>, std::span<float>) const {}
};
static_assert(!dis::data::data_set<WithoutLabels>, "labels() belongs to the concept");

}  // namespace

TEST_CASE("data_set: the documented example works") {
  Ramps const ramps;
  std::vector<std::size_t> const indices{99, 0};
  std::vector<float> images(32);
  std::vector<int> labels(2);
  ramps.images(indices, images);
  ramps.labels(indices, labels);
  CHECK(images[0] == 1.0f);
  CHECK(images[31] == 0.0f);
  CHECK(labels == std::vector{99, 0});
}

TEST_CASE("data_set: sampled factor values are uniform, independent of call order, and checked") {
  std::vector<dis::Factor> const factors{{"a", 4}, {"b", 3}};
  dis::Philox const random{7, dis::stream("factors"), 0};
  std::size_t const n = 12'000;
  std::vector<int> values(2 * n);
  dis::data::sample_factors(random, factors, values);
  std::vector<double> count(12);
  for (std::size_t i = 0; i < n; ++i) {
    REQUIRE(values[2 * i] >= 0);
    REQUIRE(values[2 * i] < 4);
    REQUIRE(values[2 * i + 1] >= 0);
    REQUIRE(values[2 * i + 1] < 3);
    count[static_cast<std::size_t>(values[2 * i] * 3 + values[2 * i + 1])] += 1;
  }
  // Chi-squared with 11 degrees of freedom: above 31.3 with probability 0.001.
  double chi = 0;
  for (double c : count) chi += (c - 1000) * (c - 1000) / 1000;
  CHECK(chi < 31.3);
  std::vector<int> start(20);
  dis::data::sample_factors(random, factors, start);
  CHECK(std::equal(start.begin(), start.end(), values.begin()));
  std::vector<int> odd(3);
  CHECK_THROWS_AS(dis::data::sample_factors(random, factors, odd), dis::ShapeError);
}
