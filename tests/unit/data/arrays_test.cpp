// SPDX-License-Identifier: Apache-2.0
// Tests of data/arrays.hpp.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <disentangle/data/arrays.hpp>

namespace dis = disentangle;
using dis::data::arrays;
using Shape = dis::ImageShape<2, 1, 3>;
static_assert(dis::data::data_set<dis::data::Arrays<Shape>>);
static_assert(!dis::data::factor_grid<dis::data::Arrays<Shape>>);

TEST_CASE("arrays: floats are given as they are, in any order") {
  std::vector<float> pixels(18);
  for (std::size_t p = 0; p < 18; ++p) pixels[p] = static_cast<float>(p) / 32;
  auto const data = arrays<Shape>(pixels, {0, 2, 1, -1, 0, 2}, {{"x", 2}, {"y", 3}}, "mine");
  CHECK(data.size() == 3);
  CHECK(data.name() == "mine");
  CHECK(data.factors() == std::vector<dis::Factor>{{"x", 2}, {"y", 3}});
  std::vector<std::size_t> const indices{2, 0, 2};
  std::vector<float> images(18);
  std::vector<int> labels(6);
  data.images(indices, images);
  data.labels(indices, labels);
  CHECK(images[0] == pixels[12]);
  CHECK(images[6] == pixels[0]);
  CHECK(images[17] == pixels[17]);
  CHECK(labels == std::vector{0, 2, 0, 2, 0, 2});
}

TEST_CASE("arrays: bytes are scaled by 255") {
  auto const data = arrays<dis::ImageShape<1, 3, 1>>(std::vector<std::uint8_t>{0, 51, 255});
  std::size_t const index = 0;
  std::vector<float> image(3);
  data.images({&index, 1}, image);
  CHECK(image[0] == 0.0f);
  CHECK(image[1] == doctest::Approx(0.2));
  CHECK(image[2] == 1.0f);
  CHECK(data.factors().empty());
  data.labels({&index, 1}, {});
}

TEST_CASE("arrays: factors are found from the labels") {
  auto const data = arrays<Shape>(std::vector<float>(12), {3, -1, 0, -1});
  CHECK(data.factors() == std::vector<dis::Factor>{{"factor 0", 4}, {"factor 1", 1}});
}

TEST_CASE("arrays: a vector is copied or moved, a span is viewed") {
  std::vector<float> pixels(6, 0.5f);
  auto const copied = arrays<Shape>(pixels);
  auto const viewed = arrays<Shape>(std::span<float const>(pixels));
  pixels[0] = 1;
  std::size_t const index = 0;
  std::vector<float> image(6);
  copied.images({&index, 1}, image);
  CHECK(image[0] == 0.5f);
  viewed.images({&index, 1}, image);
  CHECK(image[0] == 1.0f);
  auto const survivor = [] { return arrays<Shape>(std::vector<float>(6, 0.25f)); }();
  auto const copy = survivor;
  copy.images({&index, 1}, image);
  CHECK(image[5] == 0.25f);
}

TEST_CASE("arrays: wrong values and sizes are named") {
  std::vector<float> pixels(12, 0.5f);
  pixels[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(arrays<Shape>(pixels), "arrays: image 1, element 1 is nan, expected 0 .. 1",
                       dis::ValueError);
  pixels[7] = 1.5f;
  CHECK_THROWS_WITH_AS(arrays<Shape>(pixels), "arrays: image 1, element 1 is 1.5, expected 0 .. 1",
                       dis::ValueError);
  pixels[7] = -0.001f;
  CHECK_THROWS_AS(arrays<Shape>(pixels), dis::ValueError);
  pixels[7] = 1;
  CHECK_NOTHROW(arrays<Shape>(pixels));
  CHECK_THROWS_WITH_AS(
      arrays<Shape>(pixels, {0, 3}, {{"digit", 3}}),
      "arrays: image 1 has label 3 of factor 'digit', expected 0 .. 2, or -1 where it is missing",
      dis::ValueError);
  CHECK_THROWS_AS(arrays<Shape>(pixels, {0, -2}, {{"digit", 3}}), dis::ValueError);
  CHECK_THROWS_AS(arrays<Shape>(pixels, {0, std::numeric_limits<int>::max()}), dis::ValueError);
  CHECK_THROWS_AS(arrays<Shape>(pixels, {0, 1, 2}), dis::ShapeError);
  CHECK_THROWS_AS(arrays<Shape>(pixels, {}, {{"digit", 3}}), dis::ShapeError);
  pixels.push_back(0);
  CHECK_THROWS_WITH_AS(arrays<Shape>(pixels),
                       "arrays: 13 image values are not a positive number of images of 2 x 1 x 3 = 6",
                       dis::ShapeError);
  CHECK_THROWS_AS(arrays<Shape>(std::vector<float>{}), dis::ShapeError);
}

TEST_CASE("arrays: requests are checked") {
  auto const data = arrays<Shape>(std::vector<float>(12), {0, 1});
  std::vector<std::size_t> const indices{0, 2};
  std::vector<float> images(12);
  std::vector<int> labels(2);
  CHECK_THROWS_AS(data.images(indices, images), dis::ValueError);
  CHECK_THROWS_AS(data.labels(indices, labels), dis::ValueError);
  CHECK_THROWS_AS(data.images(std::array<std::size_t, 1>{0}, images), dis::ShapeError);
}
