// SPDX-License-Identifier: Apache-2.0
// Reconstructions: pairs of rows, originals above what the model makes of them.
#include <disentangle/report/reconstructions.hpp>

#include "discs.hpp"
#include "tests/unit/io/scratch_folder.hpp"

#include <doctest/doctest.h>

namespace report = disentangle::report;

TEST_CASE("a model that reconstructs nearly exactly gives nearly equal rows") {
  test_support::ScratchFolder folder;
  test_support::Discs const data;
  test_support::DiscModel<32> model;
  report::reconstructions(model, data, folder / "r.png", {.count = 4, .rows = 1, .zoom = 1});
  auto const image = disentangle::io::read_png(folder / "r.png", 1);
  auto const at = [&](int x, int y) { return image.pixels[static_cast<std::size_t>(y * image.width + x)]; };
  // The grid ends at the margin of 20; rows are 32 high with a gap of 4.
  int const top = image.height - 20 - 2 * 32 - 4, left = image.width - 20 - 4 * 32 - 3 * 4;
  int bright = 0, different = 0;
  for (int c = 0; c < 4; ++c) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) {
        int const original = at(left + c * 36 + x, top + y),
                  model_value = at(left + c * 36 + x, top + 36 + y);
        bright += original > 200;
        different += std::abs(original - model_value) > 100;
      }
    }
  }
  CHECK(bright > 4 * 20);
  CHECK(different < bright / 10);
}

TEST_CASE("a data set smaller than the picture is gone through again; counts below one are refused") {
  test_support::Discs const data;
  test_support::DiscModel<32> model;
  auto const canvas = report::draw_reconstructions(model, data, {.count = 20, .rows = 5, .zoom = 1});
  CHECK(canvas.width() > 20 * 32);
  CHECK_THROWS_AS(report::draw_reconstructions(model, data, {.count = 0}), disentangle::ValueError);
}
