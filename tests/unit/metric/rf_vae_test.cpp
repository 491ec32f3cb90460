// SPDX-License-Identifier: Apache-2.0
// RF-VAE's metrics I and II: what codes must score, what a collapsed latent does to them, on grids and
// arrays.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/function_source.hpp>
#include <disentangle/metric/rf_vae.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

namespace {

std::vector<Factor> const factors{{"a", 3}, {"b", 4}, {"c", 30}};

/// A grid whose codes are the factors, mixed where asked, and one latent that never changes.
auto grid(double mixing, double scale_of_last) {
  return metric::FunctionSource(factors, 4, [=](MatrixView<int const> y, MatrixView<double> z) {
    for (std::size_t i = 0; i < y.rows; ++i) {
      z(i, 0) = 0.5;
      z(i, 1) = y(i, 0) + mixing * y(i, 1);
      z(i, 2) = y(i, 1) - mixing * y(i, 0);
      z(i, 3) = scale_of_last * y(i, 2);
    }
  });
}

constexpr metric::RfVaeMetricI first{.votes = 120, .num_variance_estimate = 300, .repeats = 2};
constexpr metric::RfVaeMetricII second{.votes = 120, .num_variance_estimate = 300, .repeats = 2};

}  // namespace

TEST_CASE("sources draw different points, of one value or differing in one factor alone") {
  auto const source = grid(0, 1);
  metric::RandomIntegers rng(seed(1), "test");
  metric::Matrix<int> y;
  auto const check = [&](auto const& from, std::vector<std::size_t> const& points, std::size_t k,
                         bool shares) {
    CHECK(std::set(points.begin(), points.end()).size() == points.size());
    y = metric::Matrix<int>(points.size(), 3);
    from.labels(points, y.view());
    bool fine = true;
    for (std::size_t i = 0; i < points.size(); ++i)
      for (std::size_t j = 0; j < 3; ++j)
        if ((j == k) == shares) fine = fine && y(i, j) == y(0, j);
    return fine;
  };
  for (int repeat = 0; repeat < 20; ++repeat) {
    CHECK(source.distinct(rng, 50).size() == 50);
    CHECK(source.distinct(rng, 1000).size() == 360);
    for (std::size_t k = 0; k < 3; ++k) {
      auto const sharing = source.distinct_sharing(k, rng, 11);
      CHECK(sharing.size() == 11);
      CHECK(check(source, sharing, k, true));
      CHECK(source.distinct_sharing(k, rng, 1000).size() ==
            360 / static_cast<std::size_t>(factors[k].cardinality));
      auto const varying = source.distinct_varying(k, rng, 20);
      CHECK(varying.size() == std::min<std::size_t>(20, static_cast<std::size_t>(factors[k].cardinality)));
      CHECK(check(source, varying, k, false));
    }
  }
  // Every third row of the grid: slices of b are whole or empty, those of a have one row.
  metric::Matrix<int> rows(0, 3);
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 4; ++b)
      for (int c = 0; c < 30; ++c)
        if ((a + c) % 3 == 0) {
          rows.values.insert(rows.values.end(), {a, b, c});
          ++rows.rows;
        }
  metric::Matrix<double> const codes(rows.rows, 1);
  metric::ArraySource const array(codes.view(), rows.view());
  for (int repeat = 0; repeat < 20; ++repeat) {
    auto const varying = array.distinct_varying(1, rng, 100);
    CHECK(varying.size() == 4);
    CHECK(check(array, varying, 1, false));
    CHECK(array.distinct_varying(2, rng, 6).size() == 6);
    auto const sharing = array.distinct_sharing(2, rng, 3);
    CHECK(sharing.size() == 3);
    CHECK(check(array, sharing, 2, true));
    CHECK(array.distinct(rng, 1000).size() == 120);
  }
  CHECK(test::contains(test::message_of<ValueError>([&] { (void)array.distinct_varying(0, rng, 5); }),
                       "differ in factor factor 0 alone"));
}

TEST_CASE("RF-VAE's metrics: perfect codes score 1 where nothing collapsed; the collapsed latent takes "
          "Metric I alone") {
  auto const source = grid(0, 1);
  metric::Score const one = first(source, seed(0));
  // Ratio 0 wins every vote of the faithful form, so that one factor of three is right.
  CHECK(one.value == doctest::Approx(1.0 / 3).epsilon(1e-12));
  CHECK(one.part("pruned") == 1);
  CHECK(one.part("active_latents") == 3);
  CHECK(one.table("votes")(0, 0) == 80);
  CHECK(one.table("pruned_votes")(2, 3) == 80);
  CHECK(one.table("right_per_factor")(0, 0) == 1);
  CHECK(one.table("right_per_factor")(1, 0) == 0);
  metric::Score const two = second(source, seed(0));
  CHECK(two.value == 1);
  CHECK(two.part("pruned") == 1);
  CHECK(two.part("standard_deviation") == 0);
  CHECK(two.factor_names[2] == "c");
  for (auto const& score : {one, two}) CHECK(test::in_range(score));
}

TEST_CASE("RF-VAE's metrics see mixing and scale as they should") {
  // Half of a is in the latent of b, but the larger part of each still decides.
  CHECK(second(grid(0.2, 1), seed(0)).value == 1);
  metric::Score const mixed = second(grid(1, 1), seed(0));
  CHECK(mixed.value < 0.95);
  CHECK(mixed.value > 0.6);
  CHECK(second(grid(0, 100), seed(0)).value == 1);
  // Below the threshold the last latent is pruned, and its factor's votes go to others.
  metric::Score const tiny = second(grid(0, 1e-3), seed(0));
  CHECK(tiny.value == 1);
  CHECK(tiny.part("active_latents") == 2);
  CHECK(tiny.part("pruned") < 0.8);
}

TEST_CASE("RF-VAE's metrics of arrays: repeatable, near chance for codes that know nothing, refused without "
          "slices") {
  auto const s = test::axis_aligned(600, 0, 3);
  auto const codes = test::columns(s.codes, {0, 1, 2});  // pure noise would win some votes of Metric II
  metric::ArraySource const source(codes.view(), s.factors.view());
  metric::ArraySource const noisy(s.codes.view(), s.factors.view());
  CHECK(second(noisy, seed(2)).value < 0.9);
  CHECK(first(source, seed(2)).part("pruned") == 1);
  CHECK(second(source, seed(2)).value > 0.95);
  CHECK(second(source, seed(2)).table("votes") == second(source, seed(2)).table("votes"));
  auto const nothing = test::unrelated(600, 4);
  metric::ArraySource const unknown(nothing.codes.view(), nothing.factors.view());
  CHECK(first(unknown, seed(0)).table("votes") != first(unknown, seed(3)).table("votes"));
  CHECK(first(unknown, seed(0)).value < 0.6);
  CHECK(second(unknown, seed(0)).value < 0.6);
  metric::Matrix<int> alone(600, 2);
  for (int i = 0; i < 600; ++i)
    alone(static_cast<std::size_t>(i), 0) = alone(static_cast<std::size_t>(i), 1) = i / 3;
  metric::ArraySource const correlated(s.codes.view(), alone.view());
  CHECK(test::contains(test::message_of<ValueError>([&] { (void)second(correlated, seed(0)); }),
                       "no two of 600 rows"));
}

TEST_CASE("RF-VAE's metrics name what is wrong with their settings") {
  auto const source = grid(0, 1);
  using test::contains;
  using test::message_of;
  CHECK(contains(message_of<ValueError>([&] { (void)metric::RfVaeMetricI{.votes = 2}(source, seed(0)); }),
                 "votes is 2"));
  CHECK(
      contains(message_of<ValueError>([&] { (void)metric::RfVaeMetricII{.threshold = -1}(source, seed(0)); }),
               "rf_vae_metric_ii: threshold is -1"));
  CHECK(contains(message_of<ValueError>([&] { (void)metric::RfVaeMetricII{.repeats = 0}(source, seed(0)); }),
                 "repeats is 0"));
}
