// SPDX-License-Identifier: Apache-2.0
// Tests of io/idx.hpp and io/gzip.hpp.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/idx.hpp>

#include "scratch_folder.hpp"

namespace dis = disentangle;
namespace io = disentangle::io;
using test_support::ScratchFolder;
using test_support::to_bytes;

TEST_CASE("gzip: what was deflated is inflated, members are put together") {
  std::vector<std::uint8_t> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i * i >> 7);
  auto const bytes = std::as_bytes(std::span(values));
  auto const zipped = io::deflate_gzip(bytes);
  CHECK(io::is_gzip(zipped));
  CHECK(zipped.size() < bytes.size());
  CHECK(io::inflate_gzip(zipped, "a") == std::vector<std::byte>(bytes.begin(), bytes.end()));
  auto twice = zipped;
  twice.insert(twice.end(), zipped.begin(), zipped.end());
  CHECK(io::inflate_gzip(twice, "a").size() == 200'000);
  CHECK(io::inflate_gzip(io::deflate_gzip({}), "a").empty());
  CHECK(io::inflate_gzip(zipped, "a", 100'000).size() == 100'000);
  CHECK_THROWS_WITH_AS(io::inflate_gzip(zipped, "a", 99'999), "a: inflates to more than 99999 bytes",
                       dis::FileError);
}

TEST_CASE("gzip: damage is named") {
  auto const zipped = io::deflate_gzip(to_bytes("two hundred and fifty-six labelled images"));
  for (std::size_t n = 2; n < zipped.size(); ++n) {
    CHECK_THROWS_AS(io::inflate_gzip(std::span(zipped).first(n), "a"), dis::FileError);
  }
  auto damaged = zipped;
  damaged[zipped.size() - 6] ^= std::byte{1};  // the checksum
  CHECK_THROWS_WITH_AS(io::inflate_gzip(damaged, "a"), "a: corrupt compressed data: incorrect data check",
                       dis::FileError);
  damaged = zipped;
  damaged.push_back(std::byte{7});
  CHECK_THROWS_WITH_AS(io::inflate_gzip(damaged, "a"),
                       "a: found 1 bytes after the end of the compressed data, expected none",
                       dis::FileError);
}

TEST_CASE("idx: elements of every type, big-endian") {
  auto const array = io::parse_idx(
      to_bytes(std::string("\0\0\x08\x02\0\0\0\x02\0\0\0\x03\x01\x02\x03\x04\x05\x06", 18)), "a");
  CHECK(array.shape == std::vector<std::size_t>{2, 3});
  CHECK(array.as<int>("a") == std::vector{1, 2, 3, 4, 5, 6});
  auto const one = [](char type, std::string const& element) {
    return io::parse_idx(to_bytes(std::string("\0\0", 2) + type + std::string("\x01\0\0\0\x01", 5) + element),
                         "a")
        .as<double>("a")[0];
  };
  CHECK(one('\x09', "\xFF") == -1);
  CHECK(one('\x0B', "\xFF\xFE") == -2);
  CHECK(one('\x0C', std::string("\0\x01\0\0", 4)) == 65536);
  CHECK(one('\x0D', std::string("\x3F\xC0\0\0", 4)) == 1.5);
  CHECK(one('\x0E', std::string("\xBF\xE0\0\0\0\0\0\0", 8)) == -0.5);
}

TEST_CASE("idx: a file, plain and gzipped") {
  ScratchFolder const folder;
  std::vector<std::uint8_t> values(24);
  std::iota(values.begin(), values.end(), std::uint8_t{0});
  auto const bytes = io::idx_bytes(std::vector<std::size_t>{2, 3, 4}, values);
  io::write_file(folder / "plain", bytes);
  io::write_file(folder / "zipped", io::deflate_gzip(bytes));  // by its content, not its name
  for (char const* name : {"plain", "zipped"}) {
    auto const array = io::read_idx(folder / name);
    CHECK(array.shape == std::vector<std::size_t>{2, 3, 4});
    CHECK(array.view<std::uint8_t>()[23] == 23);
  }
  CHECK(io::plain_or_gzipped(folder / "plain") == folder / "plain");
  CHECK_THROWS_AS(io::plain_or_gzipped(folder / "none"), dis::FileError);
  CHECK_THROWS_AS(io::idx_bytes(std::vector<std::size_t>{5, 5}, values), dis::ShapeError);
}

TEST_CASE("idx: other files are refused with what was found") {
  auto const parse = [](std::string const& text) { static_cast<void>(io::parse_idx(to_bytes(text), "a")); };
  CHECK_THROWS_WITH_AS(parse("\x08"), "a: found 1 bytes, expected an IDX file of at least 4", dis::FileError);
  CHECK_THROWS_WITH_AS(
      parse("PK\x03\x04"),
      "a: not an IDX file: starts with 0x504B0304, expected two zero bytes and a type of 08, 09, 0B .. 0E",
      dis::FileError);
  CHECK_THROWS_WITH_AS(parse(std::string("\0\0\x08\x03\0\0", 6)),
                       "a: truncated: found 6 bytes, expected a header of 16 for 3 dimensions",
                       dis::FileError);
  CHECK_THROWS_WITH_AS(parse(std::string("\0\0\x08\x01\0\0\0\x05"
                                         "ab",
                                         10)),
                       "a: found 2 bytes of elements, expected an array of (5,) of u1", dis::FileError);
  CHECK_THROWS_AS(parse(std::string("\0\0\x0E\x03\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16)),
                  dis::FileError);
}
