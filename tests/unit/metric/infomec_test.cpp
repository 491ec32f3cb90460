// SPDX-License-Identifier: Apache-2.0
// InfoM, InfoC and InfoE against the authors' code, the neighbour estimator against closed forms, laws and
// errors.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/infomec.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"

using namespace disentangle;

TEST_CASE("InfoM, InfoC and InfoE are the authors' on the reference cases") {
  for (std::string const name : {"perfect_S", "rotated45_noisy_S", "two_in_one_S", "dead_S", "cont_C"}) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    auto const all = test::reference_values(name)["other_libraries"];
    auto const discrete = all["infomec_discrete_on_20bin_codes"];
    if (name != "cont_C") {  // whose classifier takes seconds on 80 inputs
      metric::Score const d = metric::InfoMec{.bins = 20}(arrays.codes, arrays.factors);
      CHECK(std::abs(d.value - discrete["infom"].get<double>()) < 1e-6);
      CHECK(std::abs(d.part("infoc") - discrete["infoc"].get<double>()) < 1e-6);
      CHECK(std::abs(d.part("infoe") - discrete["infoe"].get<double>()) < 0.01);
    }
    auto const continuous = all["infomec_continuous_np_seed0"];
    // The noise that separates equal codes differs, and where it decides so do ratios of small informations.
    metric::Score const c = metric::InfoMec{}(arrays.codes, arrays.factors);
    CHECK(std::abs(c.value - continuous["infom"].get<double>()) < 0.02);
    CHECK(std::abs(c.part("infoc") - continuous["infoc"].get<double>()) < 0.02);
    CHECK(std::abs(c.part("infoe") - continuous["infoe"].get<double>()) < 0.01);
    double active = 0;
    for (auto const& each : continuous["active_latents"]) active += each.get<bool>();
    CHECK(c.part("active_latents") == active);
    for (std::size_t k = 0; k < arrays.factors.columns; ++k)
      for (std::size_t l = 0; l < arrays.codes.columns; ++l)
        CHECK(std::abs(c.table("normalised_information")(l, k) - continuous["nmi"][k][l].get<double>()) <
              0.02);
  }
}

TEST_CASE("the neighbour estimator knows Gaussians apart") {
  CHECK(metric::detail::digamma(1) == doctest::Approx(-0.5772156649015329).epsilon(1e-12));
  CHECK(metric::detail::digamma(10.5) == doctest::Approx(2.3030010343).epsilon(1e-9));
  std::size_t const rows = 4000;
  std::vector<double> x(rows);
  metric::Matrix<int> y(rows, 1);
  Philox const random{3, 1, 0};
  for (std::size_t i = 0; i < rows; ++i) {
    y(i, 0) = static_cast<int>(i % 2);
    x[i] = 40.0 * y(i, 0) + static_cast<double>(random.normal(i));
  }
  auto const labels = metric::detail::classes("test", y.view(), 0);
  CHECK(metric::detail::neighbour_information(x, labels, 10, random) ==
        doctest::Approx(std::log(2)).epsilon(0.01));
  for (std::size_t i = 0; i < rows; ++i) x[i] -= 40.0 * y(i, 0);
  CHECK(metric::detail::neighbour_information(x, labels, 10, random) < 0.02);
}

TEST_CASE("InfoMec: order of latents, threads, dead latents, one latent, errors") {
  auto const s = test::axis_aligned(500, 0.2, 3);
  metric::Score const score = metric::InfoMec{.threads = 1}(s.codes, s.factors);
  CHECK(test::in_range(score));
  CHECK(metric::InfoMec{.threads = 3}(s.codes, s.factors).value == score.value);
  CHECK(metric::InfoMec{}(test::columns(s.codes, {2, 0, 3, 1}), s.factors).value ==
        doctest::Approx(score.value).epsilon(1e-3));
  auto const dead = metric::InfoMec{}(test::with_constant(s.codes, 0.1), s.factors);
  CHECK(dead.part("active_latents") == 4);
  CHECK(dead.value == doctest::Approx(score.value).epsilon(1e-3));
  CHECK(metric::InfoMec{}(test::columns(s.codes, {0}), s.factors).part("infoc") == 1);
  CHECK(test::in_range(metric::InfoMec{}(metric::Matrix<double>(500, 2, 0.5), s.factors)));
  CHECK(test::contains(
      test::message_of<ValueError>([&] { (void)metric::InfoMec{.neighbours = 0}(s.codes, s.factors); }),
      "neighbours is 0"));
}
