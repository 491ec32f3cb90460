// SPDX-License-Identifier: Apache-2.0
// The interventional robustness score against disentanglement_lib's own output, its laws and its errors.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/irs.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"

using namespace disentangle;

TEST_CASE("IRS equals disentanglement_lib on every reference case") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const all = test::reference_values(name);
    for (bool const paper : {false, true}) {
      auto const expected = all[paper ? "irs_2000_q1" : "irs_2000_q0.99"];
      metric::Score const s =
          metric::Irs{.definition = metric::Irs::definitions[paper ? 1 : 0]}(arrays.codes, arrays.factors);
      CHECK(std::abs(s.value - expected["avg_score"].get<double>()) < 1e-12);
      CHECK(s.part("active_latents") == expected["num_active_latents_true"].get<double>());
      std::size_t row = 0;  // the reference drops latents that do not vary
      for (std::size_t l = 0; l < arrays.codes.columns; ++l) {
        if (s.table("largest_deviation")(l, 0) == 0) continue;
        CHECK(std::abs(s.table("irs_per_latent")(l, 0) -
                       expected["disentanglement_scores"][row].get<double>()) < 1e-12);
        CHECK(std::abs(s.table("largest_deviation")(l, 0) - expected["max_deviations"][row].get<double>()) <
              1e-12);
        CHECK(s.table("parent")(l, 0) == expected["parents"][row].get<double>());
        for (std::size_t k = 0; k < arrays.factors.columns; ++k)
          CHECK(std::abs(s.table("robustness")(l, k) - expected["IRS_matrix"][row][k].get<double>()) < 1e-12);
        ++row;
      }
      CHECK(row == expected["disentanglement_scores"].size());
    }
    CHECK(std::abs(metric::Irs{.bins = 0}(arrays.codes, arrays.factors).value -
                   all["irs_2000_q0.99_undiscretised_factors"]["avg_score"].get<double>()) < 1e-12);
    CHECK(
        std::abs(metric::Irs{.definition = metric::definition::ubisoft}(arrays.codes, arrays.factors).value -
                 all["other_libraries"]["ubisoft_2000"]["irs_q1"].get<double>()) < 1e-12);
  }
}

TEST_CASE("IRS: real factors, a constant code, and errors") {
  auto const s = test::axis_aligned(600, 0.1, 3);
  metric::Matrix<double> real(600, 3);
  for (std::size_t i = 0; i < real.values.size(); ++i) real.values[i] = 0.25 * s.factors.values[i] - 1;
  CHECK(metric::Irs{}(s.codes, real).value ==
        doctest::Approx(metric::Irs{}(s.codes, s.factors).value).epsilon(1e-12));
  CHECK(metric::Irs{}(s.codes, s.factors).value < 1);
  metric::Matrix<double> const constant(600, 2, 0.1);
  metric::Score const nothing = metric::Irs{}(constant, s.factors);
  CHECK(test::in_range(nothing));
  CHECK(nothing.value == 0);
  using test::contains;
  using test::message_of;
  CHECK(contains(message_of<ValueError>([&] { (void)metric::Irs{.quantile = 0}(s.codes, s.factors); }),
                 "quantile is 0"));
  CHECK(contains(message_of<ValueError>([&] { (void)metric::Irs{.bins = -1}(s.codes, s.factors); }),
                 "-1 bins"));
}
