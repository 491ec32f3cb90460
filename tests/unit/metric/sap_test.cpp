// SPDX-License-Identifier: Apache-2.0
// SAP against disentanglement_lib's own output, its laws and its errors.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/sap.hpp>

#include "tests/support/metric_reference.hpp"

using namespace disentangle;

TEST_CASE("continuous SAP equals disentanglement_lib on every reference case") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name)["sap_continuous_1400"];
    metric::Score const s =
        metric::Sap{.continuous = true}(arrays.train_codes(), arrays.train_factors(), arrays.test_codes(),
                                        arrays.test_factors());
    CHECK(std::abs(s.value - expected["SAP_score"].get<double>()) < 1e-12);
    CHECK(test::largest_difference(s.table("predictability"), test::reference_matrix(expected["score_matrix_LxK"])) <
          1e-12);
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
                                     test::reference_matrix(expected[solver]["score_matrix_LxK"])) <= 2.0 / 600 + 1e-12);
    CHECK(test::largest_difference(s.table("predictability"),
                                   test::reference_matrix(expected["score_matrix_LxK_seed0"])) <= 2.0 / 600 + 1e-12);
  }
}
