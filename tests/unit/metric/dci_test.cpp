// SPDX-License-Identifier: Apache-2.0
// DCI against disentanglement_lib with scikit-learn's trees, its laws and its errors.
#include <cmath>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/dci.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"
#include "tests/support/split_metric_errors.hpp"

using namespace disentangle;

TEST_CASE("DCI equals disentanglement_lib on every reference case") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name)["dci_gbt_1400_600"];
    auto const& run = expected["runs"][0];
    bool const ties = expected["tie_sensitive"].get<bool>();
    metric::Score const s = metric::Dci{}(arrays.train_codes(), arrays.train_factors(), arrays.test_codes(),
                                          arrays.test_factors());
    double const difference =
        test::largest_difference(s.table("importance"), test::reference_matrix(run["importance_matrix_LxK"]));
    CHECK(difference < (ties ? 0.03 : 1e-9));
    CHECK(std::abs(s.value - run["disentanglement"].get<double>()) < (ties ? 0.01 : 1e-9));
    CHECK(std::abs(s.part("completeness") - run["completeness"].get<double>()) < (ties ? 0.01 : 1e-9));
    CHECK(std::abs(s.part("informativeness_train") - run["informativeness_train"].get<double>()) <
          (ties ? 0.015 : 1e-9));
    CHECK(std::abs(s.part("informativeness_test") - run["informativeness_test"].get<double>()) <
          (ties ? 0.015 : 1e-9));
  }
}

TEST_CASE("DCI: a perfect code scores 1 in all parts, codes that know nothing score low") {
  auto const perfect = test::axis_aligned(900, 0, 1);
  auto const nothing = test::unrelated(900, 2);
  metric::Score const high = metric::Dci{}(perfect.codes.view(), perfect.factors.view());
  CHECK(high.value > 0.999);
  CHECK(high.part("completeness") > 0.999);
  CHECK(high.part("informativeness_test") == 1);
  CHECK(test::in_range(high));
  metric::Score const low = metric::Dci{.rounds = 20}(nothing.codes.view(), nothing.factors.view());
  CHECK(low.value < 0.1);
  CHECK(low.part("completeness") < 0.1);
  CHECK(low.part("informativeness_test") < 0.45);
  CHECK(test::in_range(low));
}

TEST_CASE(
    "DCI does not depend on the order of latents and factors, nor on scale or monotone maps of latents") {
  // A tenth of these trees' nodes can be cut alike by two latents: the draw between them must move with the
  // latents.
  auto const s = test::axis_aligned(400, 0.3, 3);
  for (std::uint64_t const tie_seed : {0u, 1u}) {
    metric::Dci const metric{.rounds = 5, .tie_seed = tie_seed};
    metric::Score const score = metric(s.codes.view(), s.factors.view());
    auto const& importance = score.table("importance");
    metric::Score const moved = metric(test::columns(s.codes, {2, 0, 3, 1}).view(), s.factors.view());
    CHECK(moved.value == doctest::Approx(score.value).epsilon(1e-12));
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(moved.table("importance")(0, k) == doctest::Approx(importance(2, k)).epsilon(1e-12));
    CHECK(metric(s.codes.view(), test::columns(s.factors, {2, 0, 1}).view()).value ==
          doctest::Approx(score.value).epsilon(1e-12));
    CHECK(metric(test::times(s.codes, 16).view(), s.factors.view()).table("importance") == importance);
    auto bent = s.codes;
    for (double& code : bent.values) code = std::exp(code);
    CHECK(test::largest_difference(metric(bent.view(), s.factors.view()).table("importance"), importance) <
          1e-12);
  }
}

TEST_CASE("DCI: a constant latent has importance 0; constant codes alone score 0, not NaN") {
  auto const s = test::axis_aligned(300, 0.1, 4);
  metric::Dci const metric{.rounds = 10};
  metric::Score const dead = metric(test::with_constant(s.codes, 0.1).view(), s.factors.view());
  for (std::size_t k = 0; k < 3; ++k) CHECK(dead.table("importance")(4, k) == 0);
  CHECK(dead.table("latent_weight")(4, 0) == 0);
  metric::Matrix<double> const constant(300, 4, 0.3);
  metric::Score const nothing = metric(constant.view(), s.factors.view());
  CHECK(test::in_range(nothing));
  CHECK(nothing.value < 1e-9);
}

TEST_CASE("DCI: a factor of two values, and one factor or one latent alone") {
  auto s = test::axis_aligned(300, 0.05, 4);
  for (std::size_t i = 0; i < 300; ++i) s.factors(i, 0) = s.factors(i, 0) > 0 ? 7 : 2;
  metric::Dci const metric{.rounds = 20};
  metric::Score const two = metric(s.codes.view(), s.factors.view());
  CHECK(two.table("importance")(0, 0) > 0.99);
  CHECK(two.table("test_accuracy")(0, 0) == 1);
  CHECK(metric(s.codes.view(), test::columns(s.factors, {0}).view()).value == 1);
  CHECK(metric(test::columns(s.codes, {0}).view(), s.factors.view()).part("completeness") == 1);
}

TEST_CASE("DCI is the same bit for bit for any number of threads") {
  auto const s = test::axis_aligned(600, 0.5, 6);
  metric::Score const one = metric::Dci{.rounds = 10, .threads = 1}(s.codes.view(), s.factors.view());
  for (unsigned threads : {2u, 3u, 7u}) {
    metric::Score const many =
        metric::Dci{.rounds = 10, .threads = threads}(s.codes.view(), s.factors.view());
    CHECK(many.table("importance") == one.table("importance"));
    CHECK(many.table("test_accuracy") == one.table("test_accuracy"));
  }
}

TEST_CASE("DCI shares importance between exact copies, by the tie seed") {
  auto const s = test::axis_aligned(600, 0.05, 6);
  auto const copied = test::columns(s.codes, {0, 1, 2, 0});
  metric::Score const first = metric::Dci{}(copied.view(), s.factors.view());
  CHECK(first.table("importance")(0, 0) > 0.2);
  CHECK(first.table("importance")(3, 0) > 0.2);
  metric::Score const second = metric::Dci{.tie_seed = 1}(copied.view(), s.factors.view());
  CHECK(first.table("importance")(0, 0) != second.table("importance")(0, 0));
  CHECK(first.table("importance")(0, 0) ==
        metric::Dci{}(copied.view(), s.factors.view()).table("importance")(0, 0));
}

TEST_CASE("DCI of float codes equals that of the same numbers in double") {
  auto const s = test::axis_aligned(300, 0.5, 6);
  metric::Matrix<float> codes(300, 4);
  for (std::size_t i = 0; i < codes.values.size(); ++i)
    codes.values[i] = static_cast<float>(s.codes.values[i]);
  metric::Dci const metric{.rounds = 5};
  CHECK(metric(codes.view(), s.factors.view()).value == metric(s.codes.view(), s.factors.view()).value);
}

TEST_CASE("DCI drawn from a source is repeatable") {
  auto const s = test::axis_aligned(300, 0.5, 6);
  metric::ArraySource const source(s.codes.view(), s.factors.view());
  metric::Dci const metric{.num_train = 200, .num_test = 100, .rounds = 5};
  metric::Score const drawn = metric(source, seed(1));
  CHECK(drawn.value == metric(source, seed(1)).value);
  CHECK(drawn.settings[0] == std::pair<std::string, double>("train_rows", 200));
}

TEST_CASE("DCI rejects impossible settings and codes beyond float") {
  auto s = test::axis_aligned(60, 0.1, 5);
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::Dci{.rounds = 0}(s.codes.view(), s.factors.view()); }),
      "rounds is 0"));
  s.codes(4, 1) = 1e39;
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::Dci{}(s.codes.view(), s.factors.view()); }),
      "finite number in float"));
}

TEST_CASE("Dci names what is wrong with its arrays and splits, and splits rows as its overloads say") {
  test::check_errors_of_arrays(metric::Dci{});
  test::check_splits(metric::Dci{});
}

TEST_CASE("Dci counts a test label that training never saw as wrong") {
  test::Labelled s = test::axis_aligned(300, 0.01, 5);
  double const before = metric::Dci{}(s.codes.view(), s.factors.view(), 200).table("test_accuracy")(0, 0);
  for (std::size_t i = 200; i < 300; ++i) s.factors(i, 0) = 17;
  CHECK(before > 0.3);
  CHECK(metric::Dci{}(s.codes.view(), s.factors.view(), 200).table("test_accuracy")(0, 0) == 0);
}
