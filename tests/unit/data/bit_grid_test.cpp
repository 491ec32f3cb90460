// SPDX-License-Identifier: Apache-2.0
// Tests of data/bit_grid.hpp: a small grid written and read back, and every way in which a file can be wrong.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include <disentangle/data/bit_grid.hpp>
#include <disentangle/data/dsprites.hpp>

namespace dis = disentangle;
namespace fs = std::filesystem;
using dis::data::BitGrid;

namespace {

/// 12 images 5 x 14 whose pixels are bits of their factor values: 70 pixels, so that a word is not full.
struct Checks {
  using image_shape_type = dis::ImageShape<5, 14, 1>;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "checks"; }
  std::size_t size() const { return 12; }
  std::vector<dis::Factor> const& factors() const { return grid.factors(); }
  std::size_t index(std::span<int const> values) const { return grid.index(values); }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      for (std::size_t p = 0; p < 70; ++p)
        out[i * 70 + p] = (p * (indices[i] + 1) / 3 % 2 == 0 ? 1.0f : 0.0f) * level;
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) grid.values(indices[i], out.subspan(2 * i, 2));
  }
  dis::data::Grid grid{{{"a", 3}, {"b", 4}}};
  float level = 1;
};
using Shape = Checks::image_shape_type;

static_assert(dis::data::factor_grid<BitGrid<Shape>>);

struct Folder {
  fs::path path = "bit_grid_test_files";
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

std::string message_of(std::function<void()> const& call) {
  try {
    call();
  } catch (dis::FileError const& error) {
    return error.what();
  }
  return "no FileError";
}

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("bit_grid: what is written is read") {
  Folder const folder;
  Checks const checks;
  dis::data::write_grid_npz(folder.path / "checks.npz", checks, {{1, 2, 3}, {0, 0.5, 1, 1.5}});
  BitGrid<Shape> const read(folder.path / "checks.npz", checks.factors());
  CHECK(read.size() == 12);
  CHECK(read.name() == "checks.npz");
  std::vector<std::size_t> indices(12);
  std::iota(indices.rbegin(), indices.rend(), std::size_t{0});
  std::vector<float> expected(12 * 70), found(12 * 70);
  checks.images(indices, expected);
  read.images(indices, found);
  CHECK(found == expected);
  std::vector<int> expected_labels(24), found_labels(24);
  checks.labels(indices, expected_labels);
  read.labels(indices, found_labels);
  CHECK(found_labels == expected_labels);
  CHECK(read.index(std::array{2, 1}) == 9);
  dis::io::NpzReader const file(folder.path / "checks.npz");
  CHECK(file.names() == std::vector<std::string>{"imgs", "latents_classes", "latents_values"});
  auto const values = file.read("latents_values").as<double>();
  CHECK(std::vector<double>(values.begin() + 3, values.begin() + 6) == std::vector{1.0, 1.0, 0.5});
}

TEST_CASE("bit_grid: images that are not black and white are not written, and no file appears") {
  Folder const folder;
  Checks checks;
  checks.level = 0.5f;
  CHECK_THROWS_AS(dis::data::write_grid_npz(folder.path / "grey.npz", checks), dis::ValueError);
  CHECK(!fs::exists(folder.path / "grey.npz"));
  checks.level = 1;
  CHECK_THROWS_AS(dis::data::write_grid_npz(folder.path / "grey.npz", checks, {{1, 2, 3}, {0, 1}}),
                  dis::ShapeError);
}

TEST_CASE("bit_grid: wrong files are named") {
  Folder const folder;
  Checks const checks;
  auto const path = folder.path / "wrong.npz";
  std::vector<std::uint8_t> pixels(12 * 70);
  std::vector<std::int64_t> classes(24);
  for (std::size_t i = 0; i < 12; ++i) {
    classes[2 * i] = static_cast<std::int64_t>(i / 4);
    classes[2 * i + 1] = static_cast<std::int64_t>(i % 4);
  }
  auto const write = [&](std::vector<std::size_t> const& shape, std::vector<std::size_t> const& class_shape) {
    dis::io::write_npz(
        path, {{"imgs", dis::io::ArrayView(shape, std::span<std::uint8_t const>(pixels))},
               {"latents_classes", dis::io::ArrayView(class_shape, std::span<std::int64_t const>(classes))}});
  };
  auto const read = [&] { BitGrid<Shape>(path, checks.factors()); };

  CHECK(contains(message_of(read), "no such file"));
  write({12, 5, 14}, {12, 2});
  CHECK_NOTHROW(read());
  write({12, 14, 5}, {12, 2});
  CHECK(contains(message_of(read), "found (12, 14, 5) of u1, expected (12, 5, 14) of u1"));
  write({12, 5, 14}, {6, 4});
  CHECK(contains(message_of(read), "found shape (6, 4), expected (12, 2) or one column more"));
  pixels[70 * 7 + 14 * 2 + 3] = 255;
  write({12, 5, 14}, {12, 2});
  CHECK(contains(message_of(read), "image 7, row 2, column 3 is 255, expected 0 or 1"));
  CHECK(contains(message_of(read), "wrong.npz"));
  pixels.assign(pixels.size(), 1);
  std::swap(classes[10], classes[14]);
  std::swap(classes[11], classes[15]);
  write({12, 5, 14}, {12, 2});
  CHECK(contains(message_of(read), "row 5, column 1 (b) is 3, expected 1: the images are in another order"));
  dis::io::write_npz(path,
                     {{"pictures", dis::io::ArrayView({12, 5, 14}, std::span<std::uint8_t const>(pixels))}});
  CHECK(contains(message_of(read), "no array named 'imgs'; it has pictures"));
  dis::io::write_npz(path,
                     {{"imgs", dis::io::ArrayView({12, 5, 14}, std::span<std::uint8_t const>(pixels))}});
  CHECK_NOTHROW(read());
}

TEST_CASE("bit_grid: a file cut off or with a changed byte is an error or the same images") {
  Folder const folder;
  Checks const checks;
  auto const path = folder.path / "whole.npz", broken = folder.path / "broken.npz";
  dis::data::write_grid_npz(path, checks);
  std::ifstream in(path, std::ios::binary);
  std::string const bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<std::size_t> indices(12);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::vector<float> expected(12 * 70), found(12 * 70);
  checks.images(indices, expected);
  int errors = 0;
  auto const attempt = [&](std::string const& content) {
    {
      std::ofstream out(broken, std::ios::binary | std::ios::trunc);
      out << content;
    }
    try {
      BitGrid<Shape> const read(broken, checks.factors());
      read.images(indices, found);
      CHECK(found == expected);
    } catch (dis::FileError const&) {
      ++errors;
    }
  };
  for (std::size_t length = 0; length < bytes.size(); length += 7) attempt(bytes.substr(0, length));
  CHECK(errors == static_cast<int>((bytes.size() + 6) / 7));
  errors = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    attempt(changed);
  }
  CHECK(errors > 0);
}

TEST_CASE("dsprites: a file of other extents is refused") {
  Folder const folder;
  dis::data::write_grid_npz(folder.path / "small.npz", Checks{});
  std::string const message =
      message_of([&] { static_cast<void>(dis::data::dsprites(folder.path / "small.npz")); });
  CHECK(contains(message, "found (12, 5, 14) of u1, expected (737280, 64, 64) of u1"));
}

// Writes and reads the whole data set: about a minute and 3.4 GB of inflated images, hence not by default.
// Run with --no-skip.
TEST_CASE("dsprites: the whole data set written and read back" * doctest::skip()) {
  Folder const folder;
  auto const rendered = dis::data::dsprites();
  dis::data::write_dsprites_npz(folder.path / "dsprites.npz", rendered);
  MESSAGE("file of " << fs::file_size(folder.path / "dsprites.npz") << " bytes");
  auto const read = dis::data::dsprites(folder.path / "dsprites.npz");
  CHECK(!read.rendered());
  std::vector<std::size_t> indices(1024);
  std::vector<float> expected(1024 * 4096), found(1024 * 4096);
  bool equal = true;
  for (std::size_t first = 0; first < rendered.size(); first += indices.size()) {
    std::iota(indices.begin(), indices.end(), first);
    rendered.images(indices, expected);
    read.images(indices, found);
    equal = equal && found == expected;
  }
  CHECK(equal);
}
