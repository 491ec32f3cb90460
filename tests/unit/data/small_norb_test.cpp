// SPDX-License-Identifier: Apache-2.0
// Tests of io/norb_matrix.hpp and data/small_norb.hpp on small files of the layout. (All 48,600 pairs would
// be 900 MB.)
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <disentangle/data/small_norb.hpp>
#include <disentangle/io/atomic_file.hpp>

#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
namespace io = disentangle::io;
using test_support::ScratchFolder;
using test_support::to_bytes;

namespace {

std::string word(std::uint32_t value) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}
std::string header(std::uint32_t magic, std::vector<std::uint32_t> const& shape) {
  std::string text = word(magic) + word(static_cast<std::uint32_t>(shape.size()));
  for (std::size_t d = 0; d < std::max<std::size_t>(3, shape.size()); ++d)
    text += word(d < shape.size() ? shape[d] : 1);
  return text;
}
std::string integers(std::vector<std::uint32_t> const& shape, std::vector<int> const& values) {
  std::string text = header(0x1E3D4C54, shape);
  for (int const value : values) text += word(static_cast<std::uint32_t>(value));
  return text;
}
/// Pairs of which the left image of pair i is i + 1 and the right one 200.
std::string pairs(std::uint32_t n) {
  std::string text = header(0x1E3D4C55, {n, 2, 96, 96});
  for (std::uint32_t i = 0; i < n; ++i)
    text += std::string(96 * 96, static_cast<char>(i + 1)) + std::string(96 * 96, '\xC8');
  return text;
}
template <class Call>
std::string message_of(Call const& call) {
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

TEST_CASE("norb_matrix: extents, filled up to three, and types") {
  auto const one = io::parse_norb_matrix(to_bytes(integers({3}, {7, -1, 2})), "a");
  CHECK(one.shape == std::vector<std::size_t>{3});
  CHECK(one.as<int>("a") == std::vector{7, -1, 2});
  auto const images = io::parse_norb_matrix(to_bytes(pairs(2)), "a");
  CHECK(images.shape == std::vector<std::size_t>{2, 2, 96, 96});
  CHECK(images.dtype == io::DType::u1);
  auto const parse = [](std::string const& text) {
    return message_of([&] { static_cast<void>(io::parse_norb_matrix(to_bytes(text), "a")); });
  };
  CHECK(contains(parse("abc"), "a: found 3 bytes, expected a NORB matrix of at least 20"));
  CHECK(contains(parse(std::string(20, 'x')), "a: not a NORB matrix: starts with 0x78787878"));
  CHECK(
      contains(parse(integers({3}, {7, -1})), "found 8 bytes of elements, expected an array of (3,) of i4"));
  CHECK(contains(parse(header(0x1E3D4C55, {1, 2, 3, 4}).substr(0, 20)),
                 "found 4 dimensions in a file of 20 bytes"));
  CHECK(contains(parse(word(0x1E3D4C55) + word(0xFFFFFFFF) + std::string(20, 'x')),
                 "found 4294967295 dimensions"));
}

TEST_CASE("small_norb: pairs go to the places of their factor values") {
  ScratchFolder const folder;
  io::write_file(folder / "dat", io::deflate_gzip(to_bytes(pairs(3))));
  io::write_file(folder / "cat", integers({3}, {0, 4, 2}));
  // toy, elevation, azimuth in tens of degrees, lighting
  io::write_file(folder / "info", integers({3, 4}, {0, 0, 0, 0, 9, 8, 34, 5, 3, 1, 10, 2}));
  dis::data::Grid const grid(dis::data::small_norb_factors());
  CHECK(grid.size() == 48'600);
  using Shape = dis::ImageShape<4, 4, 1>;
  std::vector<std::uint8_t> pixels(grid.size() * Shape::size);
  std::vector<bool> seen(grid.size());
  auto const place = [&] {
    dis::data::detail::place_small_norb<Shape>(folder / "dat", folder / "cat", folder / "info", grid, pixels,
                                               seen);
  };
  place();
  CHECK(pixels[0] == 1);
  CHECK(pixels[grid.index(std::array{4, 9, 8, 17, 5}) * 16 + 15] == 2);
  CHECK(pixels[grid.index(std::array{2, 3, 1, 5, 2}) * 16] == 3);
  CHECK(std::ranges::count(seen, true) == 3);
  CHECK(contains(message_of(place), "info: row 0: an image of these factor values was there before"));
  seen.assign(grid.size(), false);
  io::write_file(folder / "info", integers({3, 4}, {0, 0, 0, 0, 9, 8, 33, 5, 3, 1, 10, 2}));
  CHECK(contains(message_of(place), "info: row 1: factor 'azimuth' has no value -1 (0 .. 17)"));
  io::write_file(folder / "cat", integers({3}, {5, 4, 2}));
  CHECK(contains(message_of(place), "cat: row 0: factor 'kind' has no value 5 (0 .. 4)"));
  io::write_file(folder / "cat", integers({2}, {5, 4}));
  CHECK(contains(message_of(place), "info: found (3, 4) of i4, expected (2, 4) of i4"));
}

TEST_CASE("small_norb: a folder that lacks files or images") {
  ScratchFolder const folder;
  auto const read = [&] { static_cast<void>(dis::data::small_norb(folder.path())); };
  CHECK(
      contains(message_of(read), "smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat: no such file, and no"));
  for (std::string const start :
       {"smallnorb-5x46789x9x18x6x2x96x96-training-", "smallnorb-5x01235x9x18x6x2x96x96-testing-"}) {
    io::write_file(folder / (start + "dat.mat"), pairs(1));
    io::write_file(folder / (start + "cat.mat.gz"), io::deflate_gzip(to_bytes(integers({1}, {0}))));
    int const toy = start.ends_with("testing-") ? 0 : 4;
    io::write_file(folder / (start + "info.mat"), integers({1, 4}, {toy, 0, 0, 0}));
  }
  CHECK(contains(message_of(read),
                 "48598 of the 48600 combinations of factor values have no image, expected one of each"));
}
