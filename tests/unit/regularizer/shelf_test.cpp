// SPDX-License-Identifier: Apache-2.0
// The terms of the VAE shelf: values on codes where they are known, derived gradients.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/dip.hpp>
#include <disentangle/regularizer/kl.hpp>
#include <disentangle/regularizer/scheduled.hpp>
#include <disentangle/train/check_term.hpp>

#include "tests/support/posterior.hpp"

using namespace disentangle;
using regularizer::Capacity;
using regularizer::CodeCovariance;
using regularizer::MeanCovariance;
using regularizer::Ramp;
using regularizer::RampKind;
using regularizer::Scheduled;
using test::GivenPosterior;

namespace {

/// Four images, two latents, with this covariance times the identity, and these log-variances.
test::reference::Codes square_of_codes(double variance, double log_variance) {
  double const a = std::sqrt(variance);
  return {
      4, 2, {a, a, a, -a, -a, a, -a, -a}, std::vector<double>(8, log_variance), {a, a, a, -a, -a, a, -a, -a}};
}

}  // namespace

TEST_CASE(
    "DIP-VAE's penalties vanish on codes with identity covariance and measure what is missing elsewhere") {
  GivenPosterior<double> identity(square_of_codes(1, -1), 4);
  CHECK(identity(MeanCovariance{}(identity.q)) == doctest::Approx(0).epsilon(1e-12));
  GivenPosterior<double> shared(square_of_codes(0.75, std::log(0.25)), 4);
  CHECK(shared(CodeCovariance{}(shared.q)) == doctest::Approx(0).epsilon(1e-12));
  // two latents whose variance is 1/4 too small
  CHECK(shared(MeanCovariance{.off_diagonal = 1, .diagonal = 3}(shared.q)) == doctest::Approx(3 * 2 / 16.0));

  // one code twice: every element of the covariance is the variance
  test::reference::Codes const twice{2, 2, {1, 1, -1, -1}, {0, 0, 0, 0}, {1, 1, -1, -1}};
  GivenPosterior<double> equal(twice, 2);
  CHECK(equal(MeanCovariance{.off_diagonal = 5, .diagonal = 7}(equal.q)) == doctest::Approx(5 * 2));
  CHECK(equal(CodeCovariance{.off_diagonal = 5, .diagonal = 7}(equal.q)) == doctest::Approx(5 * 2 + 7 * 2));
}

TEST_CASE("the capacity grows to its end and stays there, and the term is its distance to the KL") {
  Capacity const capacity{.gamma = 10, .capacity_start = 2, .capacity_end = 25, .steps = 1000};
  CHECK(capacity.capacity(500) == doctest::Approx(13.5));
  CHECK(capacity.capacity(1000) == 25);
  CHECK(capacity.capacity(5000) == 25);
  CHECK(Capacity{.steps = 0}.capacity(1) == 25);

  auto const codes = test::random_codes(6, 3, 1);
  GivenPosterior<double> given(codes, 100);
  double const kl = given(regularizer::Kl{}(given.q));
  for (long const step : {1L, 400L, 100'000L}) {
    given.q.step = step;
    CHECK(given(capacity(given.q)) == doctest::Approx(10 * std::abs(kl - capacity.capacity(step))));
  }
}

TEST_CASE("a KL at its capacity has no gradient") {
  auto const report = check_gradient(
      [](auto x) {
        Posterior<backend::BasicCpu<double>> q;
        q.mean = q.kl = materialise(x * 1.0);
        q.step = 7;
        // far from the kink; at it, abs has the subgradient 0, which central differences find too
        return Capacity{.gamma = 3, .capacity_end = 100, .steps = 0}(q);
      },
      random_array(Extents<2>{3, 2}, 1, 0, 1));
  CHECK_MESSAGE(report.ok, report.text);
  auto const at = check_gradient(
      [](auto x) {
        Posterior<backend::BasicCpu<double>> q;
        q.mean = q.kl = materialise(x * 0.0 + 2.0);
        return Capacity{.gamma = 3, .capacity_end = 4, .steps = 0}(q);
      },
      random_array(Extents<2>{1, 2}, 1, 0, 1));
  CHECK_MESSAGE(at.ok, at.text);
}

TEST_CASE("derived gradients") {
  auto report = check_term(MeanCovariance{});
  CHECK_MESSAGE(report.ok, report.text);
  report = check_term(CodeCovariance{});
  CHECK_MESSAGE(report.ok, report.text);
  report = check_term(Capacity{.steps = 20});
  CHECK_MESSAGE(report.ok, report.text);
  report = check_term(Scheduled<&regularizer::WeightedKl::beta>{});
  CHECK_MESSAGE(report.ok, report.text);
}

TEST_CASE("a ramp goes where it says, and sets the member of the term") {
  CHECK(Ramp{.kind = RampKind::constant, .to = 3}(1) == 3);
  Ramp const linear{.from = 1, .to = 5, .steps = 100};
  CHECK(linear(25) == doctest::Approx(2));
  CHECK(linear(100) == 5);
  CHECK(linear(1000) == 5);
  Ramp const cyclic{.kind = RampKind::cyclic, .from = 0, .to = 1, .steps = 100};
  CHECK(cyclic(25) == doctest::Approx(0.5));
  CHECK(cyclic(50) == 1);
  CHECK(cyclic(99) == 1);
  CHECK(cyclic(125) == doctest::Approx(0.5));

  GivenPosterior<double> given(test::random_codes(6, 3, 1), 100);
  double const kl = given(regularizer::Kl{}(given.q));
  given.q.step = 25;
  Scheduled<&regularizer::WeightedKl::beta> const scheduled{.ramp = linear};
  CHECK(given(scheduled(given.q)) == doctest::Approx(2 * kl));
}
