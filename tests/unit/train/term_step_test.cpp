// SPDX-License-Identifier: Apache-2.0
#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/contrast/prior_mmd.hpp>
#include <disentangle/train/check_term.hpp>
#include <disentangle/train/value_and_gradient.hpp>

#include <doctest/doctest.h>

using namespace disentangle;

TEST_CASE("mmd") {
  auto const report = check_term(contrast::PriorMmd{}, StepArrays{});
  CHECK_MESSAGE(report.ok, report.text);
  MESSAGE(report.checked, " ", report.text);
  adversary::TotalCorrelation<1, 5> tc{};
  auto const a = check_term(tc, StepArrays{});
  CHECK_MESSAGE(a.ok, a.text);
  auto const b = check_term(tc, {.part = StepPart::after_step});
  CHECK_MESSAGE(b.ok, b.text);
  MESSAGE(b.checked, " ", b.text);
}
