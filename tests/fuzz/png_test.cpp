// SPDX-License-Identifier: Apache-2.0
// Damaged PNG files, with wrong and with repaired checksums: success or a named error, whatever the bytes.
#include <disentangle/io/png.hpp>

#include "corrupt.hpp"

#include "tests/unit/io/png_files.hpp"

#include <zlib.h>

namespace {

namespace io = disentangle::io;

void read_everything(fuzz::Bytes bytes) {
  (void)io::decode_png(bytes, "fuzz.png", 0);
  (void)io::decode_png(bytes, "fuzz.png", 1, io::Alpha::dropped);
  (void)io::decode_png_rgba(bytes, "fuzz.png");
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
namespace {

/// Makes the checksum of every chunk right, so that the damage reaches the parts behind it.
void repair_checksums(fuzz::Bytes& bytes) {
  std::size_t at = 8;
  while (at + 12 <= bytes.size()) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | std::to_integer<std::size_t>(bytes[at + i]);
    if (length > bytes.size() - at - 12) return;
    auto const crc = crc32(crc32(0, nullptr, 0), reinterpret_cast<Bytef const*>(bytes.data() + at + 4),
                           static_cast<uInt>(length + 4));
    for (std::size_t i = 0; i < 4; ++i)
      bytes[at + 8 + length + i] = static_cast<std::byte>((crc >> (24 - 8 * i)) & 0xFF);
    at += 12 + length;
  }
}

template <std::size_t N>
void check(unsigned char const (&file)[N], std::uint32_t seed) {
  auto const* first = reinterpret_cast<std::byte const*>(file);
  fuzz::Bytes const valid(first, first + N);
  CHECK_NOTHROW(read_everything(valid));
  CHECK(fuzz::damage(valid, read_everything, 1000, seed).refused > 500);
  auto const repaired = [](fuzz::Bytes bytes) {
    repair_checksums(bytes);
    read_everything(std::move(bytes));
  };
  CHECK(fuzz::damage(valid, repaired, 3000, seed + 100).refused > 500);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 23));
}

}  // namespace

TEST_CASE("grey of 1 bit") { check(test_support::png_grey1, 1); }
TEST_CASE("grey of 8 bits") { check(test_support::png_grey8, 2); }
TEST_CASE("grey of 16 bits") { check(test_support::png_grey16, 3); }
TEST_CASE("grey with alpha") { check(test_support::png_grey_alpha, 4); }
TEST_CASE("RGB") { check(test_support::png_rgb, 5); }
TEST_CASE("RGB with alpha") { check(test_support::png_rgba, 6); }
TEST_CASE("palette with transparency") { check(test_support::png_palette2, 7); }
TEST_CASE("interlaced") { check(test_support::png_interlaced, 8); }
#endif
