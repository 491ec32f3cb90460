// SPDX-License-Identifier: Apache-2.0
// The unsupervised scores against disentanglement_lib's own output; copies, constants, and errors.
#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/code_dependence.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"

using namespace disentangle;

TEST_CASE("the unsupervised scores equal disentanglement_lib's on every reference case") {
  int finite = 0;
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const codes = test::reference_arrays(name).codes;
    auto const expected = test::reference_values(name)["unsupervised_2000"];
    metric::Score const tc = metric::GaussianTotalCorrelation{}(codes);
    CHECK(test::largest_difference(tc.table("covariance"), test::reference_matrix(expected["covariance"])) <
          1e-10);
    if (expected["gaussian_total_correlation"].is_number()) {
      CHECK(std::abs(tc.value - expected["gaussian_total_correlation"].get<double>()) < 1e-10);
      ++finite;
    } else {
      CHECK(name == "dead_S");
      CHECK(std::abs(tc.value -
                     metric::GaussianTotalCorrelation{}(test::columns(codes, {0, 1, 2, 3})).value) < 1e-15);
    }
    // The reference's matrix root is less exact where the covariance is singular.
    double const tolerance = name == "dead_S" ? 1e-7 : 1e-10;
    metric::Score const w = metric::GaussianWassersteinCorrelation{}(codes);
    CHECK(std::abs(w.value - expected["gaussian_wasserstein_correlation"].get<double>()) < tolerance);
    CHECK(std::abs(w.part("normalised") - expected["gaussian_wasserstein_correlation_norm"].get<double>()) <
          tolerance);
    metric::Score const i = metric::MutualInformationScore{}(codes);
    CHECK(std::abs(i.value - expected["mutual_info_score"].get<double>()) < 1e-12);
    CHECK(test::largest_difference(i.table("mutual_information"),
                                   test::reference_matrix(expected["code_mi_matrix"])) < 1e-12);
    for (auto const& score : {tc, w, i}) CHECK(score.lower_is_better);
  }
  CHECK(finite == 9);
}

TEST_CASE(
    "copies have infinite total correlation and finite Wasserstein correlation; constants cost nothing") {
  auto const s = test::axis_aligned(500, 0.3, 3);
  auto const copied = test::columns(s.codes, {0, 1, 2, 3, 0});
  CHECK(metric::GaussianTotalCorrelation{}(copied).value == std::numeric_limits<double>::infinity());
  metric::Score const w = metric::GaussianWassersteinCorrelation{}(copied);
  CHECK(test::in_range(w));
  CHECK(w.part("normalised") > metric::GaussianWassersteinCorrelation{}(s.codes).part("normalised") + 0.05);
  auto const dead = test::with_constant(s.codes, 0.1);
  CHECK(metric::GaussianTotalCorrelation{}(dead).value == metric::GaussianTotalCorrelation{}(s.codes).value);
  CHECK(metric::GaussianWassersteinCorrelation{}(dead).value ==
        doctest::Approx(metric::GaussianWassersteinCorrelation{}(s.codes).value).epsilon(1e-9));
  metric::Matrix<double> const constant(50, 3, 0.1);
  CHECK(metric::GaussianTotalCorrelation{}(constant).value == 0);
  CHECK(metric::GaussianWassersteinCorrelation{}(constant).part("normalised") == 0);
  CHECK(metric::MutualInformationScore{}(constant).value == 0);
}

TEST_CASE("the unsupervised scores take codes alone, with labels, or from a source; a rotation that "
          "decorrelates is 0") {
  auto const s = test::axis_aligned(400, 0.3, 3);
  metric::GaussianTotalCorrelation const metric{.num_train = 300};
  CHECK(metric(s.codes).value == metric(s.codes, s.factors).value);
  CHECK(metric(metric::ArraySource(s.codes.view(), s.factors.view()), seed(1)).settings[0].second == 300);
  CHECK(metric(test::times(s.codes, 1e3)).value == doctest::Approx(metric(s.codes).value).epsilon(1e-9));
  metric::Matrix<double> cross(4, 2);  // uncorrelated, not independent
  cross.values = {1, 0, -1, 0, 0, 1, 0, -1};
  CHECK(metric(cross).value < 1e-15);
  CHECK(metric::GaussianWassersteinCorrelation{}(cross).value < 1e-15);
  CHECK(metric::MutualInformationScore{}(cross).value > 0.3);
  using test::contains;
  using test::message_of;
  CHECK(
      contains(message_of<ShapeError>([&] { (void)metric(metric::Matrix<double>(1, 2)); }), "found 1 rows"));
  auto nan = s.codes;
  nan(3, 1) = std::nan("");
  CHECK(contains(message_of<ValueError>([&] { (void)metric(nan); }),
                 "gaussian_total_correlation: code nan in row 3"));
}
