// SPDX-License-Identifier: Apache-2.0
// Tests of data/teapots.hpp, data/heads.hpp and data/mesh.hpp: on a plate, on heads, and on the teapot where
// it is present.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <numbers>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/data/heads.hpp>
#include <disentangle/data/teapots.hpp>
#include <disentangle/io/atomic_file.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
namespace fs = std::filesystem;
using dis::data::Heads;
using dis::data::Teapots;
using test_support::ScratchFolder;
static_assert(dis::data::data_set<Teapots>);
static_assert(dis::data::factor_grid<Heads>);

namespace {

/// A square plate, x and y from -1 to 1 at z = 0, as one patch.
std::string plate() {
  std::string text = "patch,row,col,x,y,z\n";
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 4; ++column) {
      text += "0," + std::to_string(row) + "," + std::to_string(column) + "," +
              std::to_string(row / 1.5 - 1) + "," + std::to_string(column / 1.5 - 1) + ",0\n";
    }
  }
  return text;
}
Teapots plates(ScratchFolder const& folder, dis::data::TeapotOptions options = {}) {
  dis::io::write_file(folder / "plate.csv", plate());
  return dis::data::teapots(folder / "plate.csv", options, dis::seed(3));
}
/// How much of the picture is not background (white), in pixels.
double covered(std::span<float const> image) {
  double sum = 0;
  for (std::size_t p = 0; p < image.size(); p += 3) sum += image[p] < 1;
  return sum;
}
template <class Data>
void check_threads(Data const& data, std::size_t step) {
  constexpr std::size_t size = Data::image_shape_type::size;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < 12; ++i) indices.push_back(i * step);
  std::vector<float> expected(12 * size);
  std::vector<int> labels(12 * data.factors().size());
  std::size_t const before = dis::test::allocations();
  data.images(indices, expected);
  data.labels(indices, labels);
  CHECK(dis::test::allocations() == before);
  CHECK(std::ranges::all_of(expected, [](float v) { return v >= 0 && v <= 1; }));
  std::vector<std::vector<float>> found(2, std::vector<float>(expected.size()));
  std::vector<std::thread> threads;
  for (auto& out : found) threads.emplace_back([&] { data.images(indices, out); });
  for (auto& thread : threads) thread.join();
  for (auto const& out : found) CHECK(out == expected);
}

}  // namespace

TEST_CASE("teapots: a plate is as large and as bright as geometry says") {
  ScratchFolder const folder;
  auto const data = plates(folder);
  std::vector<float> image(64 * 64 * 3);
  auto const draw = [&](float azimuth, float elevation) {
    data.render(std::array{azimuth, elevation, 1.0f, 0.5f, 0.0f}, std::span<float, 64 * 64 * 3>(image));
    return covered(image);
  };
  float const half_pi = static_cast<float>(std::numbers::pi / 2);
  double const side = 2 * 31 / std::sqrt(2.0);
  // From above: the whole square, lit at the angle of the light, (-0.4, 0.5, 1) from the viewer.
  CHECK(draw(0, half_pi) == doctest::Approx(side * side).epsilon(0.05));
  double const cosine = 1 / std::sqrt(0.16 + 0.25 + 1);
  std::size_t const middle = (32 * 64 + 32) * 3;
  CHECK(image[middle] == doctest::Approx(0.3 + 0.7 * cosine).epsilon(1e-4));
  CHECK(image[middle + 1] == doctest::Approx(0.5 * (0.3 + 0.7 * cosine)).epsilon(1e-4));
  CHECK(image[middle + 2] == 0);
  CHECK(image[0] == 1);  // background
  // At 30 degrees half as high; from the side a line at most.
  CHECK(draw(0, half_pi / 3) == doctest::Approx(side * side / 2).epsilon(0.08));
  CHECK(draw(0, 0) < 2 * 64);
}

TEST_CASE("teapots: factors are uniform, labels their intervals") {
  ScratchFolder const folder;
  auto const data = plates(folder, {.size = 5'000, .intervals = 4});
  CHECK(data.size() == 5'000);
  CHECK(data.factors()[0] == dis::Factor{"azimuth", 4});
  std::vector<std::size_t> indices(5'000);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  std::vector<float> values(5'000 * 5);
  std::vector<int> labels(5'000 * 5);
  data.values(indices, values);
  data.labels(indices, labels);
  double const ranges[] = {2 * std::numbers::pi, std::numbers::pi / 2, 1, 1, 1};
  for (std::size_t k = 0; k < 5; ++k) {
    double sum = 0, square = 0;
    bool right = true;
    for (std::size_t i = 0; i < 5'000; ++i) {
      double const share = static_cast<double>(values[i * 5 + k]) / ranges[k];
      sum += share;
      square += share * share;
      right = right && std::abs(share * 4 - labels[i * 5 + k] - 0.5) <= 0.5001;
    }
    CHECK(right);
    CHECK(sum / 5'000 == doctest::Approx(0.5).epsilon(0.04));
    CHECK(square / 5'000 == doctest::Approx(1.0 / 3).epsilon(0.05));
  }
  check_threads(data, 400);
}

TEST_CASE("teapots: broken patches and options are named") {
  ScratchFolder const folder;
  auto const message = [&](std::string const& text) -> std::string {
    dis::io::write_file(folder / "a.csv", text);
    try {
      static_cast<void>(dis::data::teapots(folder / "a.csv", {}, dis::seed(0)));
    } catch (dis::FileError const& error) {
      return error.what();
    }
    return "no FileError";
  };
  auto const has = [](std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(message("patch,row,col,x,y,z\n"),
            "a.csv: found 0 points, 0 of them different, expected 16 for each of 0 patches"));
  CHECK(has(message(plate() + "0,0,0,1,1,1\n"), "found 17 points, 16 of them different"));
  CHECK(has(message("patch,row,col,x,y,z\n0,4,0,1,1,1\n"),
            "line 2: found patch 0, row 4, col 0, expected patches 0 .. 49"));
  CHECK(has(message("patch,row,col,x,y,z\n0,0,0,1,nan,1\n"), "a.csv"));
  CHECK(has(message("patch,row,col,x,y\n0,0,0,1,1\n"), "a.csv"));
  CHECK_THROWS_AS(plates(folder, {.intervals = 0}), dis::ValueError);
  CHECK_THROWS_AS(plates(folder, {.background = 2}), dis::ValueError);
  CHECK_THROWS_AS(dis::data::teapots(folder / "none.csv", {}, dis::seed(0)), dis::FileError);
}

TEST_CASE("teapots: the Utah teapot") {
  fs::path const path =
      fs::path(DISENTANGLE_SHARED_DIR) / "data" / "teapot" / "utah_teapot_bezier_patches.csv";
  if (!fs::exists(path)) {
    MESSAGE("the teapot's patches are not present: " << path.string());
    return;
  }
  auto const data = dis::data::teapots(path, {}, dis::seed(0));
  CHECK(data.size() == 200'000);
  std::vector<float> image(64 * 64 * 3);
  std::array<float, 5> values{0, 0.4f, 0.2f, 0.4f, 0.6f};
  auto const draw = [&](float azimuth) {
    values[0] = azimuth;
    data.render(values, std::span<float, 64 * 64 * 3>(image));
    return covered(image);
  };
  double const front = draw(0), side = draw(static_cast<float>(std::numbers::pi / 2));
  CHECK(front > 400);
  CHECK(side > front + 100);  // spout and handle
  check_threads(data, 1'000);
}

TEST_CASE("heads: each factor changes the picture; the light comes from where it says") {
  auto const data = dis::data::heads();
  CHECK(data.size() == 127'050);
  std::vector<float> image(64 * 64);
  auto const draw = [&](std::array<int, 4> const& values) {
    std::size_t const index = data.index(values);
    data.images({&index, 1}, image);
    return image;
  };
  auto const base = draw({3, 10, 5, 5});
  CHECK(base != draw({4, 10, 5, 5}));
  CHECK(base != draw({3, 11, 5, 5}));
  CHECK(base != draw({3, 10, 6, 5}));
  CHECK(base != draw({3, 10, 5, 6}));
  auto const halves = [&] {
    std::array<double, 2> sum{};
    for (std::size_t p = 0; p < image.size(); ++p) sum[p % 64 / 32] += static_cast<double>(image[p]);
    return sum;
  };
  draw({3, 10, 5, 5});
  auto const even = halves();
  CHECK(even[0] == doctest::Approx(even[1]).epsilon(0.03));  // a head from the front is symmetric
  draw({3, 10, 5, 10});
  auto const right = halves();
  draw({3, 10, 5, 0});
  auto const left = halves();
  CHECK(right[1] > 1.5 * right[0]);
  CHECK(left[0] > 1.5 * left[1]);
  check_threads(data, 10'007);
}
