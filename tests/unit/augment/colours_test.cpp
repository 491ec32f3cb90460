// SPDX-License-Identifier: Apache-2.0
// Tests of the policies that change colours: colour_jitter.hpp, random_grayscale.hpp, normalise.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <vector>

#include <disentangle/augment/colour_jitter.hpp>
#include <disentangle/augment/normalise.hpp>
#include <disentangle/augment/random_grayscale.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/shape.hpp>

#include "tests/unit/augment/noise_images.hpp"

namespace dis = disentangle;
using dis::augment::ColourJitter;
using dis::augment::Normalise;
using dis::augment::RandomGrayscale;
using dis::test::augmented;
using dis::test::noise_images;

namespace {

using Colour = dis::ImageShape<5, 7, 3>;  // 35 pixels: no multiple of a vector's lanes
using Grey = dis::ImageShape<5, 7, 1>;
using Pixel = std::array<double, 3>;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double grey_of(Pixel const& p) { return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]; }

/// HSV by sectors of the hue, as textbooks have it: all of 0 .. 1.
Pixel to_hsv(Pixel const& rgb) {
  double const v = std::ranges::max(rgb), chroma = v - std::ranges::min(rgb);
  if (chroma == 0) return {0, 0, v};
  double h = 0;
  if (v == rgb[0]) {
    h = std::fmod((rgb[1] - rgb[2]) / chroma + 6, 6.0);
  } else if (v == rgb[1]) {
    h = (rgb[2] - rgb[0]) / chroma + 2;
  } else {
    h = (rgb[0] - rgb[1]) / chroma + 4;
  }
  return {h / 6, chroma / v, v};
}

Pixel to_rgb(Pixel const& hsv) {
  double const v = hsv[2], s = hsv[1];
  int const sector = static_cast<int>(std::floor(hsv[0] * 6));
  double const f = hsv[0] * 6 - sector, p = v * (1 - s), q = v * (1 - s * f), t = v * (1 - s * (1 - f));
  switch (sector % 6) {
    case 0: return {v, t, p};
    case 1: return {q, v, p};
    case 2: return {p, v, t};
    case 3: return {p, q, v};
    case 4: return {t, p, v};
    default: return {v, p, q};
  }
}

/// The four changes of torchvision's ColorJitter on one image, in double.
std::vector<Pixel> jittered(std::vector<Pixel> image, ColourJitter::Changes const& changes) {
  auto const clamp = [&] {
    for (Pixel& p : image) {
      for (double& x : p) x = std::clamp(x, 0.0, 1.0);
    }
  };
  auto const towards = [](Pixel& p, double factor, double other) {
    for (double& x : p) x = factor * x + (1 - factor) * other;
  };
  for (int const which : changes.order) {
    auto const w = static_cast<std::size_t>(which);
    double const by = static_cast<double>(changes.by[w]);
    if (changes.is_left_out[w]) continue;
    double mean = 0;
    for (Pixel const& p : image) mean += grey_of(p) / static_cast<double>(image.size());
    for (Pixel& p : image) {
      if (which == 0) towards(p, by, 0);
      if (which == 1) towards(p, by, mean);
      if (which == 2) towards(p, by, grey_of(p));
      if (which == 3) {
        Pixel hsv = to_hsv(p);
        hsv[0] = hsv[0] + by - std::floor(hsv[0] + by);
        p = to_rgb(hsv);
      }
    }
    clamp();
  }
  return image;
}

template <class Shape>
std::vector<Pixel> pixels_of(std::vector<float> const& images, std::size_t number) {
  constexpr std::size_t channels = Shape::channels;
  std::vector<Pixel> result;
  for (std::size_t i = number * Shape::size; i < (number + 1) * Shape::size; i += channels) {
    Pixel p;
    for (std::size_t c = 0; c < 3; ++c) p[c] = static_cast<double>(images[i + std::min(c, channels - 1)]);
    result.push_back(p);
  }
  return result;
}

double distance(std::vector<Pixel> const& a, std::vector<Pixel> const& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) worst = std::max(worst, std::abs(a[i][c] - b[i][c]));
  }
  return worst;
}

dis::Philox const draws{1, dis::stream("augment test"), 0};  // as augmented() has it

/// The largest distance of what a policy makes of 200 images from the reference with what it draws.
template <class Shape>
double worst_distance(ColourJitter const& policy) {
  auto const images = noise_images<Shape>(200);
  auto const after = augmented<Shape>(policy, images, draws);
  double worst = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    auto const changes = policy.changes(draws, i);
    auto const before = pixels_of<Shape>(images, i);
    worst = std::max(worst,
                     distance(pixels_of<Shape>(after, i), changes.any ? jittered(before, changes) : before));
  }
  return worst;
}

}  // namespace

TEST_CASE("colour jitter: each change and all of them are those of the formulas") {
  CHECK(worst_distance<Colour>({.brightness = 0.9, .contrast = 0, .saturation = 0, .hue = 0, .p = 1}) < 1e-6);
  CHECK(worst_distance<Colour>({.brightness = 0, .contrast = 0.9, .saturation = 0, .hue = 0, .p = 1}) < 2e-6);
  CHECK(worst_distance<Colour>({.brightness = 0, .contrast = 0, .saturation = 0.9, .hue = 0, .p = 1}) < 2e-6);
  CHECK(worst_distance<Colour>({.brightness = 0, .contrast = 0, .saturation = 0, .hue = 0.5, .p = 1}) < 5e-6);
  CHECK(worst_distance<Colour>({.brightness = 0.5, .contrast = 0.5, .saturation = 0.5, .hue = 0, .p = 1}) <
        5e-6);
  CHECK(worst_distance<Colour>({.hue = 0.5, .p = 1}) < 5e-6);
  CHECK(worst_distance<Colour>({}) < 5e-6);
  CHECK(worst_distance<Grey>({}) < 2e-6);
}

TEST_CASE("colour jitter: hue turns red into green, blue, and what lies between") {
  std::vector<float> const red{1, 0, 0};
  using Dot = dis::ImageShape<1, 1, 3>;
  auto const turned = [&](float by) {
    auto image = red;
    ColourJitter::apply<Dot>({true, {3, 0, 1, 2}, {1, 1, 1, by}, {true, true, true, false}}, image.data());
    return Pixel{static_cast<double>(image[0]), static_cast<double>(image[1]), static_cast<double>(image[2])};
  };
  CHECK(distance({turned(1.0f / 3)}, {Pixel{0, 1, 0}}) < 1e-5);
  CHECK(distance({turned(-1.0f / 3)}, {Pixel{0, 0, 1}}) < 1e-5);
  CHECK(distance({turned(0.5f)}, {Pixel{0, 1, 1}}) < 1e-5);
  CHECK(distance({turned(1.0f / 12)}, {Pixel{1, 0.5, 0}}) < 1e-5);
}

TEST_CASE("colour jitter: factors, orders and the probability are drawn as documented") {
  ColourJitter const policy;
  constexpr int n = 10'000;
  int any = 0;
  std::array<double, 4> mean{}, low{9, 9, 9, 9}, high{-9, -9, -9, -9};
  std::map<std::array<int, 4>, int> orders;
  for (std::size_t sample = 0; sample < n; ++sample) {
    auto const changes = policy.changes(draws, sample);
    any += changes.any ? 1 : 0;
    ++orders[changes.order];
    for (std::size_t k = 0; k < 4; ++k) {
      double const by = static_cast<double>(changes.by[k]);
      mean[k] += by / n;
      low[k] = std::min(low[k], by);
      high[k] = std::max(high[k], by);
    }
  }
  CHECK(std::abs(any - 8000) < 200);  // five standard deviations
  CHECK(orders.size() == 24);
  double chi = 0;
  for (auto const& [order, count] : orders) {
    std::array<int, 4> sorted = order;
    std::ranges::sort(sorted);
    CHECK(sorted == std::array{0, 1, 2, 3});
    chi += (count - n / 24.0) * (count - n / 24.0) / (n / 24.0);
  }
  CHECK(chi < 60);  // 23 degrees of freedom: above 60 with probability 4e-5
  for (std::size_t k = 0; k < 4; ++k) {
    double const middle = k < 3 ? 1 : 0, reach = k < 3 ? 0.4 : 0.1;
    CHECK(std::abs(mean[k] - middle) < 5 * 2 * reach / std::sqrt(12.0 * n));
    CHECK(low[k] > middle - reach - 1e-6);
    CHECK(high[k] < middle + reach + 1e-6);
    CHECK(high[k] - low[k] > 1.99 * reach);
  }
  double lowest = 9;
  for (std::size_t sample = 0; sample < 1000; ++sample) {
    lowest = std::min(lowest, static_cast<double>(ColourJitter{.contrast = 3}.changes(draws, sample).by[1]));
  }
  CHECK(lowest >= 0);  // 1 - 3 is no factor
  CHECK(lowest < 0.05);
}

TEST_CASE("colours: settings that change nothing leave the bits") {
  auto const images = noise_images<Colour>(50);
  CHECK(augmented<Colour>(ColourJitter{.p = 0}, images) == images);
  CHECK(augmented<Colour>(ColourJitter{.brightness = 0, .contrast = 0, .saturation = 0, .hue = 0, .p = 1},
                          images) == images);
  CHECK(augmented<Colour>(RandomGrayscale{.p = 0}, images) == images);
  auto const grey = noise_images<Grey>(50);
  CHECK(augmented<Grey>(ColourJitter{.brightness = 0, .contrast = 0, .p = 1}, grey) == grey);
}

TEST_CASE("colours: values stay in 0 .. 1") {
  auto const images = noise_images<Colour>(500);
  for (auto const& after :
       {augmented<Colour>(ColourJitter{.brightness = 2, .contrast = 5, .saturation = 5, .hue = 0.5, .p = 1},
                          images),
        augmented<Colour>(RandomGrayscale{.p = 1}, images)}) {
    CHECK(std::ranges::min(after) >= 0);
    CHECK(std::ranges::max(after) <= 1);
  }
}

TEST_CASE("grayscale: three equal channels of the right grey, with probability p") {
  auto const images = noise_images<Colour>(10);
  auto const after = augmented<Colour>(RandomGrayscale{.p = 1}, images);
  for (std::size_t i = 0; i < 10; ++i) {
    auto const before = pixels_of<Colour>(images, i), now = pixels_of<Colour>(after, i);
    for (std::size_t k = 0; k < before.size(); ++k) {
      CHECK(now[k][0] == now[k][1]);
      CHECK(now[k][1] == now[k][2]);
      CHECK(now[k][0] == doctest::Approx(grey_of(before[k])).epsilon(1e-6));
    }
  }
  using Dot = dis::ImageShape<1, 1, 3>;
  std::vector<float> reds(30'000);
  for (std::size_t i = 0; i < reds.size(); i += 3) reds[i] = 1;
  auto const dots = augmented<Dot>(RandomGrayscale{}, reds);
  auto const greys = std::ranges::count_if(dots, [](float x) { return x > 0.2f && x < 0.4f; }) / 3;
  CHECK(std::abs(static_cast<double>(greys) - 2000) < 200);  // five standard deviations
}

TEST_CASE("normalise: subtracts and divides channel by channel") {
  auto const images = noise_images<Colour>(3);
  auto const after = augmented<Colour>(dis::augment::cifar_normalisation(), images);
  std::array const mean{0.4914, 0.4822, 0.4465}, deviation{0.2023, 0.1994, 0.2010};
  for (std::size_t i = 0; i < images.size(); ++i) {
    CHECK(static_cast<double>(after[i]) ==
          doctest::Approx((static_cast<double>(images[i]) - mean[i % 3]) / deviation[i % 3]).epsilon(1e-5));
  }
  CHECK(augmented<dis::ImageShape<1, 2, 1>>(Normalise<1>{{0.5}, {0.25}}, {0.5f, 1}) ==
        std::vector<float>{0, 2});
}

TEST_CASE("colours: wrong hyper-parameters are refused with what was found") {
  Colour const shape;
  CHECK_THROWS_WITH_AS(ColourJitter{.brightness = -0.5}.check(shape),
                       "ColourJitter: found brightness -0.5, expected at least 0", dis::ValueError);
  CHECK_THROWS_AS(ColourJitter{.contrast = not_a_number}.check(shape), dis::ValueError);
  CHECK_THROWS_AS(ColourJitter{.saturation = -1}.check(shape), dis::ValueError);
  CHECK_THROWS_WITH_AS(ColourJitter{.hue = 0.6}.check(shape),
                       "ColourJitter: found hue 0.6, expected 0 .. 0.5", dis::ValueError);
  CHECK_THROWS_WITH_AS(ColourJitter{.p = -1}.check(shape), "ColourJitter: found p -1, expected 0 .. 1",
                       dis::ValueError);
  CHECK_THROWS_WITH_AS(RandomGrayscale{.p = 7}.check(shape), "RandomGrayscale: found p 7, expected 0 .. 1",
                       dis::ValueError);
  CHECK_THROWS_WITH_AS((Normalise<3>{{0, 0, 0}, {1, 0, 1}}.check(shape)),
                       "Normalise: found deviation 0, expected above 0", dis::ValueError);
  CHECK_THROWS_AS((Normalise<3>{{not_a_number, 0, 0}, {1, 1, 1}}.check(shape)), dis::ValueError);
}
