// SPDX-License-Identifier: Apache-2.0
// Tests of data/dsprites.hpp and data/dsprites_renderer.hpp: against facts of the published images, and
// against 358 real images where they are present.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/data/dsprites.hpp>

#include "tests/support/count_allocations.hpp"

namespace dis = disentangle;
using dis::data::Dsprites;

static_assert(dis::data::factor_grid<Dsprites>);
static_assert(std::is_same_v<decltype(dis::data::dsprites()), decltype(dis::data::dsprites("file.npz"))>,
              "user code does not change between rendered and published images");

namespace {

std::vector<float> image_of(Dsprites const& data, std::array<int, 5> const& values) {
  std::vector<float> image(4096);
  std::size_t const index = data.index(values);
  data.images({&index, 1}, image);
  return image;
}

int area(std::vector<float> const& image) { return static_cast<int>(std::ranges::count(image, 1.0f)); }

/// The formulas of the header comment, pixel by pixel, the heart by its curve and the ellipse by its edges.
std::vector<float> by_definition(std::array<int, 5> const& values) {
  std::vector<float> image(4096);
  double const scale = 0.5 + 0.1 * values[1];
  double const angle = 2 * std::numbers::pi * (values[2] % 39) / 39;
  for (int r = 0; r < 64; ++r) {
    for (int c = 0; c < 64; ++c) {
      double const dx = c + 0.5 - (16 + 32 * values[3] / 31.0);
      double const dy = r + 0.5 - (16 + 32 * values[4] / 31.0);
      double const u = (dx * std::cos(angle) - dy * std::sin(angle)) / scale;
      double const v = (dx * std::sin(angle) + dy * std::cos(angle)) / scale;
      bool inside = true;
      if (values[0] == 0) inside = std::max(std::abs(u), std::abs(v)) < 9.5993;
      if (values[0] == 1) {
        for (int k = 0; k < 100 && inside; ++k) {
          double const t0 = 2 * std::numbers::pi * k / 100;
          double const t1 = 2 * std::numbers::pi * (k + 1) / 100;
          double const u0 = 12.766 * std::cos(t0), v0 = 7.216 * std::sin(t0);
          double const u1 = 12.766 * std::cos(t1), v1 = 7.216 * std::sin(t1);
          inside = (u1 - u0) * (v - v0) - (v1 - v0) * (u - u0) > 0;
        }
      }
      if (values[0] == 2) {
        double const q = std::abs(u) / (16 * 0.59963);
        inside = q < 1;
        if (inside) {
          auto const curve = [](double t) {
            return 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
          };
          double const t = std::asin(std::cbrt(q));
          inside = -1.4363 - 0.66214 * curve(t) < v && v < -1.4363 - 0.66214 * curve(std::numbers::pi - t);
        }
      }
      image[static_cast<std::size_t>(r * 64 + c)] = inside ? 1.0f : 0.0f;
    }
  }
  return image;
}

}  // namespace

TEST_CASE("dsprites: size, factors and order are the published ones") {
  auto const data = dis::data::dsprites();
  CHECK(data.size() == 737'280);
  CHECK(data.name() == "dsprites");
  CHECK(data.rendered());
  CHECK(data.factors() == std::vector<dis::Factor>{
                              {"shape", 3}, {"scale", 6}, {"orientation", 40}, {"posX", 32}, {"posY", 32}});
  CHECK(data.index(std::array{1, 0, 0, 0, 0}) == 245'760);
  CHECK(data.index(std::array{0, 0, 0, 0, 1}) == 1);
  CHECK(data.index(std::array{0, 0, 0, 1, 0}) == 32);
  CHECK(data.index(std::array{2, 5, 39, 31, 31}) == 737'279);
  std::array<int, 5> values{};
  std::size_t const index = 491'519;
  data.labels({&index, 1}, values);
  CHECK(values == std::array{1, 5, 39, 31, 31});
}

TEST_CASE("dsprites: areas at orientation 0, position (0, 0) are those of the real images") {
  auto const data = dis::data::dsprites();
  int const areas[3][6] = {
      {100, 144, 196, 256, 324, 400}, {76, 104, 144, 184, 228, 288}, {58, 84, 108, 140, 180, 222}};
  for (int shape = 0; shape < 3; ++shape) {
    for (int scale = 0; scale < 6; ++scale) {
      CAPTURE(shape);
      CAPTURE(scale);
      CHECK(area(image_of(data, {shape, scale, 0, 0, 0})) == areas[shape][scale]);
    }
  }
}

TEST_CASE("dsprites: shapes reach rows and columns 3 .. 60 and no further") {
  auto const data = dis::data::dsprites();
  int low = 63, high = 0;
  for (int shape = 0; shape < 3; ++shape) {
    for (int orientation = 0; orientation < 40; ++orientation) {
      for (int corner = 0; corner < 4; ++corner) {
        auto const image = image_of(data, {shape, 5, orientation, corner % 2 * 31, corner / 2 * 31});
        for (int p = 0; p < 4096; ++p) {
          if (image[static_cast<std::size_t>(p)] == 0) continue;
          low = std::min({low, p % 64, p / 64});
          high = std::max({high, p % 64, p / 64});
        }
      }
    }
  }
  CHECK(low == 3);
  CHECK(high == 60);
}

TEST_CASE("dsprites: orientation 39 equals orientation 0, the 39 others differ") {
  auto const data = dis::data::dsprites();
  for (int shape = 0; shape < 3; ++shape) {
    std::vector<std::vector<float>> poses;
    for (int orientation = 0; orientation < 40; ++orientation) {
      poses.push_back(image_of(data, {shape, 5, orientation, 7, 19}));
    }
    CHECK(poses[39] == poses[0]);
    poses.pop_back();
    std::ranges::sort(poses);
    CHECK(std::ranges::adjacent_find(poses) == poses.end());
  }
}

TEST_CASE("dsprites: spans equal the definition pixel by pixel") {
  auto const data = dis::data::dsprites();
  dis::Philox const random{1, dis::stream("dsprites"), 0};
  std::array<int, 5 * 1500> values{};
  dis::data::sample_factors(random, data.factors(), values);
  int differing_images = 0, differing_pixels = 0;
  for (std::size_t i = 0; i < 1500; ++i) {
    std::array<int, 5> one{};
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(5 * i), 5, one.begin());
    auto const drawn = image_of(data, one);
    auto const expected = by_definition(one);
    int differing = 0;
    for (std::size_t p = 0; p < 4096; ++p) differing += drawn[p] != expected[p];
    differing_images += differing > 0;
    differing_pixels += differing;
    // The heart's polygon of 1024 edges may miss its curve by a thousandth of a pixel.
    if (one[0] != 2) CHECK(differing == 0);
  }
  CHECK(differing_images <= 5);
  CHECK(differing_pixels <= 5);
}

TEST_CASE("dsprites: images do not depend on compiler and flags") {
  auto const data = dis::data::dsprites();
  std::vector<float> image(4096);
  std::uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a over the positions of pixels that are on
  for (std::size_t index = 0; index < data.size(); index += 101) {
    data.images({&index, 1}, image);
    for (std::size_t p = 0; p < 4096; ++p) {
      if (image[p] == 1.0f) hash = (hash ^ p) * 0x100000001B3u;
    }
  }
  // The same from g++ 12 and clang 14, -O0 to -O3, with and without fused multiplication and addition.
  CHECK(hash == 550873166615634391u);
}

TEST_CASE("dsprites: indices and output sizes are checked") {
  auto const data = dis::data::dsprites();
  std::vector<float> image(4096);
  std::vector<int> labels(5);
  std::size_t index = 737'280;
  CHECK_THROWS_WITH_AS(data.images({&index, 1}, image),
                       "dsprites: image 737280 of a data set of 737280 images (indices are 0 .. size - 1)",
                       dis::ValueError);
  CHECK_THROWS_AS(data.labels({&index, 1}, labels), dis::ValueError);
  index = 0;
  image.pop_back();
  CHECK_THROWS_WITH_AS(data.images({&index, 1}, image),
                       "dsprites: images of 1 images needs 4096 values of output, got 4095", dis::ShapeError);
}

TEST_CASE("dsprites: no heap allocation, same images from several threads") {
  auto const data = dis::data::dsprites();
  std::vector<std::size_t> indices(200);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i * 3'611 % data.size();
  std::vector<float> expected(indices.size() * 4096);
  std::vector<int> labels(indices.size() * 5);
  std::size_t const before = dis::test::allocations();
  data.images(indices, expected);
  data.labels(indices, labels);
  CHECK(dis::test::allocations() == before);
  std::vector<std::vector<float>> found(3, std::vector<float>(expected.size()));
  std::vector<std::thread> threads;
  for (auto& out : found) threads.emplace_back([&] { data.images(indices, out); });
  for (auto& thread : threads) thread.join();
  for (auto const& out : found) CHECK(out == expected);
}

TEST_CASE("dsprites: real images") {
  namespace fs = std::filesystem;
  fs::path const folder = fs::path(DISENTANGLE_SHARED_DIR) / "data" / "dsprites_real";
  if (!fs::exists(folder)) {
    MESSAGE("real dSprites images are not present: " << folder.string());
    return;
  }
  std::ifstream bits(folder / "dsprites_real_bitpacked_msb.bin", std::ios::binary);
  std::ifstream rows(folder / "dsprites_real_latents.csv");
  REQUIRE(bits);
  REQUIRE(rows);
  auto const data = dis::data::dsprites();
  std::string line;
  std::getline(rows, line);
  int images = 0, equal = 0, worst = 0, wrong = 0;
  while (std::getline(rows, line)) {
    // row,source,shape,scale,orientation,posX,posY,...
    std::array<int, 5> values{};
    REQUIRE(std::sscanf(line.c_str(), "%*d,%*[^,],%d,%d,%d,%d,%d", &values[0], &values[1], &values[2],
                        &values[3], &values[4]) == 5);
    std::array<char, 512> packed{};
    REQUIRE(bits.read(packed.data(), packed.size()));
    auto const drawn = image_of(data, values);
    int differing = 0;
    for (std::size_t p = 0; p < 4096; ++p) {
      bool const real = (static_cast<unsigned char>(packed[p / 8]) >> (7 - p % 8) & 1) != 0;
      differing += real != (drawn[p] == 1.0f);
    }
    ++images;
    equal += differing == 0;
    worst = std::max(worst, differing);
    wrong += differing;
  }
  MESSAGE(equal << " of " << images << " real images are equal bit for bit; worst " << worst
                << " pixels, all together " << wrong);
  CHECK(images == 358);
  CHECK(equal >= 353);
  CHECK(worst <= 7);
  CHECK(wrong <= 13);
}
