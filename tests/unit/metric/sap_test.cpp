// SPDX-License-Identifier: Apache-2.0
// SAP against disentanglement_lib's own output, its laws and its errors.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/sap.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"
#include "tests/support/split_metric_errors.hpp"

using namespace disentangle;

TEST_CASE("continuous SAP equals disentanglement_lib on every reference case") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name)["sap_continuous_1400"];
    metric::Score const s = metric::Sap{.continuous = true}(arrays.train_codes(), arrays.train_factors(),
                                                            arrays.test_codes(), arrays.test_factors());
    CHECK(std::abs(s.value - expected["SAP_score"].get<double>()) < 1e-12);
    CHECK(test::largest_difference(s.table("predictability"),
                                   test::reference_matrix(expected["score_matrix_LxK"])) < 1e-12);
  }
}

TEST_CASE("discrete SAP equals the optimum of disentanglement_lib's classifier on every reference case") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name)["sap_discrete_1400_600"];
    metric::Score const s = metric::Sap{}(arrays.codes.view(), arrays.factors.view(), 1400);
    CHECK(std::abs(s.value - expected["converged_primal"]["SAP_score"].get<double>()) < 0.002);
    CHECK(std::abs(s.value - expected["SAP_score"].get<double>()) < 0.002);
    for (char const* solver : {"converged_primal", "converged_dual"})
      CHECK(test::largest_difference(s.table("predictability"),
                                     test::reference_matrix(expected[solver]["score_matrix_LxK"])) <=
            2.0 / 600 + 1e-12);
    CHECK(test::largest_difference(s.table("predictability"),
                                   test::reference_matrix(expected["score_matrix_LxK_seed0"])) <=
          2.0 / 600 + 1e-12);
  }
}

TEST_CASE("SAP by trees has scikit-learn's accuracies and depths") {
  auto const made = test::read_json(test::metric_reference_folder() / "scikit_learn" / "expected.json");
  metric::Sap const trees{.definition = metric::definition::ubisoft_trees};
  for (auto const& each : made["sap_ubisoft_trees"].items()) {
    std::string const name = each.key();
    auto const& expected = each.value();
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    metric::Score const s = trees(arrays.codes, arrays.factors, 1400);
    CHECK(test::largest_difference(s.table("predictability"),
                                   test::reference_matrix(expected["accuracy_LxK"])) < 1e-12);
    CHECK(test::largest_difference(s.table("tree_depth"), test::reference_matrix(expected["depth_LxK"])) ==
          0);
  }
}

TEST_CASE("SAP by trees sees what is not monotone, and needs ten rows of some value") {
  auto s = test::axis_aligned(400, 0, 6);
  metric::Sap const trees{.threads = 2, .definition = metric::definition::ubisoft_trees};
  CHECK(trees(s.codes, s.factors, 300).value > 0.5);
  CHECK(metric::Sap{}(s.codes, s.factors, 300).value < 0.5);
  for (std::size_t i = 0; i < 400; ++i) s.codes(i, 1) = (s.factors(i, 1) * 3) % 4 * 1.0;  // in another order
  CHECK(trees(s.codes, s.factors, 300).table("predictability")(1, 1) == 1);
  CHECK(trees(s.codes, s.factors, 300).table("predictability") ==
        metric::Sap{.threads = 1, .definition = metric::definition::ubisoft_trees}(s.codes, s.factors, 300)
            .table("predictability"));
  for (std::size_t i = 0; i < 400; ++i) s.factors(i, 2) = static_cast<int>(i / 5);
  CHECK(test::contains(test::message_of<ValueError>([&] { (void)trees(s.codes, s.factors, 300); }),
                       "factor 2 has at most 5 training rows of a value"));
}

TEST_CASE("SAP: a perfect code scores high, codes that know nothing score nearly 0") {
  auto const perfect = test::axis_aligned(3000, 0, 1);
  auto const nothing = test::unrelated(3000, 2);
  for (bool continuous : {false, true}) {
    metric::Score const high =
        metric::Sap{.continuous = continuous}(perfect.codes.view(), perfect.factors.view());
    metric::Score const low =
        metric::Sap{.continuous = continuous}(nothing.codes.view(), nothing.factors.view());
    CHECK(high.value > (continuous ? 0.98 : 0.3));
    CHECK(low.value < 0.03);
    CHECK(test::in_range(high));
    CHECK(test::in_range(low));
  }
}

TEST_CASE(
    "SAP does not depend on the order of latents, nor on the sign; the continuous form not on the scale") {
  auto const s = test::axis_aligned(500, 0.4, 3);
  double const value = metric::Sap{}(s.codes.view(), s.factors.view()).value;
  CHECK(metric::Sap{}(test::columns(s.codes, {2, 0, 3, 1}).view(), s.factors.view()).value == value);
  CHECK(metric::Sap{}(test::times(s.codes, -1).view(), s.factors.view()).value == value);
  metric::Sap const continuous{.continuous = true};
  CHECK(continuous(test::times(s.codes, -1e3).view(), s.factors.view()).value ==
        doctest::Approx(continuous(s.codes.view(), s.factors.view()).value).epsilon(1e-12));
}

TEST_CASE("SAP: a constant latent predicts nothing") {
  auto const s = test::axis_aligned(600, 0.1, 4);
  for (double constant : {0.0, 0.1}) {
    auto const codes = test::with_constant(s.codes, constant);
    metric::Score const continuous = metric::Sap{.continuous = true}(codes.view(), s.factors.view());
    for (std::size_t k = 0; k < 3; ++k) CHECK(continuous.table("predictability")(4, k) == 0);
    metric::Score const discrete = metric::Sap{}(codes.view(), s.factors.view());
    CHECK(test::in_range(discrete));
    for (std::size_t k = 0; k < 3; ++k) CHECK(discrete.table("predictability")(4, k) < 0.45);
  }
}

TEST_CASE("SAP is the same for any number of threads, and drawn from a source it is repeatable") {
  auto const s = test::axis_aligned(500, 0.4, 3);
  auto const one = metric::Sap{.threads = 1}(s.codes.view(), s.factors.view());
  auto const three = metric::Sap{.threads = 3}(s.codes.view(), s.factors.view());
  CHECK(one.table("predictability") == three.table("predictability"));
  metric::ArraySource const source(s.codes.view(), s.factors.view());
  metric::Sap const metric{.num_train = 400, .num_test = 200};
  CHECK(metric(source, seed(1)).value == metric(source, seed(1)).value);
  CHECK(metric(source, seed(1)).factor_names[2] == "factor 2");
}

TEST_CASE("SAP rejects an impossible penalty and codes whose squares overflow") {
  auto s = test::axis_aligned(60, 0.1, 5);
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::Sap{.c = 0}(s.codes.view(), s.factors.view()); }),
      "expected above 0"));
  s.codes(4, 1) = 1e200;
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::Sap{}(s.codes.view(), s.factors.view()); }),
      "row 4, latent 1"));
}

TEST_CASE("Sap names what is wrong with its arrays and splits, and splits rows as its overloads say") {
  test::check_errors_of_arrays(metric::Sap{});
  test::check_splits(metric::Sap{});
}

TEST_CASE("Sap counts a test label that training never saw as wrong") {
  test::Labelled s = test::axis_aligned(300, 0.01, 5);
  double const before = metric::Sap{}(s.codes.view(), s.factors.view(), 200).table("predictability")(0, 0);
  for (std::size_t i = 200; i < 300; ++i) s.factors(i, 0) = 17;
  CHECK(before > 0.3);
  CHECK(metric::Sap{}(s.codes.view(), s.factors.view(), 200).table("predictability")(0, 0) == 0);
}

TEST_CASE("SAP by other definitions: regression as the review has it, bins on both sides") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    metric::Score const s = metric::Sap{.definition = metric::definition::ubisoft}(
        arrays.codes, arrays.factors, arrays.codes, arrays.factors);
    CHECK(std::abs(s.value -
                   test::reference_values(name)["other_libraries"]["ubisoft_2000"]["sap_regression_r2"]
                       .get<double>()) < 1e-10);
  }
  auto const s = test::axis_aligned(600, 0.1, 4);
  metric::Matrix<double> real(600, 3);
  for (std::size_t i = 0; i < real.values.size(); ++i) real.values[i] = 0.25 * s.factors.values[i] - 1;
  metric::Sap const binned{.definition = metric::definition::dcf};
  CHECK(binned(s.codes, real).value == binned(s.codes, s.factors).value);
  CHECK(binned(s.codes, s.factors).value > 0.3);
}
