// SPDX-License-Identifier: Apache-2.0
// The bootstrap of a score against the spread over fresh samples, scores over seeds, and errors.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/bootstrap.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/sap.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

TEST_CASE("the bootstrap's standard error and interval fit what fresh samples do") {
  metric::Sap const metric{.continuous = true, .threads = 1};
  std::vector<double> fresh;
  for (std::uint64_t seed = 100; seed < 160; ++seed) {
    auto const s = test::axis_aligned(300, 1.0, seed);
    fresh.push_back(metric(s.codes, s.factors, 200).value);
  }
  double const truth = metric::mean(fresh);
  double error = 0;
  int covered = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    auto const s = test::axis_aligned(300, 1.0, seed);
    metric::Score const b = metric::bootstrap(metric, s.codes, s.factors, 200, {.repeats = 60, .seed = seed});
    error += b.part("bootstrap_standard_error") / 40;
    covered += b.part("bootstrap_low") <= truth && truth <= b.part("bootstrap_high");
  }
  CHECK(error == doctest::Approx(metric::standard_deviation(fresh)).epsilon(0.3));
  CHECK(covered >= 33);
}

TEST_CASE("the bootstrap of MIG: settings, bias of repeated rows, repeatable, errors") {
  auto const s = test::axis_aligned(400, 0.3, 3);
  metric::Score const b = metric::bootstrap(metric::Mig{}, s.codes, s.factors, {.repeats = 30});
  CHECK(b.value == metric::Mig{}(s.codes, s.factors).value);
  CHECK(b.part("bootstrap_low") < b.part("bootstrap_high"));
  CHECK(b.part("bootstrap_standard_error") > 0.001);
  CHECK(b.part("bootstrap_bias") < 0);  // the runner-up's information grows by more than the best's
  CHECK(metric::bootstrap(metric::Mig{}, s.codes, s.factors, {.repeats = 30}).parts == b.parts);
  CHECK(metric::bootstrap(metric::Mig{}, s.codes, s.factors, {.repeats = 30, .seed = 1}).parts != b.parts);
  using test::contains;
  using test::message_of;
  CHECK(contains(message_of<ValueError>(
                     [&] { (void)metric::bootstrap(metric::Mig{}, s.codes, s.factors, {.repeats = 1}); }),
                 "repeats is 1"));
  CHECK(contains(message_of<ValueError>(
                     [&] { (void)metric::bootstrap(metric::Mig{}, s.codes, s.factors, {.level = 1}); }),
                 "level is 1"));
}

TEST_CASE("scores over seeds become one, and only of one metric and definition") {
  auto const score = [](std::uint64_t seed, metric::Definition definition) {
    auto const s = test::axis_aligned(200, 0.3, seed);
    return metric::Mig{.definition = definition}(s.codes, s.factors);
  };
  namespace definition = metric::definition;
  std::vector<metric::Score> scores;
  for (std::uint64_t seed = 0; seed < 3; ++seed)
    scores.push_back(score(seed, definition::disentanglement_lib));
  metric::Score const s = metric::over_seeds(scores);
  CHECK(s.value == doctest::Approx((scores[0].value + scores[1].value + scores[2].value) / 3));
  CHECK(s.part("mig") == doctest::Approx(s.value));
  CHECK(s.part("standard_deviation") > 0);
  CHECK(s.part("smallest") <= s.value);
  CHECK(s.table("value_per_seed")(2, 0) == scores[2].value);
  scores.push_back(score(0, definition::ubisoft));
  CHECK(test::contains(test::message_of<ValueError>([&] { (void)metric::over_seeds(scores); }),
                       "found mig (ubisoft) beside mig (disentanglement_lib)"));
  scores.resize(1);
  CHECK(test::contains(test::message_of<ShapeError>([&] { (void)metric::over_seeds(scores); }),
                       "found 1 scores"));
}
