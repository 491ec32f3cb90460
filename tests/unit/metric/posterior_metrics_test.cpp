// SPDX-License-Identifier: Apache-2.0
// RMIG, JEMMIG, Chen's MIG and WSEPIN: reference values of the authors' library, closed forms, and errors.
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/chen_mig.hpp>
#include <disentangle/metric/rmig.hpp>
#include <disentangle/metric/wsepin.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"

using namespace disentangle;

namespace {

/// Rows 0 .. 399 of a case, z_mean = 4 code, deviation of latent l = (1 + l) / 8, and the reference's
/// samples.
struct PosteriorCase {
  metric::Matrix<double> means, deviations, samples;
  metric::Matrix<int> factors;
  std::vector<std::size_t> rows;

  explicit PosteriorCase(std::string const& name) {
    auto const arrays = test::reference_arrays(name);
    std::size_t const latents = arrays.codes.columns;
    means = deviations = metric::Matrix<double>(400, latents);
    factors = metric::Matrix<int>(400, arrays.factors.columns);
    for (std::size_t i = 0; i < 400; ++i) {
      for (std::size_t l = 0; l < latents; ++l) {
        means(i, l) = 4 * arrays.codes(i, l);
        deviations(i, l) = 0.125 * static_cast<double>(1 + l);
      }
      for (std::size_t k = 0; k < factors.columns; ++k) factors(i, k) = arrays.factors(i, k);
    }
    std::ifstream file(test::metric_reference_folder() / "rmig_jemmig" / (name + ".samples.csv"));
    std::string line;
    std::getline(file, line);
    samples = metric::Matrix<double>(0, latents);
    while (std::getline(file, line)) {
      std::istringstream cells(line);
      std::string cell;
      std::getline(cells, cell, ',');
      rows.push_back(std::stoul(cell));
      while (std::getline(cells, cell, ',')) samples.values.push_back(std::stod(cell));
      ++samples.rows;
    }
  }
};

/// Standard normal means of one latent per column, all with one deviation.
metric::Matrix<double> normal_means(std::size_t rows, std::size_t latents, std::uint32_t stream) {
  metric::Matrix<double> m(rows, latents);
  Philox const normal{7, stream, 0};
  for (std::size_t i = 0; i < m.values.size(); ++i) m.values[i] = static_cast<double>(normal.normal(i));
  return m;
}

}  // namespace

TEST_CASE("RMIG and JEMMIG equal the authors' library on its own samples") {
  for (std::string const name : {"perfect_S", "duplicate_noisy_S"}) {
    CAPTURE(name);
    PosteriorCase const c(name);
    REQUIRE(c.samples.rows == 400);
    auto const all = test::reference_values(name)["rmig_jemmig"];
    auto const expected = all["float64_same_estimator_OURS"];
    metric::Score const s = metric::Rmig{}(c.means, c.deviations, c.factors, c.rows, c.samples);
    CHECK(test::largest_difference(s.table("mutual_information"), test::reference_matrix(expected["MI"])) <
          1e-9);
    CHECK(test::largest_difference(s.table("mutual_information"),
                                   test::reference_matrix(all["library_float32"]["MI_zi_yk"])) < 1e-5);
    CHECK(std::abs(s.value - expected["RMIG_norm_mean"].get<double>()) < 1e-9);
    for (std::size_t k = 0; k < c.factors.columns; ++k) {
      CHECK(std::abs(s.table("factor_entropy")(k, 0) - expected["H_y"][k].get<double>()) < 1e-9);
      CHECK(std::abs(s.table("rmig_unnormalised_per_factor")(k, 0) - expected["RMIG"][k].get<double>()) <
            1e-9);
      CHECK(std::abs(s.table("jemmig_per_factor")(k, 0) - expected["JEMMIG"][k].get<double>()) < 1e-9);
      CHECK(std::abs(s.table("jemmig_per_factor")(k, 0) -
                     all["library_float32"]["JEMMIG_yk"][k].get<double>()) < 1e-5);
    }
    auto const quantised = all["quantised_OUR_TRANSCRIPTION"];
    metric::Score const q =
        metric::Rmig{.bins = quantised["bins"].get<int>(),
                     .definition = metric::definition::clarken92_quantised}(c.means, c.deviations, c.factors);
    CHECK(test::largest_difference(q.table("mutual_information"), test::reference_matrix(quantised["MI"])) <
          1e-5);
    for (std::size_t k = 0; k < c.factors.columns; ++k) {
      CHECK(std::abs(q.table("rmig_per_factor")(k, 0) -
                     quantised["RMIG_per_factor_normalised"][k].get<double>()) < 1e-5);
      CHECK(std::abs(q.table("jemmig_per_factor")(k, 0) -
                     quantised["JEMMIG_per_factor_normalised_by_Hy_plus_logB"][k].get<double>()) < 1e-5);
    }
  }
}

TEST_CASE("noise in the posterior lowers RMIG and Chen's MIG; sharp posteriors give MIG") {
  auto const s = test::axis_aligned(600, 0, 3);
  metric::Matrix<double> const sharp(600, 4, 0.05), blurred(600, 4, 1.0);
  double const rmig = metric::Rmig{.num_samples = 600}(s.codes, sharp, s.factors).value;
  CHECK(rmig > 0.85);
  CHECK(metric::Rmig{.num_samples = 600}(s.codes, blurred, s.factors).value < rmig - 0.2);
  auto const three = test::columns(s.codes, {0, 1, 2});
  metric::Matrix<double> const deviation(600, 3, 0.05);
  metric::Score const chen = metric::ChenMig{}(three, deviation, s.factors);
  CHECK(chen.value > 0.9);
  CHECK(metric::ChenMig{}(three, metric::Matrix<double>(600, 3, 1.0), s.factors).value < chen.value - 0.2);
  for (unsigned threads : {1u, 3u})
    CHECK(metric::ChenMig{.threads = threads}(three, deviation, s.factors).value == chen.value);
  CHECK(test::in_range(chen));
}

TEST_CASE(
    "WSEPIN of independent latents is their information, of copies nothing; in closed form for Gaussians") {
  // I(z; x) of means N(0, 1) seen with deviation d is 1/2 ln(1 + 1 / d^2).
  std::size_t const rows = 1500;
  auto const means = normal_means(rows, 2, 1);
  metric::Matrix<double> const deviations(rows, 2, 0.5);
  double const each = 0.5 * std::log(1 + 1 / 0.25);
  metric::Wsepin const metric{.num_samples = 1500};
  metric::Score const s = metric(means, deviations);
  CHECK(s.value == doctest::Approx(each).epsilon(0.12));
  CHECK(s.part("windin") == doctest::Approx(each).epsilon(0.12));
  CHECK(s.part("wsep") < 0.08);
  auto const copies = test::columns(means, {0, 0});
  metric::Score const c = metric(copies, deviations);
  // Two looks at one number: I(z; x) = 1/2 ln(1 + 2 / d^2), each adds the difference, and tells the rest
  // twice.
  double const both = 0.5 * std::log(1 + 2 / 0.25);
  CHECK(c.value == doctest::Approx(both - each).epsilon(0.2));
  CHECK(c.part("wsep") == doctest::Approx(2 * each - both).epsilon(0.2));
  CHECK(c.part("windin") < s.part("windin") - 0.3);
  metric::Matrix<double> noise(rows, 2, 0);
  CHECK(metric(noise, metric::Matrix<double>(rows, 2, 1.0)).value < 1e-9);
  // The floor of the authors' code swallows many latents.
  auto const many = normal_means(300, 12, 2);
  metric::Matrix<double> const wide(300, 12, 0.9);
  double const exact = metric::Wsepin{.num_samples = 200}(many, wide).part("information_of_all");
  metric::Wsepin const floored{.num_samples = 200, .definition = metric::definition::clarken92};
  CHECK(exact > 4);
  CHECK(floored(many, wide).part("information_of_all") < exact - 1);
}

TEST_CASE("metrics of posteriors name what is wrong") {
  auto const s = test::axis_aligned(40, 0, 3);
  metric::Matrix<double> deviations(40, 4, 0.1);
  using test::contains;
  using test::message_of;
  CHECK(contains(message_of<ShapeError>(
                     [&] { (void)metric::Rmig{}(s.codes, metric::Matrix<double>(40, 3, 1.0), s.factors); }),
                 "deviations are 40 x 3, expected the 40 x 4 of the means"));
  deviations(3, 2) = -0.5;
  CHECK(contains(message_of<ValueError>([&] { (void)metric::ChenMig{}(s.codes, deviations, s.factors); }),
                 "chen_mig: standard deviation -0.5"));
  deviations(3, 2) = 0.5;
  CHECK(contains(message_of<ValueError>([&] { (void)metric::Wsepin{.num_samples = 0}(s.codes, deviations); }),
                 "num_samples is 0"));
  CHECK(contains(message_of<ValueError>([&] {
                   (void)metric::Rmig{}(s.codes, deviations, s.factors, {40}, metric::Matrix<double>(1, 4));
                 }),
                 "sample of row 40"));
  CHECK(contains(message_of<ValueError>([&] {
                   (void)metric::Rmig{.definition = metric::definition::chen}(s.codes, deviations, s.factors);
                 }),
                 "expected one of: clarken92, clarken92_quantised"));
}
