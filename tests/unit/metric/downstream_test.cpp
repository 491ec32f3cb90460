// SPDX-License-Identifier: Apache-2.0
// Downstream accuracy: what few and many labels give, codes that know nothing, errors.
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/downstream.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

TEST_CASE_TEMPLATE("downstream accuracy", Metric, metric::DownstreamLogisticRegression,
                   metric::DownstreamTrees) {
  auto const s = test::axis_aligned(600, 0.15, 1);
  Metric metric;
  metric.train_sizes = {10, 150, 100'000};
  metric::Score const score = metric(s.codes, s.factors, 300);
  CHECK(test::in_range(score));
  CHECK(score.value > 0.93);
  CHECK(score.part("accuracy_300") == score.value);  // what there is
  CHECK(score.part("accuracy_10") < score.part("accuracy_150"));
  CHECK(score.part("accuracy_10") > 0.3);
  CHECK(score.part("least") <= score.value);
  CHECK(score.table("accuracy").rows == 3);
  metric.threads = 3;
  CHECK(metric(s.codes, s.factors, 300).table("accuracy") == score.table("accuracy"));
  auto const nothing = test::unrelated(600, 2);
  metric.train_sizes = {100};
  CHECK(metric(nothing.codes, nothing.factors, 300).value < 0.45);
  CHECK(test::in_range(metric(test::with_constant(s.codes, 0.3), s.factors, 300)));
  metric.train_sizes = {};
  CHECK(test::contains(test::message_of<ValueError>([&] { (void)metric(s.codes, s.factors); }),
                       "train_sizes is empty"));
  metric.train_sizes = {1};
  CHECK(test::contains(test::message_of<ValueError>([&] { (void)metric(s.codes, s.factors); }),
                       "train_sizes is 1"));
}

TEST_CASE("cross validation weakens the penalty where there is something to learn, and keeps it where there "
          "is not") {
  auto const s = test::axis_aligned(200, 0.05, 1);
  // A tenth of the scale: C = 1 could not read it, a larger one can.
  auto const small = test::times(s.codes, 0.02);
  metric::DownstreamLogisticRegression const metric{.train_sizes = {100}};
  CHECK(metric(small, s.factors, 100).value > 0.9);
}
