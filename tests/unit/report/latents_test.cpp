// SPDX-License-Identifier: Apache-2.0
// Latents are ranked by KL and named after the factor that they carry.
#include <disentangle/report/latents.hpp>

#include "discs.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace report = disentangle::report;

TEST_CASE("a model that codes the factors exactly") {
  test_support::Discs const data;
  test_support::DiscModel<32> const model;
  auto const summaries = report::summarise_latents(model, data);
  REQUIRE(summaries.size() == 5);
  for (std::size_t i = 1; i < 5; ++i) CHECK(summaries[i - 1].kl >= summaries[i].kl);
  double sum = 0;
  for (auto const& one : summaries) {
    CAPTURE(one.latent);
    char const* const expected[] = {"", "posX", "radius", "posY", ""};
    CHECK(one.factor == expected[one.latent]);
    if (one.latent == 1) {
      // x is 6, 10, ..., 26 of 32; the variance exp(-4)
      for (int k = 0; k < 6; ++k) {
        double const mean = ((6 + 4 * k) / 32.0 - 0.5) * 5;
        sum += 0.5 * (mean * mean + std::exp(-4.0) - 1 + 4) / 6;
      }
      CHECK(one.kl == doctest::Approx(sum).epsilon(1e-3));
      // ln 6 less the bias (6 - 1)(6 - 1) / (2 * 72)
      CHECK(one.mutual_information == doctest::Approx(std::log(6.0) - 25.0 / 144).epsilon(1e-3));
    }
    if (one.latent == 0) CHECK(one.kl == 0);
  }
}

TEST_CASE("missing labels do not count") {
  std::vector<int> bins{0, 0, 1, 1, 0, 1}, labels{0, 0, 1, 1, -1, -1};
  CHECK(report::detail::corrected_information(bins, labels) == doctest::Approx(std::log(2.0) - 1.0 / 8));
  std::fill(labels.begin(), labels.end(), -1);
  CHECK(report::detail::corrected_information(bins, labels) == 0);
}
