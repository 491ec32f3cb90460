// SPDX-License-Identifier: Apache-2.0
// Pictures of classes: which codes are decoded for which place, how the pictures are laid out.
#include <disentangle/report/class_sheets.hpp>

#include "discs.hpp"

#include <doctest/doctest.h>

namespace report = disentangle::report;

namespace {

/// Remembers the codes that it decodes; one z, and u of two classes in the three columns behind it.
struct Recorder : test_support::DiscModel<32> {
  std::vector<float> codes{};
  void decode(std::span<float const> asked, std::span<float> images) {
    codes.assign(asked.begin(), asked.end());
    std::fill(images.begin(), images.end(), 0.5f);
  }
};

disentangle::ClassCodes classes_of(std::size_t latents) {
  disentangle::ClassCodes codes;
  codes.independent = 1;
  codes.sizes = {2};
  codes.widths = {latents - 1};
  codes.frequencies = {0.5, 0.5};
  codes.means.assign(2 * (latents - 1), 10);
  std::fill_n(codes.means.begin(), latents - 1, -10.0f);
  codes.deviations.assign(2 * (latents - 1), 0.5f);
  return codes;
}

}  // namespace

TEST_CASE("a row of draws for each class, the same z in a column") {
  Recorder model;
  std::size_t const n = model.latent_size;
  auto const sheet =
      report::draw_class_samples(model, classes_of(n), {.columns = 4, .names = {"one", "two"}, .zoom = 1});
  REQUIRE(model.codes.size() == 2 * 4 * n);
  CHECK(sheet.width() > 4 * 32);
  for (std::size_t c = 0; c < 4; ++c) {
    float const *const one = model.codes.data() + c * n, *const two = one + 4 * n;
    CHECK(one[0] == two[0]);
    CHECK(one[1] < -5);
    CHECK(two[1] > 5);
  }
  CHECK(model.codes[0] != model.codes[n]);
}

TEST_CASE("a traversal moves one latent from the middle of the class over quantiles of its own law") {
  Recorder model;
  std::size_t const n = model.latent_size;
  report::draw_class_traversals(model, classes_of(n), 1, {.zoom = 1});
  REQUIRE(model.codes.size() == n * 10 * n);
  for (std::size_t row = 0; row < n; ++row) {
    for (std::size_t c = 0; c < 10; ++c) {
      for (std::size_t d = 0; d < n; ++d) {
        float const middle = d == 0 ? 0.0f : 10.0f;
        float const code = model.codes[(row * 10 + c) * n + d];
        if (d != row) CHECK(code == middle);
        if (d == row && c == 9)
          CHECK(code == doctest::Approx(middle + (d == 0 ? 3.0902f : 1.5451f)).epsilon(1e-4));
        if (d == row && c == 0) CHECK(code < middle);
      }
    }
  }
  CHECK_THROWS_AS(report::draw_class_traversals(model, classes_of(n), 2), disentangle::ValueError);
}

TEST_CASE("a swap has z of its row and u of its column; interpolation goes from end to end") {
  Recorder model;
  test_support::Discs const data;
  std::size_t const n = model.latent_size;
  std::size_t const rows[] = {0, 7}, columns[] = {20, 33, 40};
  auto const z = disentangle::data::encode_images(model, data, rows).mean,
             u = disentangle::data::encode_images(model, data, columns).mean;
  auto const sheet = report::draw_swaps(model, classes_of(n), data, rows, columns, {.zoom = 1});
  CHECK(sheet.height() > 3 * 32);
  REQUIRE(model.codes.size() == 6 * n);
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(model.codes[(r * 3 + c) * n] == z[r * n]);
      for (std::size_t d = 1; d < n; ++d) CHECK(model.codes[(r * 3 + c) * n + d] == u[c * n + d]);
    }
  }
  report::draw_interpolations(model, data, rows, std::span(columns).first(2), 5, {.zoom = 1});
  REQUIRE(model.codes.size() == 2 * 5 * n);
  for (std::size_t d = 0; d < n; ++d) {
    CHECK(model.codes[d] == doctest::Approx(z[d]));
    CHECK(model.codes[2 * n + d] == doctest::Approx((z[d] + u[d]) / 2));
    CHECK(model.codes[4 * n + d] == doctest::Approx(u[d]));
  }
  CHECK_THROWS_AS(report::draw_interpolations(model, data, rows, columns), disentangle::ValueError);
}
