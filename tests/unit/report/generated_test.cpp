// SPDX-License-Identifier: Apache-2.0
// Grids of a generator: samples of its prior, and traversals that change one number of a code.
#include <disentangle/report/generated.hpp>

#include "tests/unit/io/scratch_folder.hpp"

#include <disentangle/core/shape.hpp>

#include <doctest/doctest.h>

#include <span>

namespace report = disentangle::report;

namespace {

/// Draws 0.1 for every number of a code, remembers what it was asked to decode, and paints the mean of a
/// code.
struct Painter {
  using image_shape_type = disentangle::ImageShape<4, 4, 1>;
  static constexpr std::size_t latent_size = 3;
  std::uint64_t number = 99;
  std::vector<float> decoded{};
  void draw_codes(std::span<float> codes, std::uint64_t number_) {
    number = number_;
    std::fill(codes.begin(), codes.end(), 0.1f);
  }
  void decode(std::span<float const> codes, std::span<float> images) {
    decoded.assign(codes.begin(), codes.end());
    for (std::size_t i = 0; i < images.size(); ++i) {
      std::size_t const row = i / image_shape_type::size;
      images[i] = 0.5f + 0.1f * (codes[row * 3] + 2 * codes[row * 3 + 1]);
    }
  }
};

}  // namespace

TEST_CASE("samples are images of codes that the prior draws") {
  Painter painter;
  test_support::ScratchFolder const folder;
  report::samples(painter, folder / "samples.png", {.rows = 2, .columns = 3, .number = 7});
  CHECK(painter.number == 7);
  CHECK(painter.decoded == std::vector<float>(2 * 3 * 3, 0.1f));
  CHECK(std::filesystem::file_size(folder / "samples.png") > 100);
  CHECK_THROWS_WITH_AS(report::draw_samples(painter, {.rows = 0}),
                       "samples: found a grid of 0 x 10, expected at least 1 x 1", disentangle::ValueError);
}

TEST_CASE("a row of a traversal changes one number of one code") {
  Painter painter;
  report::draw_code_traversals(painter, {.low = -1, .high = 1, .columns = 3, .number = 4});
  CHECK(painter.number == 4);
  std::vector<float> expected;
  for (int k = 0; k < 3; ++k) {
    for (float const value : {-1.0f, 0.0f, 1.0f}) {
      for (int l = 0; l < 3; ++l) expected.push_back(l == k ? value : 0.1f);
    }
  }
  CHECK(painter.decoded == expected);
  test_support::ScratchFolder const folder;
  report::code_traversals(painter, folder / "traversals.png");
  CHECK(std::filesystem::exists(folder / "traversals.png"));
  CHECK_THROWS_AS(report::draw_code_traversals(painter, {.columns = 1}), disentangle::ValueError);
  CHECK_THROWS_AS(report::draw_code_traversals(painter, {.low = 1, .high = 1}), disentangle::ValueError);
}
