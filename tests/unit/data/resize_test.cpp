// SPDX-License-Identifier: Apache-2.0
// Tests of data/resize.hpp.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <vector>

#include <disentangle/core/philox.hpp>
#include <disentangle/data/resize.hpp>

namespace dis = disentangle;
using dis::data::centre_crop_and_resize;
using dis::data::resize;
using dis::io::Image8;

namespace {

Image8 random_image(int height, int width, int channels) {
  Image8 image{width, height, channels,
               std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * channels))};
  dis::Philox const random{1, dis::stream("resize"), 0};
  for (std::size_t p = 0; p < image.pixels.size(); ++p)
    image.pixels[p] = static_cast<std::uint8_t>(random.integer(p, 256));
  return image;
}

double mean(Image8 const& image) {
  return std::accumulate(image.pixels.begin(), image.pixels.end(), 0.0) /
         static_cast<double>(image.pixels.size());
}

}  // namespace

TEST_CASE("resize: shrinking by whole factors takes means of blocks") {
  Image8 const image{4, 2, 1, {0, 10, 20, 30, 100, 110, 120, 130}};
  auto const small = resize(image, 1, 2);
  CHECK(small.height == 1);
  CHECK(small.width == 2);
  CHECK(small.pixels == std::vector<std::uint8_t>{55, 75});
}

TEST_CASE("resize: shrinking by other factors weighs by overlap") {
  Image8 const image{3, 1, 1, {0, 90, 180}};
  CHECK(resize(image, 1, 2).pixels ==
        std::vector<std::uint8_t>{30, 150});  // (0 + 45) / 1.5, (45 + 180) / 1.5
}

TEST_CASE("resize: enlarging interpolates between centres and repeats the border") {
  Image8 const image{2, 1, 1, {0, 100}};
  CHECK(resize(image, 1, 4).pixels == std::vector<std::uint8_t>{0, 25, 75, 100});
  CHECK(resize(image, 2, 2).pixels == std::vector<std::uint8_t>{0, 100, 0, 100});
  Image8 const one{1, 1, 3, {7, 8, 9}};
  CHECK(resize(one, 2, 1).pixels == std::vector<std::uint8_t>{7, 8, 9, 7, 8, 9});
}

TEST_CASE("resize: a constant stays, the same size is unchanged, channels do not mix, the mean is kept") {
  for (int height : {1, 3, 7, 64}) {
    for (int width : {1, 5, 11, 40}) {
      Image8 flat{11, 7, 3, std::vector<std::uint8_t>(7 * 11 * 3)};
      for (std::size_t p = 0; p < flat.pixels.size(); ++p)
        flat.pixels[p] = static_cast<std::uint8_t>(40 + 80 * (p % 3));
      auto const result = resize(flat, height, width);
      REQUIRE(result.pixels.size() == static_cast<std::size_t>(height * width * 3));
      bool same = true;
      for (std::size_t p = 0; p < result.pixels.size(); ++p)
        same = same && result.pixels[p] == 40 + 80 * (p % 3);
      CHECK(same);
    }
  }
  auto const image = random_image(60, 50, 1);
  CHECK(resize(image, 60, 50).pixels == image.pixels);
  CHECK(mean(resize(image, 7, 13)) == doctest::Approx(mean(image)).epsilon(0.005));
}

TEST_CASE("resize: the centre is cropped to the proportions") {
  Image8 const wide{6, 2, 1, {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16}};
  CHECK(centre_crop_and_resize(wide, 2, 2).pixels == std::vector<std::uint8_t>{3, 4, 13, 14});
  Image8 const high{2, 6, 1, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
  CHECK(centre_crop_and_resize(high, 2, 2).pixels == std::vector<std::uint8_t>{5, 6, 7, 8});
  CHECK(centre_crop_and_resize(high, 3, 1).pixels == resize(high, 3, 1).pixels);
  auto const image = random_image(178, 218, 3);
  auto const result = centre_crop_and_resize(image, 64, 64);
  CHECK(result.pixels.size() == 64 * 64 * 3);
  CHECK(centre_crop_and_resize(Image8{1, 1000, 1, std::vector<std::uint8_t>(1000)}, 1, 64).pixels.size() ==
        64);
}

TEST_CASE("resize: extents and pixels must fit") {
  Image8 const image{2, 2, 1, {1, 2, 3}};
  CHECK_THROWS_WITH_AS(resize(image, 1, 1), "resize: an image of 2 x 2 x 1 with 3 bytes to 1 x 1",
                       dis::ShapeError);
  CHECK_THROWS_AS(resize(random_image(2, 2, 1), 0, 1), dis::ShapeError);
  CHECK_THROWS_AS(resize(random_image(2, 2, 1), 1, -1), dis::ShapeError);
  CHECK_THROWS_AS(centre_crop_and_resize(image, 1, 1), dis::ShapeError);
  CHECK_THROWS_AS(centre_crop_and_resize(Image8{}, 1, 1), dis::ShapeError);
}
