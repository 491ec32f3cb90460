// SPDX-License-Identifier: Apache-2.0
// Traversals: one row per latent, the latent moves, the others stand; the picture is written.
#include <disentangle/report/traversals.hpp>

#include "discs.hpp"
#include "tests/unit/io/scratch_folder.hpp"

#include <doctest/doctest.h>

namespace report = disentangle::report;

namespace {

/// Discs without the look-up by factor values, as a folder of images is.
struct LooseDiscs {
  using image_shape_type = test_support::Discs::image_shape_type;
  std::string name() const { return "loose"; }
  std::size_t size() const { return discs.size(); }
  std::vector<disentangle::Factor> const& factors() const { return labelled ? discs.factors() : none; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    discs.images(indices, out);
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    if (labelled) discs.labels(indices, out);
  }
  test_support::Discs discs{};
  std::vector<disentangle::Factor> none{};
  bool labelled = true;
};

}  // namespace

TEST_CASE("the middle image is that of middle factors, grid or not") {
  test_support::Discs const grid;
  CHECK(report::middle_image(grid) == 36 + 3 * 6 + 3);
  CHECK(report::middle_image(LooseDiscs{}) == 36 + 3 * 6 + 3);
  CHECK(report::middle_image(LooseDiscs{.labelled = false}) == 0);
}

TEST_CASE("a picture with a row per latent") {
  test_support::ScratchFolder folder;
  test_support::Discs const data;
  test_support::DiscModel<32> model;
  report::traversals(model, data, folder / "traversals.png", {.columns = 7, .zoom = 2});
  auto const image = disentangle::io::read_png(folder / "traversals.png");
  CHECK(image.width > 7 * 64);
  CHECK(image.height > 5 * 64);
  CHECK(image.height < 8 * 64);
  auto const less = report::draw_traversals(model, data, {.columns = 7, .max_latents = 2, .zoom = 2});
  CHECK(less.height() == image.height - 3 * (64 + 4));
  auto const unlabelled =
      report::draw_traversals(model, LooseDiscs{.labelled = false}, {.images = 20, .zoom = 2});
  CHECK(unlabelled.width() > 640);
}

TEST_CASE("only the latent of a row moves") {
  test_support::Discs const data;
  // Remembers the codes that it is asked to decode.
  struct Recorder : test_support::DiscModel<32> {
    void decode(std::span<float const> codes, std::span<float> images) {
      seen.assign(codes.begin(), codes.end());
      test_support::DiscModel<32>::decode(codes, images);
    }
    std::vector<float> seen;
  } model;
  report::draw_traversals(model, data, {.low = -1, .high = 1, .columns = 3, .reference = 10});
  REQUIRE(model.seen.size() == 5 * 3 * 5);
  std::size_t const index = 10;
  auto const code = disentangle::data::encode_images(model, data, std::span(&index, 1)).mean;
  auto const order = report::summarise_latents(model, data);
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t l = 0; l < 5; ++l) {
        float const expected = l == order[r].latent ? static_cast<float>(c) - 1 : code[l];
        CHECK(model.seen[(r * 3 + c) * 5 + l] == expected);
      }
    }
  }
}

TEST_CASE("options out of range are named") {
  test_support::Discs const data;
  test_support::DiscModel<32> model;
  CHECK_THROWS_AS(report::draw_traversals(model, data, {.columns = 1}), disentangle::ValueError);
  CHECK_THROWS_AS(report::draw_traversals(model, data, {.low = 1, .high = 1}), disentangle::ValueError);
  CHECK_THROWS_WITH_AS(report::draw_traversals(model, data, {.reference = 72}),
                       doctest::Contains("reference image 72, expected less than 72"),
                       disentangle::ValueError);
}
