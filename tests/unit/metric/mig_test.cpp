// SPDX-License-Identifier: Apache-2.0
// MIG against disentanglement_lib's own output, its laws and its errors.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/function_source.hpp>
#include <disentangle/metric/mig.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"

using namespace disentangle;

TEST_CASE("MIG equals disentanglement_lib on every reference case") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name);
    metric::Score const s = metric::Mig{}(arrays.codes.view(), arrays.factors.view());
    CHECK(std::abs(s.value - expected["mig_2000"]["discrete_mig"].get<double>()) < 1e-12);
    CHECK(test::largest_difference(s.table("mutual_information"),
                                   test::reference_matrix(expected["mig_2000"]["mi_matrix_LxK"])) < 1e-12);
    for (std::size_t k = 0; k < arrays.factors.columns; ++k) {
      CHECK(std::abs(s.table("mig_per_factor")(k, 0) - expected["mig_2000"]["per_factor"][k].get<double>()) <
            1e-12);
      CHECK(std::abs(s.table("factor_entropy")(k, 0) -
                     expected["mig_2000"]["factor_entropy"][k].get<double>()) < 1e-12);
    }
    CHECK(std::abs(metric::Mig{}(arrays.train_codes(), arrays.train_factors()).value -
                   expected["mig_1400"]["discrete_mig"].get<double>()) < 1e-12);
    for (int bins : {10, 40})
      CHECK(std::abs(metric::Mig{.bins = bins}(arrays.codes.view(), arrays.factors.view()).value -
                     expected["mig_2000_bins" + std::to_string(bins)].get<double>()) < 1e-12);
    metric::Matrix<float> codes(2000, arrays.codes.columns);
    for (std::size_t i = 0; i < codes.values.size(); ++i)
      codes.values[i] = static_cast<float>(arrays.codes.values[i]);
    CHECK(std::abs(metric::Mig{}(codes.view(), arrays.factors.view()).value -
                   expected["mig_2000_float32_codes"].get<double>()) < 1e-12);
  }
}

TEST_CASE("MIG: a perfect code scores 1, codes that know nothing score nearly 0") {
  auto const perfect = test::axis_aligned(3000, 0, 1);
  auto const nothing = test::unrelated(3000, 2);
  metric::Score const high = metric::Mig{}(perfect.codes.view(), perfect.factors.view());
  metric::Score const low = metric::Mig{}(nothing.codes.view(), nothing.factors.view());
  CHECK(high.value > 0.97);
  CHECK(low.value < 0.02);
  CHECK(test::in_range(high));
  CHECK(test::in_range(low));
}

TEST_CASE("MIG does not depend on the order or scale of latents, or on the order of factors") {
  auto const s = test::axis_aligned(500, 0.4, 3);
  double const value = metric::Mig{}(s.codes.view(), s.factors.view()).value;
  CHECK(metric::Mig{}(test::columns(s.codes, {2, 0, 3, 1}).view(), s.factors.view()).value == value);
  CHECK(metric::Mig{}(test::times(s.codes, -4).view(), s.factors.view()).value ==
        doctest::Approx(value).epsilon(0.05));
  CHECK(metric::Mig{}(test::times(s.codes, 1024).view(), s.factors.view()).value == value);
  CHECK(metric::Mig{}(s.codes.view(), test::columns(s.factors, {2, 0, 1}).view()).value ==
        doctest::Approx(value).epsilon(1e-14));
}

TEST_CASE("MIG: a constant latent changes nothing, an exact copy takes the gap away") {
  auto const s = test::axis_aligned(500, 0.1, 4);
  metric::Score const plain = metric::Mig{}(s.codes.view(), s.factors.view());
  for (double constant : {0.0, 0.1, -7e20}) {
    auto const codes = test::with_constant(s.codes, constant);
    CHECK(metric::Mig{}(codes.view(), s.factors.view()).value == plain.value);
  }
  metric::Score const copied = metric::Mig{}(test::columns(s.codes, {0, 1, 2, 0}).view(), s.factors.view());
  CHECK(copied.table("mig_per_factor")(0, 0) == 0);
  CHECK(copied.table("mig_per_factor")(1, 0) > 0.5);
}

TEST_CASE("MIG of a single latent counts the runner-up as 0; all-constant codes score 0") {
  auto const s = test::axis_aligned(200, 0, 4);
  CHECK(metric::Mig{}(test::columns(s.codes, {0}).view(), test::columns(s.factors, {0}).view()).value ==
        doctest::Approx(1).epsilon(1e-12));
  metric::Matrix<double> const constant(200, 3, 0.3);
  CHECK(metric::Mig{}(constant.view(), s.factors.view()).value == 0);
}

TEST_CASE("MIG takes labels with gaps as it takes labels without") {
  auto s = test::axis_aligned(300, 0.2, 9);
  double const value = metric::Mig{}(s.codes.view(), s.factors.view()).value;
  for (int& label : s.factors.values) label = label * 1'000'003 + 5;
  CHECK(metric::Mig{}(s.codes.view(), s.factors.view()).value == value);
}

TEST_CASE("MIG drawn from a source: repeatable, named factors, close to the value of all rows") {
  auto const s = test::axis_aligned(2000, 0.2, 10);
  metric::ArraySource const source(s.codes.view(), s.factors.view(), {"shape", "scale", "angle"});
  metric::Score const drawn = metric::Mig{}(source, seed(3));
  CHECK(drawn.factor_names == std::vector<std::string>{"shape", "scale", "angle"});
  CHECK(drawn.settings[0].second == 10000);
  CHECK(drawn.value == metric::Mig{}(source, seed(3)).value);
  CHECK(drawn.value != metric::Mig{}(source, seed(4)).value);
  CHECK(drawn.value == doctest::Approx(metric::Mig{}(s.codes.view(), s.factors.view()).value).epsilon(0.05));
}

TEST_CASE("Mig names what is wrong with its arrays") {
  test::Labelled s = test::axis_aligned(60, 0.1, 5);
  auto const score = [&] { (void)metric::Mig{}(s.codes.view(), s.factors.view()); };
  using test::contains;
  using test::message_of;
  SUBCASE("a NaN code") {
    s.codes(7, 2) = std::numeric_limits<double>::quiet_NaN();
    auto const message = message_of<ValueError>(score);
    CHECK(contains(message, "mig: code"));
    CHECK(contains(message, "row 7, latent 2"));
    CHECK(contains(message, "expected a finite number"));
  }
  SUBCASE("an infinite code") {
    s.codes(3, 0) = -std::numeric_limits<double>::infinity();
    CHECK(contains(message_of<ValueError>(score), "row 3, latent 0"));
  }
  SUBCASE("a label that is neither one nor missing") {
    s.factors(11, 1) = -2;
    auto const message = message_of<ValueError>(score);
    CHECK(contains(message, "label -2 in row 11, factor 1"));
    CHECK(contains(message, "or -1 where it is missing"));
  }
  SUBCASE("a factor with one value") {
    for (std::size_t i = 0; i < 60; ++i) s.factors(i, 2) = 4;
    CHECK(contains(message_of<ValueError>(score), "factor 2 takes only the value 4"));
  }
  SUBCASE("unequal rows") {
    s.factors = metric::Matrix<int>(59, 3);
    CHECK(contains(message_of<ShapeError>(score), "factors have 59 rows, expected the 60 rows of the codes"));
  }
  SUBCASE("no rows") {
    s = {metric::Matrix<double>(0, 3), metric::Matrix<int>(0, 3)};
    CHECK(contains(message_of<ShapeError>(score), "codes are 0 x 3"));
  }
  SUBCASE("no latents") {
    s.codes = metric::Matrix<double>(60, 0);
    CHECK(contains(message_of<ShapeError>(score), "codes are 60 x 0"));
  }
  SUBCASE("no factors") {
    s.factors = metric::Matrix<int>(60, 0);
    CHECK(contains(message_of<ShapeError>(score), "at least one column"));
  }
  SUBCASE("one row") {
    s = {metric::Matrix<double>(1, 3), metric::Matrix<int>(1, 3)};
    CHECK(contains(message_of<ShapeError>(score), "found 1 rows, expected at least"));
  }
}

TEST_CASE("MIG rejects impossible bins and ranges") {
  auto s = test::axis_aligned(60, 0.1, 5);
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::Mig{.bins = 0}(s.codes.view(), s.factors.view()); }),
      "0 bins, expected at least 1"));
  s.codes(0, 0) = 1.5e308;
  s.codes(1, 0) = -1.5e308;
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::Mig{}(s.codes.view(), s.factors.view()); }),
      "difference is finite"));
}
