// SPDX-License-Identifier: Apache-2.0
#include <disentangle/train/group_action.hpp>

#include <tests/support/metric_laws.hpp>
#include <tests/support/tiny.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace dis = disentangle;
using namespace test_support;

namespace {

/// Codes blocks (brightness, x, y) by where they are and, if Mixed, by the product of that.
template <bool Mixed>
struct Positions {
  using image_shape_type = Blocks::image_shape_type;
  static constexpr std::size_t latent_size = 3;
  std::size_t encoded = 0;
  void encode(std::span<float const> images, std::span<float> mean, std::span<float>) {
    for (std::size_t i = 0; i * 64 < images.size(); ++i, ++encoded) {
      auto const image = images.subspan(i * 64, 64);
      auto const at = static_cast<std::size_t>(
          std::find_if(image.begin(), image.end(), [](float p) { return p > 0; }) - image.begin());
      auto const x = static_cast<float>(at % 8), y = static_cast<float>(at / 8);
      mean[i * 3] = x;
      mean[i * 3 + 1] = Mixed ? (x - 3) * (y - 3) * (y - 3) : y;
      mean[i * 3 + 2] = image[at];
    }
  }
};

/// The same images without the arithmetic of a grid.
struct Listed : Blocks {
  int index(std::span<int const>) const = delete;
};
static_assert(!dis::data::factor_grid<Listed>);

std::vector<dis::metric::FactorStep> const steps{{0, true}, {1, false}, {2, false}};

}  // namespace

TEST_CASE("steps of a grid's factors move the latents of a model that has one for each, and no others") {
  Positions<false> model;
  dis::metric::Score const score = dis::group_action(model, Blocks{}, steps, {}, {.variance = 1});
  CHECK(model.encoded == 32);
  CHECK(score.value < 1e-9);
  CHECK(score.part("equivariance_residual") < 1e-9);
  CHECK(score.part("moving_generators") == 3);
  CHECK(score.table("block_size").values == std::vector<double>{1, 1, 1});
  Positions<true> mixed;
  dis::metric::Score const worse = dis::group_action(mixed, Blocks{}, steps, {}, {.variance = 1});
  CHECK(worse.value > 0.05);
  CHECK(worse.part("equivariance_residual") > 0.02);
}

TEST_CASE("images listed one by one give the same pairs, and only images in pairs are encoded") {
  Positions<false> model;
  dis::EncodedData listed(model, Listed{}), grid(model, Blocks{});
  auto const of_list = dis::code_pairs(listed, steps), of_grid = dis::code_pairs(grid, steps);
  REQUIRE(of_list.generators.size() == 3);
  for (std::size_t g = 0; g < 3; ++g) {
    CHECK(of_list.generators[g].name == of_grid.generators[g].name);
    CHECK(of_list.generators[g].from.size() == of_grid.generators[g].from.size());
    for (std::size_t i = 0; i < of_list.generators[g].from.size(); ++i) {
      auto const before = of_list.codes.row(of_list.generators[g].from[i]),
                 after = of_list.codes.row(of_list.generators[g].to[i]);
      for (std::size_t l = 0; l < 3; ++l) CHECK((before[l] != after[l]) == (l == (g + 2) % 3));
    }
  }
  CHECK(of_grid.generators[0].from.size() == 32);
  CHECK(of_grid.generators[1].from.size() == 24);
  Positions<false> few;
  dis::EncodedData sampled(few, Listed{});
  auto const pairs = dis::code_pairs(sampled, steps, {.samples = 3});
  CHECK(pairs.generators[2].from.size() == 3);
  CHECK(few.encoded == pairs.codes.rows);
  CHECK(few.encoded <= 18);
}

TEST_CASE("a factor that there is not is named") {
  Positions<false> model;
  CHECK(dis::test::contains(dis::test::message_of<dis::ValueError>([&] {
                              (void)dis::group_action(model, Blocks{}, {{7, false}});
                            }),
                            "found factor 7"));
}
