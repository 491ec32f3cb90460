// SPDX-License-Identifier: Apache-2.0
// DCI against disentanglement_lib with scikit-learn's trees, its laws and its errors.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/dci.hpp>

#include "tests/support/metric_reference.hpp"

using namespace disentangle;

TEST_CASE("DCI equals disentanglement_lib on every reference case") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name)["dci_gbt_1400_600"];
    auto const& run = expected["runs"][0];
    bool const ties = expected["tie_sensitive"].get<bool>();
    metric::Score const s =
        metric::Dci{}(arrays.train_codes(), arrays.train_factors(), arrays.test_codes(), arrays.test_factors());
    double const difference =
        test::largest_difference(s.table("importance"), test::reference_matrix(run["importance_matrix_LxK"]));
    CHECK(difference < (ties ? 0.03 : 1e-9));
    CHECK(std::abs(s.value - run["disentanglement"].get<double>()) < (ties ? 0.01 : 1e-9));
    CHECK(std::abs(s.part("completeness") - run["completeness"].get<double>()) < (ties ? 0.01 : 1e-9));
    CHECK(std::abs(s.part("informativeness_train") - run["informativeness_train"].get<double>()) < (ties ? 0.015 : 1e-9));
    CHECK(std::abs(s.part("informativeness_test") - run["informativeness_test"].get<double>()) < (ties ? 0.015 : 1e-9));
  }
}
