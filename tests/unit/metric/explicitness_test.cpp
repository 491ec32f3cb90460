// SPDX-License-Identifier: Apache-2.0
// Explicitness against disentanglement_lib's and the review's own output, its laws and its errors.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/explicitness.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"
#include "tests/support/split_metric_errors.hpp"

using namespace disentangle;

TEST_CASE("explicitness equals disentanglement_lib's with a converged classifier on the reference cases") {
  for (std::string const name : {"perfect_S", "rotated45_noisy_S", "two_in_one_S", "noise_D", "cont_C"}) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name)["explicitness_converged_lbfgs_multinomial"];
    metric::Score const s = metric::Explicitness{}(arrays.codes, arrays.factors, 1400);
    CHECK(std::abs(s.value - expected["explicitness_score_test"].get<double>()) < 1e-4);
    CHECK(std::abs(s.part("explicitness_train") - expected["explicitness_score_train"].get<double>()) < 1e-4);
    for (std::size_t k = 0; k < arrays.factors.columns; ++k) {
      CHECK(std::abs(s.table("train_area_per_factor")(k, 0) - expected["per_factor_train"][k].get<double>()) <
            1e-4);
      CHECK(std::abs(s.table("test_area_per_factor")(k, 0) - expected["per_factor_test"][k].get<double>()) <
            1e-4);
    }
  }
}

TEST_CASE(
    "explicitness of 2018 equals liblinear's on the reference cases, that of clarken92 scikit-learn's") {
  for (std::string const name : {"perfect_S", "rotated45_noisy_S", "two_in_one_S", "noise_D"}) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name)["explicitness_legacy_liblinear_ovr_converged"];
    metric::Explicitness const of_2018{.definition = metric::definition::disentanglement_lib_2018};
    metric::Score const s = of_2018(arrays.codes, arrays.factors, 1400);
    CHECK(s.definition == "disentanglement_lib_2018");
    CHECK(std::abs(s.value - expected["explicitness_score_test"].get<double>()) < 1e-4);
    for (std::size_t k = 0; k < arrays.factors.columns; ++k) {
      CHECK(std::abs(s.table("train_area_per_factor")(k, 0) - expected["per_factor_train"][k].get<double>()) <
            1e-4);
      CHECK(std::abs(s.table("test_area_per_factor")(k, 0) - expected["per_factor_test"][k].get<double>()) <
            1e-4);
    }
  }
  auto const made = test::read_json(test::metric_reference_folder() / "scikit_learn" / "expected.json");
  for (auto const& each : made["explicitness_clarken92"].items()) {
    std::string const name = each.key();
    auto const& expected = each.value();
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    metric::Explicitness const clarken92{.definition = metric::definition::clarken92};
    metric::Score const s = clarken92(arrays.codes, arrays.factors, 1400);
    CHECK(s.value == s.part("explicitness_train"));
    for (std::size_t k = 0; k < arrays.factors.columns; ++k)
      CHECK(std::abs(s.table("train_area_per_factor")(k, 0) - expected["per_factor_train"][k].get<double>()) <
            1e-4);
  }
}

TEST_CASE("explicitness as the review has it") {
  for (std::string const name : {"perfect_S", "rotated45_noisy_S", "two_in_one_S", "dead_S"}) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected =
        test::reference_values(name)["other_libraries"]["ubisoft_2000"]["explicitness_impl1_scaled"];
    metric::Score const s = metric::Explicitness{.definition = metric::definition::ubisoft}(
        arrays.codes, arrays.factors, arrays.codes, arrays.factors);
    CHECK(std::abs(s.value - expected.get<double>()) < 1e-4);
  }
}

TEST_CASE("explicitness: codes that know nothing, dead latents, scale, threads, and values that are absent") {
  auto const s = test::axis_aligned(600, 0.2, 3);
  metric::Score const score = metric::Explicitness{}(s.codes, s.factors);
  CHECK(test::in_range(score));
  CHECK(score.value > 0.9);
  CHECK(metric::Explicitness{}(test::with_constant(s.codes, 0.1), s.factors).value ==
        doctest::Approx(score.value).epsilon(1e-6));
  CHECK(metric::Explicitness{}(test::times(s.codes, -100), s.factors).value ==
        doctest::Approx(score.value).epsilon(1e-6));
  CHECK(metric::Explicitness{.threads = 3}(s.codes, s.factors).value ==
        metric::Explicitness{.threads = 1}(s.codes, s.factors).value);
  auto const nothing = test::unrelated(600, 2);
  CHECK(std::abs(metric::Explicitness{}(nothing.codes, nothing.factors).value - 0.5) < 0.08);
  CHECK(
      std::abs(metric::Explicitness{.definition = metric::definition::ubisoft}(nothing.codes, nothing.factors)
                   .value) < 0.2);
  // A value that only training rows have, and one that only test rows have, say nothing.
  auto absent = s.factors;
  for (std::size_t i = 0; i < 600; ++i)
    if (absent(i, 1) == 3) absent(i, 1) = i < 400 ? 8 : 9;
  CHECK(test::in_range(metric::Explicitness{}(s.codes, absent)));
  for (std::size_t i = 400; i < 600; ++i) absent(i, 1) = 1;
  CHECK(test::contains(test::message_of<ValueError>([&] { (void)metric::Explicitness{}(s.codes, absent); }),
                       "factor 1 takes only the value 1 in 200 rows"));
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::Explicitness{.c = 0}(s.codes, s.factors); }),
      "c is 0"));
}

TEST_CASE(
    "Explicitness names what is wrong with its arrays and splits, and splits rows as its overloads say") {
  test::check_errors_of_arrays(metric::Explicitness{});
  test::check_splits(metric::Explicitness{});
}

TEST_CASE("the area under the curve of ties is one half") {
  using metric::detail::area_under_curve;
  CHECK(area_under_curve({{0.1, false}, {0.2, false}, {0.3, true}}) == 1);
  CHECK(area_under_curve({{0.1, true}, {0.2, false}, {0.3, true}}) == 0.5);
  CHECK(area_under_curve({{0.2, true}, {0.2, false}, {0.2, true}}) == 0.5);
  CHECK(area_under_curve({{0.3, false}, {0.2, true}}) == 0);
}
