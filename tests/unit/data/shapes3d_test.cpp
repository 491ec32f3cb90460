// SPDX-License-Identifier: Apache-2.0
// Tests of data/shapes3d.hpp, data/shapes3d_renderer.hpp and data/byte_grid.hpp; the renderer also against 30
// published images where they are present.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/data/shapes3d.hpp>
#include <disentangle/io/csv.hpp>
#include <disentangle/io/npy.hpp>

#include "tests/support/count_allocations.hpp"

namespace dis = disentangle;
using dis::data::Shapes3d;
static_assert(dis::data::factor_grid<Shapes3d>);

namespace {

constexpr std::size_t pixels = 64 * 64;

std::vector<float> image_of(Shapes3d const& data, std::array<int, 6> const& values) {
  std::vector<float> image(pixels * 3);
  std::size_t const index = data.index(values);
  data.images({&index, 1}, image);
  return image;
}

/// The colour of a pixel as bytes.
std::array<int, 3> bytes_at(std::vector<float> const& image, int x, int y) {
  std::array<int, 3> bytes{};
  for (std::size_t c = 0; c < 3; ++c) {
    bytes[c] = static_cast<int>(std::lround(image[static_cast<std::size_t>(y * 64 + x) * 3 + c] * 255));
  }
  return bytes;
}

/// Of the sky's, floor's, wall's and object's colour, that whose direction a pixel's colour has most nearly;
/// the sky must be met closely because it is paler than any hue.
int surface_of(std::array<double, 3> const& rgb, std::array<int, 6> const& values) {
  if (std::abs(rgb[0] - 153) < 20 && std::abs(rgb[1] - 226) < 20 && std::abs(rgb[2] - 249) < 20) return 0;
  int best = 0;
  double best_cosine = -1;
  for (std::size_t k = 0; k < 3; ++k) {
    auto const colour = dis::data::detail::colour_of_hue(values[k] / 10.0);
    double product = 0, a = 1e-9, b = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      product += rgb[c] * static_cast<double>(colour[c]);
      a += rgb[c] * rgb[c];
      b += static_cast<double>(colour[c]) * static_cast<double>(colour[c]);
    }
    double const cosine = product / std::sqrt(a * b);
    if (cosine > best_cosine) {
      best_cosine = cosine;
      best = static_cast<int>(k) + 1;
    }
  }
  return best;
}

}  // namespace

TEST_CASE("shapes3d: size, factors and order are the published ones") {
  auto const data = dis::data::shapes3d();
  CHECK(data.size() == 480'000);
  CHECK(data.rendered());
  CHECK(data.name() == "shapes3d");
  CHECK(data.index(std::array{0, 0, 0, 0, 0, 1}) == 1);
  CHECK(data.index(std::array{0, 0, 0, 0, 1, 0}) == 15);
  CHECK(data.index(std::array{1, 0, 0, 0, 0, 0}) == 48'000);
  std::array<int, 6> values{};
  std::size_t const last = 479'999;
  data.labels({&last, 1}, values);
  CHECK(values == std::array{9, 9, 9, 7, 3, 14});
}

TEST_CASE("shapes3d: each factor changes what it names and nothing else") {
  auto const data = dis::data::shapes3d();
  std::array<int, 6> const base{0, 3, 6, 4, 2, 7};
  auto const image = image_of(data, base);
  std::vector<int> surface(pixels);
  dis::data::Shapes3dRenderer const renderer;
  renderer.surfaces(base, surface);
  CHECK(bytes_at(image, 32, 3) == std::array{153, 226, 249});
  for (std::size_t k = 0; k < 3; ++k) {
    auto other = base;
    other[k] = (base[k] + 1) % 10;
    auto const changed = image_of(data, other);
    int inside = 0, outside = 0;
    for (std::size_t p = 0; p < pixels; ++p) {
      bool const differs = !std::equal(image.begin() + static_cast<std::ptrdiff_t>(3 * p),
                                       image.begin() + static_cast<std::ptrdiff_t>(3 * p + 3),
                                       changed.begin() + static_cast<std::ptrdiff_t>(3 * p));
      bool const on = surface[p] == static_cast<int>(k) + 1;
      // The surface is seen in the pixel's middle; pixels beside it may have a part of it.
      bool border = false;
      for (int const step : {-65, -64, -63, -1, 1, 63, 64, 65}) {
        auto const q = static_cast<std::ptrdiff_t>(p) + step;
        border = border || (q >= 0 && q < static_cast<std::ptrdiff_t>(pixels) &&
                            surface[static_cast<std::size_t>(q)] != surface[p]);
      }
      if (!border) (on ? inside : outside) += differs != on;
    }
    CHECK(inside == 0);
    CHECK(outside == 0);
  }
  // The object grows with scale, and the shapes differ.
  int before = 0;
  for (int scale = 0; scale < 8; ++scale) {
    renderer.surfaces(std::array{0, 3, 6, scale, 2, 7}, surface);
    int const area = static_cast<int>(std::ranges::count(surface, 3));
    CHECK(area > before);
    before = area;
  }
  std::set<std::vector<float>> different;
  for (int shape = 0; shape < 4; ++shape) {
    for (int orientation = 0; orientation < 15; ++orientation)
      different.insert(image_of(data, {0, 3, 6, 4, shape, orientation}));
  }
  CHECK(different.size() == 60);
  // The camera is left of the object at orientation 0 and sees the right wall there; at 14 the left one.
  CHECK(bytes_at(image_of(data, {0, 3, 6, 0, 2, 0}), 62, 25)[1] < 200);
  CHECK(bytes_at(image_of(data, {0, 3, 6, 0, 2, 0}), 2, 25)[1] > 200);
  CHECK(bytes_at(image_of(data, {0, 3, 6, 0, 2, 14}), 2, 25)[1] < 200);
}

TEST_CASE("shapes3d: bytes, no heap allocation, same images from several threads") {
  auto const data = dis::data::shapes3d();
  std::vector<std::size_t> indices(60);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i * 7'919 % data.size();
  std::vector<float> expected(indices.size() * pixels * 3);
  std::vector<int> labels(indices.size() * 6);
  std::size_t const before = dis::test::allocations();
  data.images(indices, expected);
  data.labels(indices, labels);
  CHECK(dis::test::allocations() == before);
  CHECK(std::ranges::all_of(
      expected, [](float v) { return v == static_cast<float>(std::lround(v * 255)) * (1.0f / 255); }));
  auto const other = dis::data::shapes3d();  // makes its weights while several threads ask for the same ones
  std::vector<std::vector<float>> found(3, std::vector<float>(expected.size()));
  std::vector<std::thread> threads;
  for (auto& out : found) threads.emplace_back([&] { other.images(indices, out); });
  for (auto& thread : threads) thread.join();
  for (auto const& out : found) CHECK(out == expected);
}

TEST_CASE("shapes3d: from memory; what does not fit is refused") {
  using Tiny = dis::data::ByteGrid<dis::ImageShape<1, 2, 1>>;
  static_assert(dis::data::factor_grid<Tiny>);
  Tiny const grid({0, 51, 102, 153, 204, 255}, {{"a", 3}}, "tiny");
  std::vector<float> out(4);
  std::vector<int> labels(2);
  grid.images(std::array<std::size_t, 2>{2, 0}, out);
  grid.labels(std::array<std::size_t, 2>{2, 0}, labels);
  CHECK(out[0] == doctest::Approx(0.8));
  CHECK(out[3] == doctest::Approx(0.2));
  CHECK(labels == std::vector{2, 0});
  CHECK_THROWS_WITH_AS(Tiny({1, 2, 3}, {{"a", 3}}, "tiny"), "tiny: found 3 bytes, expected 3 images of 2",
                       dis::ShapeError);
  dis::data::ByteGrid<dis::ImageShape<64, 64, 3>> const one(std::vector<std::uint8_t>(pixels * 3), {{"a", 1}},
                                                            "one");
  CHECK_THROWS_AS(Shapes3d{one}, dis::ShapeError);
  auto const data = dis::data::shapes3d();
  std::vector<float> image(pixels * 3);
  CHECK_THROWS_AS(data.images(std::array<std::size_t, 1>{480'000}, image), dis::ValueError);
}

TEST_CASE("shapes3d: published images") {
  namespace fs = std::filesystem;
  fs::path const folder = fs::path(DISENTANGLE_SHARED_DIR) / "data" / "3dshapes_real";
  if (!fs::exists(folder)) {
    MESSAGE("published images of 3D Shapes are not present: " << folder.string());
    return;
  }
  auto const images = dis::io::read_npy(folder / "3dshapes_notebook_50_64x64x3_u8.npy");
  REQUIRE(images.shape == std::vector<std::size_t>{50, 64, 64, 3});
  auto const bytes = images.view<std::uint8_t>();
  auto const table = dis::io::read_csv(folder / "3dshapes_notebook_50_inferred_latents.csv");
  auto const data = dis::data::shapes3d();
  int compared = 0;
  double difference = 0, near = 0, agreeing = 0, all = 0, least = 1;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    std::array<int, 6> values{};
    bool known = true;
    for (std::size_t k = 0; k < 6; ++k) {
      std::string const& cell = table.columns[k + 1][r];
      known = known && !cell.empty();
      values[k] = std::atoi(cell.c_str());
    }
    if (!known) continue;  // two of its hues are equal, so nobody could tell the rest
    auto const drawn = image_of(data, values);
    double here = 0, agreeing_here = 0;
    // The outermost row and column of the published figures are blended with a white frame.
    for (std::size_t y = 1; y < 63; ++y) {
      for (std::size_t x = 1; x < 63; ++x) {
        std::array<double, 3> real{}, ours{};
        double apart = 0;
        for (std::size_t c = 0; c < 3; ++c) {
          real[c] = bytes[((r * 64 + y) * 64 + x) * 3 + c];
          ours[c] = 255 * static_cast<double>(drawn[(y * 64 + x) * 3 + c]);
          apart += std::abs(real[c] - ours[c]) / 3;
        }
        difference += apart;
        near += apart < 10;
        agreeing_here += surface_of(real, values) == surface_of(ours, values);
        ++here;
      }
    }
    agreeing += agreeing_here;
    all += here;
    least = std::min(least, agreeing_here / here);
    ++compared;
  }
  MESSAGE(compared << " images: sky, floor, wall or object agree in " << 100 * agreeing / all
                   << " % of the pixels (least " << 100 * least << " %), mean difference " << difference / all
                   << " of 255, " << 100 * near / all << " % of the pixels differ by less than 10");
  CHECK(compared == 30);
  CHECK(agreeing / all > 0.985);
  CHECK(least > 0.96);
  CHECK(difference / all < 4);
}
