// SPDX-License-Identifier: Apache-2.0
// The metrics made of a histogram's mutual informations, against the values of the libraries that define
// them.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/dcimig.hpp>
#include <disentangle/metric/jemmig.hpp>
#include <disentangle/metric/med.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/mig_sup.hpp>
#include <disentangle/metric/modularity.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"

using namespace disentangle;
namespace definition = metric::definition;

namespace {

double json_number(nlohmann::json const& value) {
  return value.is_number() ? value.get<double>() : std::nan("");
}

/// Factors cut into 10 equal-width bins, as two forms of the reference take them.
metric::Matrix<int> rebinned(metric::Matrix<int> const& factors) {
  metric::Matrix<double> real(factors.rows, factors.columns);
  for (std::size_t i = 0; i < real.values.size(); ++i) real.values[i] = factors.values[i];
  return metric::discretise<double>(real.view(), 10);
}

}  // namespace

TEST_CASE("modularity and its per-latent values equal disentanglement_lib's on every reference case") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const expected = test::reference_values(name)["modularity_2000"];
    metric::Score const s = metric::Modularity{}(arrays.codes, arrays.factors);
    CHECK(std::abs(s.value - expected["modularity_score"].get<double>()) < 1e-12);
    for (std::size_t l = 0; l < arrays.codes.columns; ++l)
      CHECK(std::abs(s.table("modularity_per_latent")(l, 0) - expected["per_latent"][l].get<double>()) <
            1e-12);
  }
}

TEST_CASE("the review's metrics equal its code on every reference case where that is defined") {
  int compared = 0;
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const all = test::reference_values(name)["other_libraries"]["ubisoft_2000"];
    auto const arrays = test::reference_arrays(name);
    for (bool const rebin : {false, true}) {
      auto const factors = rebin ? rebinned(arrays.factors) : arrays.factors;
      auto const compare = [&](auto const& metric, std::string key) {
        CAPTURE(key);
        double const expected = json_number(all[key + (rebin ? "_factors_rebinned_10" : "")]);
        if (!std::isfinite(expected)) return;
        CHECK(std::abs(metric(arrays.codes, factors).value - expected) < 1e-10);
        ++compared;
      };
      compare(metric::Mig{.definition = definition::ubisoft}, "mig");
      compare(metric::MigSup{.definition = definition::ubisoft}, "mig_sup");
      compare(metric::DciMig{}, "dcimig");
      compare(metric::Jemmig{}, "jemmig");
      if (name != "dead_S") compare(metric::Modularity{.definition = definition::ubisoft}, "modularity");
    }
  }
  CHECK(compared >= 90);
}

TEST_CASE("MIG with 40 bins and MIG of binned factors equal the libraries that have them") {
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const other = test::reference_values(name)["other_libraries"];
    auto const arrays = test::reference_arrays(name);
    // clarken92 computes in float32.
    CHECK(std::abs(metric::Mig{.bins = 40}(arrays.codes, arrays.factors).value -
                   other["clarken92_mig_locatello_bins40"]["MIG"].get<double>()) < 2e-6);
    CHECK(std::abs(metric::Mig{.definition = definition::dcf}(arrays.codes, arrays.factors).value -
                   other["dcf_style_mig_20bins_both_sides_OUR_TRANSCRIPTION"].get<double>()) < 1e-12);
  }
}

TEST_CASE("MED and top-k MED equal the authors' code on every reference case") {
  int compared = 0;
  for (std::string const& name : test::reference_names()) {
    auto const other = test::reference_values(name)["other_libraries"];
    if (!other.contains("med_1400_600_top1") || !other["med_1400_600_top1"].contains("disentanglement"))
      continue;
    CAPTURE(name);
    auto const expected = other["med_1400_600_top1"];
    auto const arrays = test::reference_arrays(name);
    metric::Score const s = metric::Med{}(arrays.train_codes(), arrays.train_factors());
    CHECK(test::largest_difference(s.table("importance"),
                                   test::reference_matrix(expected["importance_matrix_LxK"])) < 1e-10);
    CHECK(std::abs(s.value - expected["disentanglement"].get<double>()) < 1e-10);
    CHECK(std::abs(s.part("completeness") - expected["completeness"].get<double>()) < 1e-10);
    CHECK(std::abs(s.part("top_k_disentanglement") - expected["top1_disentanglement"].get<double>()) < 1e-10);
    CHECK(std::abs(s.part("top_k_completeness") - expected["top1_completeness"].get<double>()) < 1e-10);
    ++compared;
  }
  CHECK(compared >= 9);
}
