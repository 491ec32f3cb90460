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
      CHECK(std::abs(s.table("mig_per_factor")(k, 0) - expected["mig_2000"]["per_factor"][k].get<double>()) < 1e-12);
      CHECK(std::abs(s.table("factor_entropy")(k, 0) - expected["mig_2000"]["factor_entropy"][k].get<double>()) < 1e-12);
    }
    CHECK(std::abs(metric::Mig{}(arrays.train_codes(), arrays.train_factors()).value -
                   expected["mig_1400"]["discrete_mig"].get<double>()) < 1e-12);
    for (int bins : {10, 40})
      CHECK(std::abs(metric::Mig{.bins = bins}(arrays.codes.view(), arrays.factors.view()).value -
                     expected["mig_2000_bins" + std::to_string(bins)].get<double>()) < 1e-12);
    metric::Matrix<float> codes(2000, arrays.codes.columns);
    for (std::size_t i = 0; i < codes.values.size(); ++i) codes.values[i] = static_cast<float>(arrays.codes.values[i]);
    CHECK(std::abs(metric::Mig{}(codes.view(), arrays.factors.view()).value -
                   expected["mig_2000_float32_codes"].get<double>()) < 1e-12);
  }
}
