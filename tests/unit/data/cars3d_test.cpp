// SPDX-License-Identifier: Apache-2.0
// Tests of io/mat5.hpp and data/cars3d.hpp on files of the layout.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <disentangle/data/cars3d.hpp>
#include <disentangle/io/atomic_file.hpp>

#include "mat5_files.hpp"
#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
namespace io = disentangle::io;
using namespace test_support;

namespace {

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

/// Views whose pixels are all car * 100 + azimuth * 4 + elevation, but for the red of row 0, column 1.
std::string car_file(int car) {
  std::string bytes;
  for (int elevation = 0; elevation < 4; ++elevation) {
    for (int azimuth = 0; azimuth < 24; ++azimuth) {
      std::string image(128 * 128 * 3, static_cast<char>(car * 100 + azimuth * 4 + elevation));
      image[128] = '\xFF';  // columns first
      bytes += image;
    }
  }
  return mat5_file(mat5_array("mask", {1, 1}, "x") +
                   mat5_compressed(mat5_array("im", {128, 128, 3, 24, 4}, bytes)));
}

}  // namespace

TEST_CASE("mat5: numbers in C order, plain and compressed; other kinds are passed over") {
  std::string const text = mat5_file(
      mat5_array("text", {1, 2}, "ab", 4, 16) + mat5_array("a", {2, 3}, std::string("\1\2\3\4\5\6", 6)) +
      mat5_compressed(mat5_array("doubles", {1, 2}, std::string("\7\x08", 2), 6)));
  auto const arrays = io::parse_mat5(to_bytes(text), "a.mat");
  CHECK(arrays.size() == 2);
  CHECK(arrays.at("a").shape == std::vector<std::size_t>{2, 3});
  CHECK(arrays.at("a").as<int>("a") == std::vector{1, 3, 5, 2, 4, 6});
  CHECK(arrays.at("doubles").as<double>("doubles") == std::vector{7.0, 8.0});
}

TEST_CASE("mat5: damage is named") {
  auto const parse = [](std::string const& text) {
    return message_of([&] { static_cast<void>(io::parse_mat5(to_bytes(text), "a.mat")); });
  };
  CHECK(contains(parse("MATLAB"), "a.mat: found 6 bytes, expected a MAT file of at least 128"));
  CHECK(contains(parse(std::string(128, ' ')),
                 "not a little-endian MAT file of level 5: bytes 124 .. 127 are 0x20202020"));
  std::string const valid = mat5_file(mat5_array("a", {2, 3}, std::string("\1\2\3\4\5\6", 6)));
  CHECK(contains(parse(valid.substr(0, valid.size() - 1)), "truncated: an element of"));
  CHECK(contains(parse(mat5_file(mat5_array("a", {2, 4}, "abcdef"))),
                 "a.mat:a: found 6 bytes of type 2, expected numbers for an array of (2, 4)"));
  CHECK(contains(parse(mat5_file(mat5_array("a", {-2, -3}, "abcdef"))),
                 "a.mat:a: found an extent of -2, expected 0 or more"));
  CHECK(contains(parse(mat5_file(mat5_element(14, mat5_element(5, "abcdefgh")))),
                 "a.mat: truncated in the tag of an element"));
  CHECK(contains(parse(mat5_file(mat5_word(15) + mat5_word(4) + "abcd")), "a.mat: corrupt compressed data"));
}

TEST_CASE("cars3d: views and cars in their places") {
  ScratchFolder const folder;
  io::write_file(folder / "car_002_mesh.mat", car_file(1));
  io::write_file(folder / "car_001_mesh.mat", car_file(0));
  io::write_file(folder / "list.txt", "car_001_mesh\n");
  auto const data = dis::data::cars3d<dis::ImageShape<128, 128, 3>>(folder.path());
  CHECK(data.size() == 192);
  CHECK(data.factors() == std::vector<dis::Factor>{{"elevation", 4}, {"azimuth", 24}, {"car", 2}});
  std::vector<float> image(128 * 128 * 3);
  std::size_t const index = data.index(std::array{3, 20, 1});
  data.images({&index, 1}, image);
  CHECK(image[0] == 183 * (1.0f / 255));
  CHECK(image[3] == 1.0f);  // row 0, column 1, red
  CHECK(image[4] == 183 * (1.0f / 255));
  auto const resized = dis::data::cars3d(folder.path());
  std::vector<float> small_image(64 * 64 * 3);
  resized.images({&index, 1}, small_image);
  CHECK(small_image[0] == 201 * (1.0f / 255));  // (3 * 183 + 255) / 4
  CHECK(small_image[3] == 183 * (1.0f / 255));
}

TEST_CASE("cars3d: what is missing or wrong is named") {
  ScratchFolder const folder;
  auto const read = [&] { static_cast<void>(dis::data::cars3d(folder.path())); };
  CHECK(contains(message_of(read), "found no .mat file, expected car_001_mesh.mat and others"));
  CHECK(contains(message_of([&] { static_cast<void>(dis::data::cars3d(folder / "none")); }),
                 "cannot list the folder"));
  io::write_file(folder / "a.mat", mat5_file(mat5_array("mask", {1, 1}, "x")));
  CHECK(contains(message_of(read), "a.mat: found no array 'im', expected one"));
  io::write_file(folder / "a.mat", mat5_file(mat5_array("im", {1, 1}, "x")));
  CHECK(contains(message_of(read), "a.mat:im: found (1, 1) of u1, expected (128, 128, 3, 24, 4) of u1"));
}
