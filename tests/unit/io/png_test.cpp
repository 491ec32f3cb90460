// SPDX-License-Identifier: Apache-2.0
// PNG: every kind of pixel becomes the 8-bit grey or RGB that it stands for; broken and absurd files are
// named.
#include <disentangle/io/png.hpp>

#include "png_files.hpp"
#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <random>

namespace io = disentangle::io;
using disentangle::FileError;
using disentangle::ShapeError;
using disentangle::ValueError;
using Pixels = std::vector<std::uint8_t>;

namespace {

template <std::size_t N>
io::Image8 decode(unsigned char const (&bytes)[N], int channels = 0,
                  io::Alpha alpha = io::Alpha::over_black) {
  return io::decode_png(std::as_bytes(std::span(bytes)), "small.png", channels, alpha);
}

}  // namespace

TEST_CASE("every kind of pixel") {
  CHECK(decode(test_support::png_grey1).pixels == Pixels{255, 0, 255, 0, 255, 0});
  CHECK(decode(test_support::png_grey1).channels == 1);
  CHECK(decode(test_support::png_grey8).pixels == Pixels{0, 128, 255, 7});
  CHECK(decode(test_support::png_grey8, 3).pixels == Pixels{0, 0, 0, 128, 128, 128, 255, 255, 255, 7, 7, 7});
  // 33023 / 257 = 128.49 and 128 / 257 = 0.498: rounded, not cut to the high byte alone
  CHECK(decode(test_support::png_grey16).pixels == Pixels{128, 0});
  CHECK(decode(test_support::png_rgb).pixels == Pixels{255, 0, 0, 10, 20, 30});
  CHECK(decode(test_support::png_rgb, 1).pixels == Pixels{76, 18});
  CHECK(decode(test_support::png_interlaced).pixels == Pixels{10, 20, 30, 40});
  auto const palette = decode(test_support::png_palette2, 3, io::Alpha::dropped);
  CHECK(palette.pixels == Pixels{1, 2, 3, 250, 0, 0, 0, 250, 0});
  CHECK(palette.channels == 3);
}

TEST_CASE("transparency is blended on black or dropped") {
  CHECK(decode(test_support::png_grey_alpha).pixels == Pixels{200, 40});
  CHECK(decode(test_support::png_grey_alpha, 1, io::Alpha::dropped).pixels == Pixels{200, 200});
  CHECK(decode(test_support::png_rgba).pixels == Pixels{255, 100, 0, 0, 0, 0});
  CHECK(decode(test_support::png_rgba, 3, io::Alpha::dropped).pixels == Pixels{255, 100, 0, 100, 50, 200});
  CHECK(decode(test_support::png_palette2).pixels == Pixels{1, 2, 3, 0, 0, 0, 0, 250, 0});
}

TEST_CASE("images survive a file") {
  test_support::ScratchFolder folder;
  std::mt19937 random(11);
  for (int const channels : {1, 3}) {
    for (auto const& [width, height] : {std::pair{1, 1}, {7, 5}, {200, 3}}) {
      io::Image8 image{width, height, channels, Pixels(static_cast<std::size_t>(width * height * channels))};
      for (auto& value : image.pixels) value = static_cast<std::uint8_t>(random());
      io::write_png(folder / "a.png", image);
      auto const back = io::read_png(folder / "a.png");
      CHECK(back.width == width);
      CHECK(back.height == height);
      CHECK(back.channels == channels);
      CHECK(back.pixels == image.pixels);
      auto const info = io::read_png_info(folder / "a.png");
      CHECK(info.width == width);
      CHECK(info.channels == channels);
      CHECK_FALSE(info.has_alpha);
    }
  }
}

TEST_CASE("faults are named") {
  test_support::ScratchFolder folder;
  CHECK_THROWS_WITH_AS(decode(test_support::png_rgb, 2), doctest::Contains("2 channels asked for"),
                       ValueError);
  CHECK_THROWS_AS(io::encode_png({2, 2, 3, Pixels(11)}), ShapeError);
  CHECK_THROWS_AS(io::encode_png({2, 2, 4, Pixels(16)}), ShapeError);
  CHECK_THROWS_AS(io::encode_png({0, 2, 1, {}}), ShapeError);
  io::write_file(folder / "text.png", "no picture at all, only text");
  CHECK_THROWS_WITH_AS(io::read_png(folder / "text.png"), doctest::Contains("text.png: not a readable PNG"),
                       FileError);
  CHECK_THROWS_WITH_AS(io::read_png(folder / "absent.png"), doctest::Contains("no such file"), FileError);

  auto const whole = io::encode_png({16, 16, 1, Pixels(256, 9)});
  auto broken = whole;
  broken[45] ^= std::byte{1};
  CHECK_THROWS_AS(io::decode_png(broken, "b.png"), FileError);
  CHECK_THROWS_WITH_AS(io::decode_png(std::span(whole).first(whole.size() - 12), "c.png"),
                       doctest::Contains("broken PNG after its pixels"), FileError);
}

TEST_CASE("a header that claims an absurd size costs no memory") {
  // The header of an image of 32000 x 2000 RGB pixels, with its right checksum, before nothing much.
  auto bytes = io::encode_png({2, 2, 3, Pixels(12)});
  auto const set = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      bytes[at + i] = static_cast<std::byte>((value >> (24 - 8 * i)) & 0xFF);
  };
  auto const checksum = [&] {
    std::uint32_t crc = 0xFFFFFFFFu;
    for (std::size_t i = 12; i < 29; ++i) {
      crc ^= std::to_integer<std::uint32_t>(bytes[i]);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
    }
    return ~crc;
  };
  set(16, 32000);
  set(20, 2000);
  set(29, checksum());
  CHECK_THROWS_WITH_AS(io::decode_png(bytes, "big.png"),
                       doctest::Contains("32000 x 2000 pixels cannot be in"), FileError);
  set(16, 100000);
  set(29, checksum());
  CHECK_THROWS_WITH_AS(io::decode_png(bytes, "big.png"), doctest::Contains("expected at most 32768 a side"),
                       FileError);
}
