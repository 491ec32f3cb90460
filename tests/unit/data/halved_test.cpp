// SPDX-License-Identifier: Apache-2.0
// Images at half their size: the mean of four pixels, per channel; labels and the grid as they were.
#include <array>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/data/halved.hpp>

namespace dis = disentangle;

namespace {

/// Image i of 4 x 2 x 2: pixel (y, x), channel c is 100 i + 10 y + x + 0.5 c.
struct Ramp {
  using image_shape_type = dis::ImageShape<4, 2, 2>;
  std::vector<dis::Factor> list{{"number", 3}};
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "ramp"; }
  std::size_t size() const { return 3; }
  std::vector<dis::Factor> const& factors() const { return list; }
  std::size_t index(std::span<int const> values) const { return static_cast<std::size_t>(values[0]); }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      for (std::size_t k = 0; k < 16; ++k) {
        out[i * 16 + k] = static_cast<float>(100 * indices[i] + 10 * (k / 4) + k / 2 % 2) +
                          0.5f * static_cast<float>(k % 2);
      }
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<int>(indices[i]);
  }
};

}  // namespace

TEST_CASE("each pixel is the mean of four, channel by channel") {
  auto const data = dis::data::halved(Ramp{});
  static_assert(dis::data::factor_grid<decltype(data)>);
  static_assert(std::is_same_v<decltype(data.image_shape()), dis::ImageShape<2, 1, 2>>);
  std::array<std::size_t, 2> const indices{2, 0};
  std::vector<float> images(8);
  data.images(indices, images);
  CHECK(images == std::vector<float>{205.5f, 206, 225.5f, 226, 5.5f, 6, 25.5f, 26});
  std::array<int, 2> labels{};
  data.labels(indices, labels);
  CHECK(labels == std::array<int, 2>{2, 0});
  CHECK(data.size() == 3);
  CHECK(data.name() == "ramp");
  CHECK(data.factors().size() == 1);
  std::array<int, 1> const one{1};
  CHECK(data.index(one) == 1);
}

TEST_CASE("what cannot be is refused in words") {
  auto const data = dis::data::halved(Ramp{});
  std::array<std::size_t, 1> const beyond{3}, first{0};
  std::vector<float> images(4);
  CHECK_THROWS_WITH_AS(data.images(beyond, images),
                       "halved: image 3 of a data set of 3 images (indices are 0 .. size - 1)",
                       dis::ValueError);
  images.resize(5);
  CHECK_THROWS_AS(data.images(first, images), dis::ShapeError);
}
