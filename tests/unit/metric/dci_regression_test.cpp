// SPDX-License-Identifier: Apache-2.0
// DCI by Lasso and by random forests: against the reference values of other libraries, its laws and its
// errors.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/dci_regression.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"
#include "tests/support/split_metric_errors.hpp"

using namespace disentangle;

TEST_CASE("DCI by Lasso equals the paper's code with scikit-learn's Lasso on every reference case") {
  int compared = 0;
  for (std::string const& name : test::reference_names()) {
    auto const all = test::reference_values(name);
    if (!all.contains("other_libraries")) continue;
    if (!all["other_libraries"].contains("clarken92_dci_lasso_alpha0.02_standardised_codes_factors01"))
      continue;
    CAPTURE(name);
    auto const expected =
        all["other_libraries"]["clarken92_dci_lasso_alpha0.02_standardised_codes_factors01"];
    auto const arrays = test::reference_arrays(name);
    metric::Score const s = metric::DciLasso{.definition = metric::definition::clarken92}(
        arrays.codes, arrays.factors, arrays.codes, arrays.factors);
    if (expected.contains("importance_matrix"))
      CHECK(test::largest_difference(s.table("importance"),
                                     test::reference_matrix(expected["importance_matrix"])) < 1e-4);
    CHECK(std::abs(s.value - expected["disentanglement"].get<double>()) < 1e-4);
    CHECK(std::abs(s.part("completeness") - expected["completeness"].get<double>()) < 1e-4);
    CHECK(std::abs(s.part("informativeness_error_train") - expected["train_avg_error"].get<double>()) < 1e-4);
    ++compared;
  }
  CHECK(compared >= 5);
}

TEST_CASE(
    "DCI by a random forest is near the paper's code with scikit-learn's forests on every reference case") {
  int compared = 0;
  for (std::string const& name : test::reference_names()) {
    auto const all = test::reference_values(name);
    if (!all.contains("other_libraries")) continue;
    if (!all["other_libraries"].contains("clarken92_dci_rf10_depth8_np_seeds_0_1_2")) continue;
    CAPTURE(name);
    auto const runs = all["other_libraries"]["clarken92_dci_rf10_depth8_np_seeds_0_1_2"];
    auto const arrays = test::reference_arrays(name);
    metric::Score const s =
        metric::DciRandomForest{.max_depth = 8, .definition = metric::definition::clarken92}(
            arrays.codes, arrays.factors, arrays.codes, arrays.factors);
    // Forests differ between numpy seeds by a few thousandths of D and C.
    CHECK(std::abs(s.value - runs[0]["disentanglement"].get<double>()) < 0.02);
    CHECK(std::abs(s.part("completeness") - runs[0]["completeness"].get<double>()) < 0.02);
    CHECK(std::abs(s.part("informativeness_error_train") - runs[0]["train_avg_error"].get<double>()) < 0.02);
    ++compared;
  }
  CHECK(compared >= 5);
}

TEST_CASE_TEMPLATE("DCI by regression: perfect and ignorant codes, order, scale, dead latents, repeats",
                   Metric, metric::DciLasso, metric::DciRandomForest) {
  auto const perfect = test::axis_aligned(900, 0, 1);
  metric::Score const high = Metric{}(perfect.codes, perfect.factors);
  CHECK(high.value > 0.97);
  CHECK(high.part("completeness") > 0.97);
  CHECK(high.part("informativeness_error_test") < 0.06);
  CHECK(test::in_range(high));
  auto const nothing = test::unrelated(900, 2);
  metric::Score const low = Metric{}(nothing.codes, nothing.factors);
  CHECK(low.part("informativeness_error_test") > 0.97);
  CHECK(test::in_range(low));
  auto const s = test::axis_aligned(600, 0.5, 3);
  metric::Score const score = Metric{}(s.codes, s.factors);
  CHECK(Metric{}(test::columns(s.codes, {2, 0, 3, 1}), s.factors).value ==
        doctest::Approx(score.value).epsilon(1e-9));
  CHECK(Metric{}(test::times(s.codes, -64), s.factors).value ==
        doctest::Approx(score.value).epsilon(Metric::name == "dci_lasso" ? 1e-9 : 0.05));
  metric::Score const dead = Metric{}(test::with_constant(s.codes, 0.1), s.factors);
  CHECK(dead.table("latent_weight")(4, 0) == 0);
  CHECK(Metric{}(s.codes, s.factors).value == score.value);
  metric::ArraySource const source(s.codes.view(), s.factors.view());
  CHECK(Metric{.num_train = 300, .num_test = 100}(source, seed(1)).value ==
        Metric{.num_train = 300, .num_test = 100}(source, seed(1)).value);
}

TEST_CASE("DCI by regression names what is wrong with its arrays and splits") {
  test::check_errors_of_arrays(metric::DciLasso{});
  test::check_splits(metric::DciLasso{});
}

TEST_CASE("DCI by a random forest is the same for any number of threads and sees what is not linear") {
  auto s = test::axis_aligned(600, 0.5, 3);
  auto const one = metric::DciRandomForest{.threads = 1}(s.codes, s.factors);
  CHECK(metric::DciRandomForest{.threads = 3}(s.codes, s.factors).table("importance") ==
        one.table("importance"));
  CHECK(metric::DciRandomForest{.seed = 1}(s.codes, s.factors).table("importance") !=
        one.table("importance"));
  for (std::size_t i = 0; i < 600; ++i)
    s.codes(i, 2) = (s.factors(i, 2) - 2) * (s.factors(i, 2) - 2) + 0.1 * s.codes(i, 3);
  for (std::size_t i = 0; i < 600; ++i) s.factors(i, 2) = s.factors(i, 2) == 2 ? 1 : 0;
  CHECK(metric::DciRandomForest{}(s.codes, s.factors).table("test_error")(2, 0) < 0.1);
  CHECK(metric::DciLasso{}(s.codes, s.factors).table("test_error")(2, 0) > 0.3);
}

TEST_CASE("DCI by regression takes real factors, and names what is wrong") {
  auto const s = test::axis_aligned(300, 0.1, 3);
  metric::Matrix<double> real(300, 3);
  for (std::size_t i = 0; i < real.values.size(); ++i) real.values[i] = s.factors.values[i] * 0.37 - 1;
  CHECK(metric::DciLasso{}(s.codes, real).value ==
        doctest::Approx(metric::DciLasso{}(s.codes, s.factors).value).epsilon(1e-9));
  using test::contains;
  using test::message_of;
  real(17, 1) = -INFINITY;
  CHECK(
      contains(message_of<ValueError>([&] { (void)metric::DciLasso{}(s.codes, real); }), "row 17, factor 1"));
  CHECK(contains(message_of<ValueError>([&] { (void)metric::DciLasso{.alpha = -1}(s.codes, s.factors); }),
                 "alpha is -1"));
  CHECK(
      contains(message_of<ValueError>([&] { (void)metric::DciRandomForest{.trees = 0}(s.codes, s.factors); }),
               "0 trees"));
  CHECK(contains(message_of<ValueError>([&] {
                   (void)metric::DciLasso{.definition = metric::definition::chen}(s.codes, s.factors);
                 }),
                 "found definition 'chen', expected one of: rf_vae, clarken92"));
  auto constant = s.factors;
  for (std::size_t i = 200; i < 300; ++i) constant(i, 1) = 2;
  CHECK(contains(message_of<ValueError>([&] { (void)metric::DciLasso{}(s.codes, constant); }),
                 "factor 1 does not vary among 100 test rows"));
  for (std::size_t i = 0; i < 300; ++i) constant(i, 1) = 2;
  CHECK(contains(message_of<ValueError>([&] { (void)metric::DciLasso{}(s.codes, constant); }),
                 "factor 1 takes only the value 2"));
}
