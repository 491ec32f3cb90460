// SPDX-License-Identifier: Apache-2.0
// Tests of data/variants.hpp, data/combinations.hpp and data/noise_factor.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <thread>
#include <vector>

#include <disentangle/data/combinations.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/noise_factor.hpp>
#include <disentangle/data/variants.hpp>

#include "tests/support/count_allocations.hpp"

namespace dis = disentangle;
using dis::data::Dsprites;
using dis::data::Painted;
static_assert(dis::data::factor_grid<Painted<Dsprites, dis::data::RandomColour>>);
static_assert(dis::data::factor_grid<Painted<Dsprites, dis::data::Picture>>);
static_assert(dis::data::factor_grid<dis::data::NoiseFactor<Dsprites>>);
static_assert(!dis::data::factor_grid<dis::data::NoiseFactor<dis::data::Subset<Dsprites>>>);

namespace {

constexpr std::size_t pixels = 4096;

std::vector<std::size_t> some(std::size_t n) {
  std::vector<std::size_t> indices(n);
  for (std::size_t i = 0; i < n; ++i) indices[i] = i * 36'007 % 737'280;
  return indices;
}
dis::io::Image8 ramp(int height, int width) {
  dis::io::Image8 image{width, height, 3, {}};
  for (int p = 0; p < height * width * 3; ++p) image.pixels.push_back(static_cast<std::uint8_t>(p % 251));
  return image;
}

/// Images are a function of seed and index, alike from several threads and in any batch, and cost no heap.
template <class Make>
void check_reproducible(Make const& make) {
  auto const data = make(1);
  auto const indices = some(20);
  std::vector<float> whole(20 * pixels * 3), one(pixels * 3);
  std::size_t const before = dis::test::allocations();
  data.images(indices, whole);
  CHECK(dis::test::allocations() == before);
  data.images(std::span(indices).subspan(7, 1), one);
  CHECK(std::equal(one.begin(), one.end(), whole.begin() + 7 * pixels * 3));
  std::vector<std::vector<float>> found(2, std::vector<float>(whole.size()));
  std::vector<std::thread> threads;
  for (auto& out : found) threads.emplace_back([&] { data.images(indices, out); });
  for (auto& thread : threads) thread.join();
  for (auto const& out : found) CHECK(out == whole);
  std::vector<float> other(whole.size());
  make(2).images(indices, other);
  CHECK(other != whole);
  CHECK(std::ranges::all_of(whole, [](float v) { return v >= 0 && v <= 1; }));
}

}  // namespace

TEST_CASE("variants: functions of seed and index") {
  check_reproducible(
      [](std::uint64_t s) { return dis::data::in_random_colour(dis::data::dsprites(), dis::seed(s)); });
  check_reproducible(
      [](std::uint64_t s) { return dis::data::on_noise(dis::data::dsprites(), dis::seed(s)); });
  check_reproducible([](std::uint64_t s) {
    return dis::data::on_picture(dis::data::dsprites(), ramp(70, 90), dis::seed(s));
  });
}

TEST_CASE("variants: what they paint") {
  auto const grey = dis::data::dsprites();
  auto const indices = some(50);
  std::vector<float> sprites(50 * pixels), colour(50 * pixels * 3), noise(colour), picture(colour);
  grey.images(indices, sprites);
  dis::data::in_random_colour(grey, dis::seed(1)).images(indices, colour);
  dis::data::on_noise(grey, dis::seed(1)).images(indices, noise);
  dis::data::on_picture(grey, ramp(64, 64), dis::seed(1)).images(indices, picture);
  double noise_sum = 0, noise_count = 0, least = 1, most = 0;
  bool right = true;
  for (std::size_t i = 0; i < 50; ++i) {
    std::array<float, 3> first{};
    std::array<float, 3> tint{};
    for (std::size_t p = 0; p < pixels; ++p) {
      for (std::size_t c = 0; c < 3; ++c) {
        std::size_t const at = (i * pixels + p) * 3 + c;
        float const ramp_value = static_cast<float>((p * 3 + c) % 251) / 255;
        if (p == 0) tint[c] = 2 * picture[at] - ramp_value;  // the corner has no sprite
        float const ground = (ramp_value + tint[c]) / 2;
        if (sprites[i * pixels + p] == 1) {
          if (first[c] == 0) first[c] = colour[at];
          right = right && colour[at] == first[c] && noise[at] == 1 &&
                  std::abs(picture[at] - (1 - ground)) < 1e-6f;
          least = std::min(least, static_cast<double>(colour[at]));
          most = std::max(most, static_cast<double>(colour[at]));
        } else {
          right = right && colour[at] == 0 && std::abs(picture[at] - ground) < 1e-6f;
          noise_sum += static_cast<double>(noise[at]);
          ++noise_count;
        }
      }
    }
  }
  CHECK(right);
  CHECK(least > 0.5);
  CHECK(least < 0.55);
  CHECK(most > 0.95);
  CHECK(noise_sum / noise_count == doctest::Approx(0.5).epsilon(0.005));
  CHECK_THROWS_AS(dis::data::on_picture(grey, ramp(63, 64), dis::seed(1)), dis::ShapeError);
  CHECK_THROWS_AS(dis::data::in_random_colour(grey, dis::seed(1), 1.5f), dis::ValueError);
}

TEST_CASE("hold_out: combinations in one part only") {
  auto const oval = dis::data::dsprites();
  auto const parts =
      dis::data::hold_out(oval, [](std::span<int const> v) { return v[0] == 2 && v[3] >= 16; });
  CHECK(parts.test.size() == 6 * 40 * 16 * 32);
  CHECK(parts.train.size() + parts.test.size() == oval.size());
  std::array<int, 5> row{};
  for (std::size_t i = 0; i < parts.test.size(); i += 1'009) {
    parts.test.labels({&i, 1}, row);
    CHECK(row[0] == 2);
    CHECK(row[3] >= 16);
  }
  CHECK_THROWS_WITH_AS(dis::data::hold_out(oval, [](std::span<int const>) { return false; }),
                       "hold_out: 0 of the 737280 images of dsprites are held out, expected some and not all",
                       dis::ValueError);
}

TEST_CASE("correlated: two factors by the formula, the others uniform") {
  auto const data = dis::data::dsprites();
  std::size_t const n = 60'000;
  double const sigma = 0.2;
  auto const part = dis::data::correlated(data, "scale", "shape", sigma, n, dis::seed(5));
  std::vector<std::size_t> indices(n);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::vector<int> labels(n * 5);
  part.labels(indices, labels);
  std::array<std::array<double, 3>, 6> found{}, expected{};
  std::array<double, 32> column{};
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    ++found[static_cast<std::size_t>(labels[5 * i + 1])][static_cast<std::size_t>(labels[5 * i])];
    ++column[static_cast<std::size_t>(labels[5 * i + 3])];
  }
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      expected[a][b] = std::exp(-std::pow(static_cast<double>(a) / 5 - static_cast<double>(b) / 2, 2) /
                                (2 * sigma * sigma));
      sum += expected[a][b];
    }
  }
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      double const mean = expected[a][b] / sum * static_cast<double>(n);
      CHECK(std::abs(found[a][b] - mean) < 5 * std::sqrt(mean) + 1);
    }
  }
  for (double const count : column) CHECK(std::abs(count - n / 32.0) < 5 * std::sqrt(n / 32.0));
  CHECK(dis::data::correlated(data, "scale", "shape", sigma, 100, dis::seed(5)).indices() ==
        std::vector(part.indices().begin(), part.indices().begin() + 100));
  auto const free =
      dis::data::correlated(data, "scale", "posX", std::numeric_limits<double>::infinity(), n, dis::seed(5));
  free.labels(indices, labels);
  double product = 0;
  for (std::size_t i = 0; i < n; ++i) {
    product += (labels[5 * i + 1] - 2.5) * (labels[5 * i + 3] - 15.5);
  }
  CHECK(std::abs(product / n / (1.708 * 9.233)) < 5 / std::sqrt(n));
  CHECK_THROWS_AS(dis::data::correlated(data, "scale", "scale", 0.2, 5, dis::seed(0)), dis::ValueError);
  CHECK_THROWS_AS(dis::data::correlated(data, "scale", "shape", 0, 5, dis::seed(0)), dis::ValueError);
  CHECK_THROWS_AS(dis::data::correlated(data, "scale", "hue", 0.2, 5, dis::seed(0)), dis::ValueError);
}

TEST_CASE("noise_factor: a grid with one factor more") {
  auto const base = dis::data::dsprites();
  auto const data = dis::data::noise_factor(base, 5, 0.4f, dis::seed(2));
  CHECK(data.size() == 5 * base.size());
  CHECK(data.factors().back() == dis::Factor{"noise", 5});
  std::array<int, 6> const values{1, 3, 20, 10, 12, 4};
  std::size_t const loud = data.index(values), quiet = loud - 4;
  std::array<int, 6> row{};
  data.labels({&loud, 1}, row);
  CHECK(row == values);
  std::vector<float> noisy(pixels), clean(pixels), sprite(pixels);
  data.images({&loud, 1}, noisy);
  data.images({&quiet, 1}, clean);
  std::size_t const index = base.index(std::span(values).first(5));
  base.images({&index, 1}, sprite);
  CHECK(clean == sprite);
  double squares = 0, count = 0;
  for (std::size_t p = 0; p < pixels; ++p) {
    if (sprite[p] != 0) continue;
    squares += static_cast<double>(noisy[p]) * static_cast<double>(noisy[p]);
    ++count;
  }
  CHECK(squares / count == doctest::Approx(0.4 * 0.4 / 2).epsilon(0.1));  // half of the noise is cut at 0
  CHECK_THROWS_AS(data.index(std::array{1, 3, 20, 10, 12, 5}), dis::ValueError);
  CHECK_THROWS_AS(data.index(std::array{1, 3, 20, 10, 12}), dis::ValueError);
  CHECK_THROWS_AS(dis::data::noise_factor(base, 1, 0.4f, dis::seed(2)), dis::ValueError);
  CHECK_THROWS_AS(dis::data::noise_factor(base, 3, -1, dis::seed(2)), dis::ValueError);
}
