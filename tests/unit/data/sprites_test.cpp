// SPDX-License-Identifier: Apache-2.0
// Tests of data/sprites.hpp: on sheets written here, and on the real ones where they are present.
#include <doctest/doctest.h>

#include <spng.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/data/sprites.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/unit/io/scratch_folder.hpp"

namespace dis = disentangle;
namespace fs = std::filesystem;
using dis::data::Sprites;
static_assert(dis::data::factor_grid<Sprites>);

namespace {

/// A sheet that covers the columns first .. 63 of each tile with (value, row, frame), the others transparent.
void write_sheet(fs::path const& path, int value, int first, int width = 832) {
  std::vector<std::uint8_t> rgba;
  for (int y = 0; y < 1344; ++y) {
    for (int x = 0; x < width; ++x) {
      rgba.push_back(static_cast<std::uint8_t>(value));
      rgba.push_back(static_cast<std::uint8_t>(y / 64));
      rgba.push_back(static_cast<std::uint8_t>(x / 64));
      rgba.push_back(x % 64 >= first ? 255 : 100);
    }
  }
  spng_ctx* const context = spng_ctx_new(SPNG_CTX_ENCODER);
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(width);
  header.height = 1344;
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
  spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
  spng_set_option(context, SPNG_IMG_COMPRESSION_LEVEL, 1);
  spng_set_ihdr(context, &header);
  REQUIRE(spng_encode_image(context, rgba.data(), rgba.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE) == 0);
  std::size_t size = 0;
  int code = 0;
  void* const memory = spng_get_png_buffer(context, &size, &code);
  dis::io::write_file(path, std::span(static_cast<std::byte const*>(memory), size));
  std::free(memory);
  spng_ctx_free(context);
}

}  // namespace

TEST_CASE("sprites: sheets are laid on each other in their order, tile by tile") {
  test_support::ScratchFolder const folder;
  // Each part covers less than the part under it.
  std::array<char const*, 6> const order{"body", "shoes", "bottomwear", "topwear", "eyes", "hair"};
  for (int k = 0; k < 6; ++k) {
    fs::create_directories(folder / order[static_cast<std::size_t>(k)]);
    write_sheet(folder / order[static_cast<std::size_t>(k)] / "0.png", 10 * (k + 1), 10 * k);
  }
  write_sheet(folder / "eyes" / "1.png", 99, 40);
  auto const data = dis::data::sprites(folder.path());
  CHECK(data.factors() == std::vector<dis::Factor>{{"bottomwear", 1},
                                                   {"topwear", 1},
                                                   {"hair", 1},
                                                   {"eyes", 2},
                                                   {"shoes", 1},
                                                   {"body", 1},
                                                   {"action", 5},
                                                   {"rotation", 4},
                                                   {"frame", 6}});
  CHECK(data.size() == 240);
  std::vector<float> image(64 * 64 * 3);
  std::size_t const index = data.index(std::array{0, 0, 0, 1, 0, 0, 3, 2, 5});
  std::size_t const before = dis::test::allocations();
  data.images({&index, 1}, image);
  CHECK(dis::test::allocations() == before);
  for (int x = 0; x < 64; ++x) {
    auto const at = static_cast<std::size_t>((17 * 64 + x) * 3);
    int const red[] = {10, 20, 30, 40, 99, 60, 60};
    CHECK(image[at] == static_cast<float>(red[x / 10]) * (1.0f / 255));
    CHECK(image[at + 1] == 14 * (1.0f / 255));
    CHECK(image[at + 2] == 5 * (1.0f / 255));
  }
  auto const without_back = dis::data::sprites(folder.path(), false);
  CHECK(without_back.size() == 180);
  std::vector<float> same(image.size());
  std::size_t const there = without_back.index(std::array{0, 0, 0, 1, 0, 0, 3, 1, 5});
  without_back.images({&there, 1}, same);
  CHECK(same == image);

  write_sheet(folder / "hair" / "1.png", 1, 0, 64);
  CHECK_THROWS_WITH_AS(dis::data::sprites(folder.path()),
                       ((folder / "hair" / "1.png").string() +
                        ": found a sheet of 64 x 1344, expected 832 x 1344: 13 x 21 tiles of 64 x 64")
                           .c_str(),
                       dis::FileError);
  fs::remove_all(folder / "hair");
  CHECK_THROWS_AS(dis::data::sprites(folder.path()), dis::FileError);
}

TEST_CASE("sprites: the real sheets") {
  fs::path const folder = fs::path(DISENTANGLE_SHARED_DIR) / "data" / "sprites_lpc";
  if (!fs::exists(folder)) {
    MESSAGE("the real sheets are not present: " << folder.string());
    return;
  }
  auto const data = dis::data::sprites(folder);
  CHECK(data.size() == 6'174'000);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < 100; ++i) indices.push_back(i * 61'739);
  std::vector<float> images(100 * 64 * 64 * 3);
  data.images(indices, images);
  std::set<std::vector<float>> different;
  for (std::size_t i = 0; i < 100; ++i) {
    auto const first = images.begin() + static_cast<std::ptrdiff_t>(i * 64 * 64 * 3);
    std::vector<float> const image(first, first + 64 * 64 * 3);
    int covered = 0;
    for (std::size_t p = 0; p < 64 * 64; ++p)
      covered += image[3 * p] + image[3 * p + 1] + image[3 * p + 2] > 0;
    CHECK(covered > 400);
    CHECK(covered < 2500);
    different.insert(image);
  }
  CHECK(different.size() > 95);
}
