// SPDX-License-Identifier: Apache-2.0
// Tests of the policies that move pixels: horizontal_flip.hpp, random_resized_crop.hpp, rotation.hpp,
// gaussian_blur.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <set>
#include <span>
#include <vector>

#include <disentangle/augment/gaussian_blur.hpp>
#include <disentangle/augment/horizontal_flip.hpp>
#include <disentangle/augment/random_resized_crop.hpp>
#include <disentangle/augment/rotation.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/shape.hpp>

#include "tests/unit/augment/noise_images.hpp"

namespace dis = disentangle;
using dis::augment::GaussianBlur;
using dis::augment::HorizontalFlip;
using dis::augment::RandomResizedCrop;
using dis::augment::Rotation;
using dis::test::augmented;
using dis::test::noise_images;

namespace {

using Colour = dis::ImageShape<6, 9, 3>;  // no two extents alike
using Grey = dis::ImageShape<7, 5, 1>;
using Square = dis::ImageShape<8, 8, 3>;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// A picture as a function of (row, column, channel), in double.
template <class Shape>
struct Picture {
  std::span<float const> pixels;
  double operator()(int y, int x, int c) const {
    return static_cast<double>(
        pixels[static_cast<std::size_t>((y * Shape::width + x) * Shape::channels + c)]);
  }
};

/// The largest difference between an image and reference(y, x, c).
template <class Shape, class Reference>
double difference(std::span<float const> image, Reference const& reference) {
  double worst = 0;
  for (int y = 0; y < Shape::height; ++y) {
    for (int x = 0; x < Shape::width; ++x) {
      for (int c = 0; c < Shape::channels; ++c) {
        worst = std::max(worst, std::abs(Picture<Shape>{image}(y, x, c) - reference(y, x, c)));
      }
    }
  }
  return worst;
}

/// Four taps around (y, x), each asked of pixel(y, x).
template <class Pixel>
double bilinear(double y, double x, Pixel const& pixel) {
  int const top = static_cast<int>(std::floor(y)), left = static_cast<int>(std::floor(x));
  double sum = 0;
  for (int i : {0, 1}) {
    for (int j : {0, 1}) {
      double const weight = (i == 0 ? top + 1 - y : y - top) * (j == 0 ? left + 1 - x : x - left);
      if (weight > 0) sum += weight * pixel(top + i, left + j);
    }
  }
  return sum;
}

template <class Shape>
double crop_error(RandomResizedCrop::Crop const& crop) {
  auto image = noise_images<Shape>(1);
  auto const before = image;
  RandomResizedCrop::enlarge<Shape>(crop, image.data());
  return difference<Shape>(image, [&](int y, int x, int c) {
    double const from_y = std::clamp((y + 0.5) * crop.height / Shape::height - 0.5, 0.0, crop.height - 1.0);
    double const from_x = std::clamp((x + 0.5) * crop.width / Shape::width - 0.5, 0.0, crop.width - 1.0);
    return bilinear(from_y, from_x,
                    [&](int i, int j) { return Picture<Shape>{before}(crop.top + i, crop.left + j, c); });
  });
}

template <class Shape>
double rotation_error(double degrees, float fill) {
  auto image = noise_images<Shape>(1);
  auto const before = image;
  Rotation::turn<Shape>(degrees, fill, image.data());
  double const angle = degrees * std::numbers::pi / 180;
  double const middle_y = (Shape::height - 1) / 2.0, middle_x = (Shape::width - 1) / 2.0;
  return difference<Shape>(image, [&](int y, int x, int c) {
    double const up = middle_y - y, right = x - middle_x;  // as in mathematics; where it was before the turn:
    double const was_right = std::cos(angle) * right + std::sin(angle) * up;
    double const was_up = std::cos(angle) * up - std::sin(angle) * right;
    return bilinear(middle_y - was_up, middle_x + was_right, [&](int i, int j) {
      bool const inside = i >= 0 && i < Shape::height && j >= 0 && j < Shape::width;
      return inside ? Picture<Shape>{before}(i, j, c) : static_cast<double>(fill);
    });
  });
}

int mirrored(int i, int n) {
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
  return i;
}

template <class Shape>
double blur_error(int kernel, double sigma) {
  auto image = noise_images<Shape>(1);
  auto const before = image;
  GaussianBlur::blur<Shape>(kernel, sigma, image.data());
  return difference<Shape>(image, [&](int y, int x, int c) {
    double sum = 0, total = 0;
    for (int i = -(kernel / 2); i <= kernel / 2; ++i) {
      for (int j = -(kernel / 2); j <= kernel / 2; ++j) {
        double const weight = std::exp(-(i * i + j * j) / (2 * sigma * sigma));
        total += weight;
        sum +=
            weight * Picture<Shape>{before}(mirrored(y + i, Shape::height), mirrored(x + j, Shape::width), c);
      }
    }
    return sum / total;
  });
}

/// How many of `n` tiny images a policy changes.
template <class Policy>
int changed(Policy const& policy, std::size_t n) {
  using Shape = dis::ImageShape<2, 2, 1>;
  std::vector<float> images(n * Shape::size);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(i % 4) / 4;
  auto const after = augmented<Shape>(policy, images);
  int count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::equal(after.begin() + static_cast<std::ptrdiff_t>(4 * i),
                    after.begin() + static_cast<std::ptrdiff_t>(4 * i + 4), images.begin())) {
      ++count;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("horizontal flip: mirrors rows, a pixel's channels staying together") {
  std::vector<float> const images{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  CHECK(augmented<dis::ImageShape<2, 3, 3>>(HorizontalFlip{.p = 1}, images) ==
        std::vector<float>{7, 8, 9, 4, 5, 6, 1, 2, 3, 16, 17, 18, 13, 14, 15, 10, 11, 12});
  CHECK(augmented<dis::ImageShape<3, 2, 1>>(HorizontalFlip{.p = 1}, {1, 2, 3, 4, 5, 6}) ==
        std::vector<float>{2, 1, 4, 3, 6, 5});
  CHECK(augmented<dis::ImageShape<3, 1, 2>>(HorizontalFlip{.p = 1}, {1, 2, 3, 4, 5, 6}) ==
        std::vector<float>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("geometry: settings that change nothing leave the bits") {
  auto const images = noise_images<Square>(20);
  CHECK(augmented<Square>(HorizontalFlip{.p = 0}, images) == images);
  CHECK(augmented<Square>(RandomResizedCrop{.scale = {1, 1}, .ratio = {1, 1}}, images) == images);
  CHECK(augmented<Square>(Rotation{.degrees = 0, .fill = 1}, images) == images);
  CHECK(augmented<Square>(GaussianBlur{.p = 0}, images) == images);
  CHECK(augmented<Square>(GaussianBlur{.kernel = 1, .p = 1}, images) == images);
}

TEST_CASE("geometry: p is the probability of a change") {
  // Standard deviation of a count of 10,000 at p = 0.5: 50; at 0.2: 40. Five of them.
  CHECK(std::abs(changed(HorizontalFlip{}, 10'000) - 5000) < 250);
  CHECK(std::abs(changed(HorizontalFlip{.p = 0.2}, 10'000) - 2000) < 200);
  CHECK(changed(HorizontalFlip{.p = 1}, 10'000) == 10'000);
  CHECK(std::abs(changed(GaussianBlur{.sigma = {1, 2}}, 10'000) - 5000) < 250);
  CHECK(changed(GaussianBlur{.sigma = {1, 2}, .p = 1}, 10'000) == 10'000);
}

TEST_CASE("crop: enlarges as the formula says, whatever the crop") {
  for (RandomResizedCrop::Crop const crop : {RandomResizedCrop::Crop{0, 0, 6, 9},
                                             {0, 0, 1, 1},
                                             {5, 8, 1, 1},
                                             {1, 2, 4, 5},
                                             {0, 3, 6, 6},
                                             {2, 0, 3, 9},
                                             {4, 7, 2, 2}}) {
    CAPTURE(crop.top);
    CAPTURE(crop.width);
    CHECK(crop_error<Colour>(crop) < 1e-6);
  }
  CHECK(crop_error<Grey>({2, 1, 3, 4}) < 1e-6);
  CHECK(crop_error<Grey>({0, 0, 7, 2}) < 1e-6);
}

TEST_CASE("crop: area, ratio and place are drawn as documented") {
  RandomResizedCrop const policy{.scale = {0.1, 0.5}};  // of which every one fits
  dis::Philox const random{3, 4, 5};
  constexpr int n = 10'000, side = 1000;
  double area = 0, area_below = 0, log_ratio = 0, ratio_below = 0, top = 0, left = 0;
  for (std::size_t sample = 0; sample < n; ++sample) {
    auto const crop = policy.crop(random, sample, side, side);
    double const a = static_cast<double>(crop.height) * crop.width / (side * side);
    double const r = std::log(static_cast<double>(crop.width) / crop.height);
    // half a pixel of rounding at sides of 270 or more
    REQUIRE(a > 0.1 * 0.995);
    REQUIRE(a < 0.5 * 1.005);
    REQUIRE(std::abs(r) < std::log(4.0 / 3) + 0.005);
    REQUIRE(crop.top >= 0);
    REQUIRE(crop.left >= 0);
    REQUIRE(crop.top + crop.height <= side);
    REQUIRE(crop.left + crop.width <= side);
    area += a / n;
    area_below += a < 0.2 ? 1.0 / n : 0;
    log_ratio += r / n;
    ratio_below += r < -0.5 * std::log(4.0 / 3) ? 1.0 / n : 0;
    top += crop.top / (side - crop.height + 0.0) / n;
    left += crop.left / (side - crop.width + 0.0) / n;
  }
  // Means of uniform numbers: five standard deviations.
  CHECK(std::abs(area - 0.3) < 5 * 0.4 / std::sqrt(12.0 * n));
  CHECK(std::abs(log_ratio) < 5 * 2 * std::log(4.0 / 3) / std::sqrt(12.0 * n));
  CHECK(std::abs(top - 0.5) < 5 / std::sqrt(12.0 * n));
  CHECK(std::abs(left - 0.5) < 5 / std::sqrt(12.0 * n));
  CHECK(std::abs(area_below - 0.25) < 5 * 0.0044);  // a quarter of the areas, of the logarithms of ratios
  CHECK(std::abs(ratio_below - 0.25) < 5 * 0.0044);
}

TEST_CASE("crop: every place occurs, with the borders") {
  RandomResizedCrop const policy{.scale = {0.25, 0.25}, .ratio = {1, 1}};
  std::vector<int> count(25);
  for (std::size_t sample = 0; sample < 10'000; ++sample) {
    auto const crop = policy.crop({3, 4, 5}, sample, 8, 8);
    REQUIRE(crop.height == 4);
    REQUIRE(crop.width == 4);
    ++count.at(static_cast<std::size_t>(crop.top * 5 + crop.left));
  }
  // 400 of each expected, standard deviation 20
  CHECK(std::ranges::min(count) > 300);
  CHECK(std::ranges::max(count) < 500);
}

TEST_CASE("crop: images share no draws, however many of them did not fit") {
  RandomResizedCrop const policy{.scale = {0.9, 1},
                                 .ratio = {0.8, 1.25}};  // three quarters of the draws do not fit
  RandomResizedCrop::Crop before{};
  int fitting = 0, repeated = 0;
  for (std::size_t sample = 0; sample < 500; ++sample) {
    auto const crop = policy.crop({3, 4, 5}, sample, 1000, 1000);
    if (crop == RandomResizedCrop::Crop{0, 0, 1000, 1000}) continue;  // none of ten did
    ++fitting;
    repeated += crop == before ? 1 : 0;
    before = crop;
  }
  CHECK(fitting > 400);
  CHECK(repeated == 0);
}

TEST_CASE("crop: what fits in none of ten draws is the largest crop in the middle") {
  using Crop = RandomResizedCrop::Crop;
  dis::Philox const random{1, 2, 3};
  CHECK(RandomResizedCrop{.scale = {0.9, 1}, .ratio = {3, 3}}.crop(random, 0, 8, 8) == Crop{2, 0, 3, 8});
  CHECK(RandomResizedCrop{.scale = {0.9, 1}, .ratio = {0.25, 0.25}}.crop(random, 0, 8, 8) ==
        Crop{0, 3, 8, 2});
  CHECK(RandomResizedCrop{.scale = {1, 1}, .ratio = {1, 1}}.crop(random, 0, 4, 10) == Crop{0, 3, 4, 4});
  CHECK(RandomResizedCrop{.scale = {1, 1}, .ratio = {0.1, 0.4}}.crop(random, 0, 10, 3) == Crop{0, 0, 10, 3});
  CHECK(RandomResizedCrop{.scale = {1, 1}, .ratio = {100, 100}}.crop(random, 0, 8, 8) == Crop{3, 0, 1, 8});
}

TEST_CASE("rotation: turns as the formula says") {
  for (double const degrees : {10.0, -10.0, 45.0, 90.0, 133.0, 180.0, -0.01}) {
    CAPTURE(degrees);
    CHECK(rotation_error<Colour>(degrees, 0) < 2e-5);
    CHECK(rotation_error<Grey>(degrees, 0.75f) < 2e-5);
  }
}

TEST_CASE("rotation: positive angles are counter-clockwise") {
  std::vector<float> image{0, 0, 0, 0, 0, 1, 0, 0, 0};  // the pixel right of the middle goes to the top
  Rotation::turn<dis::ImageShape<3, 3, 1>>(90, 0, image.data());
  CHECK(image[1] == doctest::Approx(1).epsilon(1e-6));
  CHECK(image[3] + image[5] + image[7] < 1e-5f);
}

TEST_CASE("rotation: angles are uniform in both directions") {
  // The bright pixel at the right end of a thin row leaves it upwards or downwards, and stays in it below a
  // small angle.
  using Shape = dis::ImageShape<3, 21, 1>;
  constexpr std::size_t n = 4000;
  std::vector<float> images(n * Shape::size);
  for (std::size_t i = 0; i < n; ++i) images[i * Shape::size + 41] = 1;
  auto const after = augmented<Shape>(Rotation{.degrees = 5}, images);  // at most 0.87 pixels at that end
  double up = 0, steep = 0;
  for (std::size_t i = 0; i < n; ++i) {
    float const above = after[i * Shape::size + 20], below = after[i * Shape::size + 62];
    up += above > below ? 1 : 0;
    steep += std::max(above, below) > static_cast<float>(10 * std::sin(2.5 * std::numbers::pi / 180)) ? 1 : 0;
  }
  CHECK(std::abs(up / n - 0.5) < 0.04);  // five standard deviations of 0.0079
  CHECK(std::abs(steep / n - 0.5) < 0.04);
}

TEST_CASE("blur: convolves as the formula says") {
  for (double const sigma : {0.1, 0.5, 2.0}) {
    CAPTURE(sigma);
    CHECK(blur_error<Colour>(3, sigma) < 1e-6);
    CHECK(blur_error<Colour>(5, sigma) < 1e-6);
    CHECK(blur_error<Colour>(11, sigma) < 1e-6);  // the largest of six rows
    CHECK(blur_error<Grey>(9, sigma) < 1e-6);
  }
}

TEST_CASE("blur: sigma is drawn from its range, whether or not the image is blurred") {
  // A bright pixel keeps the square of the weight of the middle: a value between those of the two ends, on
  // either side of that of the mean sigma equally often.
  using Shape = dis::ImageShape<5, 5, 1>;
  constexpr std::size_t n = 4000;
  std::vector<float> images(n * Shape::size);
  for (std::size_t i = 0; i < n; ++i) images[i * Shape::size + 12] = 1;
  auto const kept = [](double sigma) {
    double const middle = 1 / (1 + 2 * std::exp(-0.5 / (sigma * sigma)));
    return middle * middle;
  };
  auto const after = augmented<Shape>(GaussianBlur{.sigma = {0.5, 1.5}, .p = 0.5}, images);
  double blurred = 0, wide = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double const value = static_cast<double>(after[i * Shape::size + 12]);
    if (value == 1) continue;
    REQUIRE(value < kept(0.5) + 1e-6);
    REQUIRE(value > kept(1.5) - 1e-6);
    blurred += 1;
    wide += value < kept(1) ? 1 : 0;
  }
  CHECK(blurred > 1800);
  CHECK(std::abs(wide / blurred - 0.5) < 5 * 0.0112);
}

TEST_CASE("geometry: wrong hyper-parameters are refused with what was found") {
  Square const shape;
  CHECK_THROWS_WITH_AS(HorizontalFlip{.p = 1.5}.check(shape), "HorizontalFlip: found p 1.5, expected 0 .. 1",
                       dis::ValueError);
  CHECK_THROWS_AS(HorizontalFlip{.p = -0.1}.check(shape), dis::ValueError);
  CHECK_THROWS_AS(HorizontalFlip{.p = not_a_number}.check(shape), dis::ValueError);
  CHECK_THROWS_WITH_AS((RandomResizedCrop{.scale = {0.5, 0.2}}.check(shape)),
                       "RandomResizedCrop: found scale 0.5 .. 0.2, expected 0 < low <= high <= 1",
                       dis::ValueError);
  CHECK_THROWS_AS((RandomResizedCrop{.scale = {0, 1}}.check(shape)), dis::ValueError);
  CHECK_THROWS_AS((RandomResizedCrop{.scale = {0.5, 1.5}}.check(shape)), dis::ValueError);
  CHECK_THROWS_AS((RandomResizedCrop{.scale = {not_a_number, 1}}.check(shape)), dis::ValueError);
  CHECK_THROWS_WITH_AS((RandomResizedCrop{.ratio = {2, 1}}.check(shape)),
                       "RandomResizedCrop: found ratio 2 .. 1, expected 0 < low <= high", dis::ValueError);
  CHECK_THROWS_WITH_AS(Rotation{.degrees = 200}.check(shape),
                       "Rotation: found degrees 200, expected 0 .. 180", dis::ValueError);
  CHECK_THROWS_WITH_AS(Rotation{.fill = 2}.check(shape), "Rotation: found fill 2, expected 0 .. 1",
                       dis::ValueError);
  CHECK_THROWS_WITH_AS(GaussianBlur{.kernel = 4}.check(shape),
                       "GaussianBlur: found kernel 4, expected an odd number of pixels, 1 .. 15",
                       dis::ValueError);
  CHECK_THROWS_AS(GaussianBlur{.kernel = 17}.check(shape), dis::ValueError);
  CHECK_THROWS_AS(GaussianBlur{.kernel = -1}.check(shape), dis::ValueError);
  CHECK_NOTHROW(GaussianBlur{.kernel = 15}.check(shape));
  CHECK_THROWS_WITH_AS((GaussianBlur{.sigma = {0, 2}}.check(shape)),
                       "GaussianBlur: found sigma 0 .. 2, expected 0 < low <= high", dis::ValueError);
  CHECK_THROWS_AS(GaussianBlur{.p = 2}.check(shape), dis::ValueError);
  CHECK_THROWS_AS(augmented<Square>(HorizontalFlip{.p = 2}, noise_images<Square>(1)), dis::ValueError);
}
