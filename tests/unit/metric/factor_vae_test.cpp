// SPDX-License-Identifier: Apache-2.0
// The FactorVAE score against disentanglement_lib's own votes, its laws and its errors.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/factor_vae.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"

using namespace disentangle;

namespace {

constexpr metric::FactorVae reference_settings{
    .num_train = 800, .num_eval = 400, .num_variance_estimate = 2000, .batches_per_encode = 1};

/// The reference counts only active latents, moved together, zeros behind.
metric::Matrix<double> moved_together(metric::Matrix<double> const& votes,
                                      metric::Matrix<double> const& active) {
  metric::Matrix<double> result(votes.rows, votes.columns);
  std::size_t to = 0;
  for (std::size_t l = 0; l < votes.columns; ++l) {
    if (active(l, 0) == 0) continue;
    for (std::size_t k = 0; k < votes.rows; ++k) result(k, to) = votes(k, l);
    ++to;
  }
  return result;
}

}  // namespace

TEST_CASE("the FactorVAE score's votes equal disentanglement_lib's as integers, on its random stream") {
  for (auto const& reference : test::reference_cases()) {
    for (double const threshold : {0.05, 0.0}) {
      CAPTURE(reference.name);
      CAPTURE(threshold);
      // At threshold 0 disentanglement_lib divides 0 by 0 for the constant latent; ours leaves it out.
      bool const collapses = reference.name == "dead_S" && threshold == 0;
      auto const all = test::reference_values(reference.name)["sampled_metrics"];
      auto const& expected =
          all[threshold == 0 && !collapses ? "factor_vae_threshold_0" : "factor_vae_threshold_0.05"];
      metric::FactorVae metric = reference_settings;
      metric.threshold = threshold;
      test::SplitMix64 stream{1000};
      metric::Score const s = metric(reference.source(stream), stream);
      CHECK(stream.next() == std::stoull(expected["next_raw_after_run"].get<std::string>(), nullptr, 16));
      CHECK(moved_together(s.table("train_votes"), s.table("active")) ==
            test::reference_matrix(expected["train_votes_KxL_pruned_index"]));
      CHECK(moved_together(s.table("eval_votes"), s.table("active")) ==
            test::reference_matrix(expected["eval_votes_KxL_pruned_index"]));
      CHECK(s.value == expected["eval_accuracy"].get<double>());
      CHECK(s.part("train_accuracy") == expected["train_accuracy"].get<double>());
      CHECK(s.part("active_latents") == expected["num_active_dims_true"].get<double>());
      for (std::size_t l = 0; l < reference.latents; ++l)
        CHECK(std::abs(s.table("variance")(l, 0) - expected["global_variances"][l].get<double>()) < 1e-13);
    }
  }
}

namespace {
constexpr metric::FactorVae small{.num_train = 300, .num_eval = 200, .num_variance_estimate = 500};
}

TEST_CASE("FactorVae: a perfect code scores 1, codes that know nothing score near chance") {
  metric::FactorVae const metric = small;
  auto const perfect = test::axis_aligned(2000, 0, 1);
  auto const nothing = test::unrelated(2000, 2);
  metric::Score const high =
      metric(metric::ArraySource(perfect.codes.view(), perfect.factors.view()), seed(0));
  metric::Score const low =
      metric(metric::ArraySource(nothing.codes.view(), nothing.factors.view()), seed(0));
  CHECK(high.value == 1);
  CHECK(low.value < 0.5);
  CHECK(low.value > 0.2);
  CHECK(test::in_range(high));
  CHECK(test::in_range(low));
}

TEST_CASE("FactorVae of a source is repeatable and does not depend on how many batches are encoded at once") {
  auto const s = test::axis_aligned(500, 0.8, 3);
  metric::ArraySource const source(s.codes.view(), s.factors.view(), {"a", "b", "c"});
  metric::FactorVae metric = small;
  metric::Score const first = metric(source, seed(5));
  CHECK(first.factor_names[1] == "b");
  CHECK(metric(source, seed(6)).tables[0].values != first.tables[0].values);
  metric.batches_per_encode = 3;
  CHECK(metric(source, seed(5)).value == first.value);
  CHECK(metric(source, seed(5)).tables[0].values == first.tables[0].values);
}

TEST_CASE("FactorVae: constant latents change nothing, and constant codes give a number") {
  auto const s = test::axis_aligned(500, 0.2, 3);
  double const value = small(metric::ArraySource(s.codes.view(), s.factors.view()), seed(5)).value;
  auto const dead = test::with_constant(s.codes, 0.1);
  CHECK(small(metric::ArraySource(dead.view(), s.factors.view()), seed(5)).value == value);
  metric::Matrix<double> const constant(500, 3, 0.1);
  CHECK(test::in_range(small(metric::ArraySource(constant.view(), s.factors.view()), seed(5))));
}

TEST_CASE("FactorVae names what is wrong with a source or a setting") {
  using test::contains;
  using test::message_of;
  auto s = test::axis_aligned(50, 0.2, 3);
  metric::FactorVae bad = small;
  bad.num_eval = 0;
  CHECK_THROWS_AS((void)bad(metric::ArraySource(s.codes.view(), s.factors.view()), seed(0)), ValueError);
  bad = small;
  bad.batch_size = 0;
  CHECK(contains(message_of<ValueError>(
                     [&] { (void)bad(metric::ArraySource(s.codes.view(), s.factors.view()), seed(0)); }),
                 "batch_size is 0"));
  metric::FunctionSource const nan({{"a", 2}, {"b", 3}}, 2,
                                   [](MatrixView<int const>, MatrixView<double> codes) {
                                     for (std::size_t i = 0; i < codes.size(); ++i)
                                       codes.data[i] = std::nan("");
                                   });
  CHECK(contains(message_of<ValueError>([&] { (void)small(nan, seed(0)); }), "expected a finite number"));
  for (std::size_t i = 0; i < 50; ++i) s.factors(i, 1) = 3;
  CHECK(contains(message_of<ValueError>(
                     [&] { (void)small(metric::ArraySource(s.codes.view(), s.factors.view()), seed(0)); }),
                 "factor factor 1 has 1 values"));
}

TEST_CASE("FactorVae does not depend on the scale of a latent while it stays above the threshold") {
  auto const s = test::axis_aligned(500, 0.8, 3);
  double const value = small(metric::ArraySource(s.codes.view(), s.factors.view()), seed(5)).value;
  auto const scaled = test::times(s.codes, 8);
  CHECK(small(metric::ArraySource(scaled.view(), s.factors.view()), seed(5)).value == value);
  auto const tiny = test::times(s.codes, 1e-3);
  metric::Score const below = small(metric::ArraySource(tiny.view(), s.factors.view()), seed(5));
  CHECK(below.value == 0);
  CHECK(below.part("active_latents") == 0);
}

TEST_CASE("FactorVae rescaled by chance: 1 stays 1, chance becomes 0") {
  auto const perfect = test::axis_aligned(2000, 0, 1);
  auto const nothing = test::unrelated(2000, 2);
  metric::FactorVae metric = metric::FactorVae::with(metric::definition::ubisoft);
  CHECK(metric.batch_size == 200);
  metric.batch_size = 64;
  CHECK(metric(metric::ArraySource(perfect.codes.view(), perfect.factors.view()), seed(0)).value == 1);
  metric::Score const low =
      metric(metric::ArraySource(nothing.codes.view(), nothing.factors.view()), seed(0));
  CHECK(low.value == doctest::Approx((low.part("eval_accuracy") - 1.0 / 3) / (2.0 / 3)).epsilon(1e-12));
  CHECK(low.value < 0.2);
  CHECK(low.definition == "ubisoft");
}
