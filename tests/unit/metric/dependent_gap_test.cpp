// SPDX-License-Identifier: Apache-2.0
// DMIG, XMIG and DLIG on codes and factors whose informations are known.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/dependent_gap.hpp>
#include <disentangle/metric/mig.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

TEST_CASE("dependent factors do not cost DMIG what they cost MIG") {
  // Factor 1 is factor 0 in three of four rows: a perfect code of both.
  std::size_t const rows = 4000;
  metric::Matrix<int> y(rows, 2);
  metric::Matrix<double> z(rows, 3);
  Philox const random{5, 1, 0};
  for (std::size_t i = 0; i < rows; ++i) {
    y(i, 0) = static_cast<int>(random.integer(3 * i, 6));
    y(i, 1) = random.integer(3 * i + 1, 4) > 0 ? y(i, 0) : static_cast<int>(random.integer(3 * i + 2, 6));
    z(i, 0) = y(i, 1);
    z(i, 1) = y(i, 0);
    z(i, 2) = static_cast<double>(random.normal(i));
  }
  double const mig = metric::Mig{}(z, y).value;
  metric::Score const s = metric::DependentMig{}(z, y);
  CHECK(mig < 0.6);
  // The whole gap I(z_l; y_k) - I(z_j; y_k) is H(y_k | y_m).
  CHECK(s.value == doctest::Approx(1).epsilon(1e-9));
  CHECK(s.part("dlig") == doctest::Approx(1).epsilon(1e-9));
  CHECK(s.part("xmig") > 0.97);
  CHECK(s.table("latent_of_factor")(0, 0) == 1);
  // A latent given by hand: the wrong one knows less than the other.
  metric::Score const wrong = metric::DependentMig{.latent_of_factor = {0, 1}}(z, y);
  CHECK(wrong.value < 0);
  // A factor that is determined has nothing of its own.
  for (std::size_t i = 0; i < rows; ++i) y(i, 1) = y(i, 0) / 2;
  CHECK(metric::DependentMig{}(z, y).value - metric::DependentMig{}(z, y).value == 0);
}

TEST_CASE("of independent factors DMIG is nearly MIG; errors") {
  auto const s = test::axis_aligned(2000, 0.3, 3);
  CHECK(metric::DependentMig{}(s.codes, s.factors).value ==
        doctest::Approx(metric::Mig{}(s.codes, s.factors).value).epsilon(0.01));
  CHECK(metric::DependentMig{}(test::columns(s.codes, {0}), test::columns(s.factors, {0})).part("dlig") >
        0.7);
  CHECK(test::contains(test::message_of<ValueError>([&] {
                         (void)metric::DependentMig{.latent_of_factor = {0, 9, 1}}(s.codes, s.factors);
                       }),
                       "latent_of_factor has 3 entries, expected 3 latents below 4"));
}
