// SPDX-License-Identifier: Apache-2.0
// The priors of Bayes-Factor-VAE: their divergences in closed form, by integration and in the limits where
// they are known; codes that follow the density which the posterior states; gradients.
#include <cmath>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/prior/gamma_precision.hpp>
#include <disentangle/prior/learnt_variance.hpp>
#include <disentangle/regularizer/bayes_factor.hpp>

using namespace disentangle;
using Double = backend::BasicCpu<double>;

static Philox const noise{3, stream("noise"), 1};

namespace {

/// What the states of the priors hold, without a builder.
template <class B>
struct Logs {
  Variable<B, 1> log_deviation{}, log_shape{}, log_rate{}, log_excess{}, logits{};
};

std::vector<double> numbers(auto const& v) { return std::vector<double>(v.value, v.value + v.size()); }

/// KL(Gamma(ah, bh) || Gamma(a, b)) and E_q[log alpha], E_q[alpha], by integration over log alpha.
struct Integrals {
  double kl, mean, log_mean;
};
Integrals integrate(double ah, double bh, double a, double b) {
  auto const log_density = [](double shape, double rate, double alpha) {
    return shape * std::log(rate) - std::lgamma(shape) + (shape - 1) * std::log(alpha) - rate * alpha;
  };
  Integrals sum{};
  double const step = 1e-3;
  for (double t = -30; t < 8; t += step) {
    double const alpha = std::exp(t), q = log_density(ah, bh, alpha), weight = std::exp(q) * alpha * step;
    sum.kl += weight * (q - log_density(a, b, alpha));
    sum.mean += weight * alpha;
    sum.log_mean += weight * t;
  }
  return sum;
}

}  // namespace

TEST_CASE("a learnt variance of 1 is the standard normal prior; others by the formula") {
  Tape<Double> tape{Double(1)};
  double const head[] = {0.3, -1, 0.2, -0.5, 1, 0, -2, 0.4}, deviations[] = {0, std::log(2.0)};
  auto const h = tape.constant(Extents<2>{2, 4}, head);
  Logs<Double> state{.log_deviation = tape.constant(Extents<1>{2}, deviations)};
  Philox const random = noise;
  auto const found = prior::LearntVariance{}.posterior(h, random, state);
  auto const normal = prior::StandardNormal{}.posterior(h, random);
  CHECK(numbers(found.sample) == numbers(normal.sample));
  CHECK(found.kl.value[0] == doctest::Approx(normal.kl.value[0]));
  CHECK(found.log_prior.value[2] == doctest::Approx(normal.log_prior.value[2]));
  // latent 1: mean -1, log-variance -0.5, v = 4
  CHECK(found.kl.value[1] == doctest::Approx(0.5 * (std::log(4.0) + 0.5 - 1 + (1 + std::exp(-0.5)) / 4)));
  auto const penalty = materialise(regularizer::VarianceDeviation{}(found));
  CHECK(*penalty.value == doctest::Approx(0.05 * 9));
}

TEST_CASE("expected KL and KL of the precisions are those of integration over the precision") {
  Tape<Double> tape{Double(1)};
  double const head[] = {0.7, -0.4}, shape[] = {std::log(1.7)}, rate[] = {std::log(0.8)},
               excess[] = {std::log(1.3)};
  Logs<Double> state{.log_shape = tape.constant(Extents<1>{1}, shape),
                     .log_rate = tape.constant(Extents<1>{1}, rate),
                     .log_excess = tape.constant(Extents<1>{1}, excess)};
  auto const q = prior::GammaPrecision{}.posterior(tape.constant(Extents<2>{1, 2}, head), noise, state);
  auto const by_integration = integrate(1.7, 0.8, 2.3, 1.3);
  CHECK(*q.precision_kl.value == doctest::Approx(by_integration.kl).epsilon(1e-5));
  double const second = 0.49 + std::exp(-0.4);
  CHECK(*q.kl.value ==
        doctest::Approx(0.5 * (by_integration.mean * second - 1 - by_integration.log_mean + 0.4))
            .epsilon(1e-5));
  auto sized = q;
  sized.data_size = 50;
  CHECK(*materialise(regularizer::PrecisionKl{}(sized)).value ==
        doctest::Approx(by_integration.kl / 50).epsilon(1e-5));
}

TEST_CASE(
    "the KL of the precisions vanishes where both laws are the same; irrelevant latents are nearly normal") {
  Tape<Double> tape{Double(1)};
  prior::RelevantPrecision const policy;
  double const a = 1.002 / 0.001;  // r = 0
  double const head[] = {0.7, -0.4}, shape[] = {std::log(a)}, rate[] = {std::log(a - 1)}, logits[] = {-800};
  Logs<Double> state{.log_shape = tape.constant(Extents<1>{1}, shape),
                     .log_rate = tape.constant(Extents<1>{1}, rate),
                     .logits = tape.constant(Extents<1>{1}, logits)};
  auto const h = tape.constant(Extents<2>{1, 2}, head);
  auto const q = policy.posterior(h, noise, state);
  CHECK(*q.precision_kl.value == doctest::Approx(0).epsilon(1e-8));
  auto const normal = prior::StandardNormal{}.posterior(h, noise);
  CHECK(*q.kl.value == doctest::Approx(*normal.kl.value).epsilon(5e-3));
  CHECK(*q.log_prior.value == doctest::Approx(*normal.log_prior.value).epsilon(5e-3));
  CHECK(*q.relevant_sample.value == 0);
}

TEST_CASE("codes follow the density that the posterior states") {
  Tape<Double> tape{Double(1)};
  double const excess[] = {std::log(0.5), std::log(3.0)};  // a = 1.5 and 4
  double const ones[] = {0, 0};
  Logs<Double> state{.log_shape = tape.constant(Extents<1>{2}, ones),
                     .log_rate = tape.constant(Extents<1>{2}, ones),
                     .log_excess = tape.constant(Extents<1>{2}, excess)};
  prior::GammaPrecision const policy;
  constexpr std::ptrdiff_t n = 100'000;
  auto const codes = policy.codes(tape, n, 2, noise, state);
  for (std::ptrdiff_t j = 0; j < 2; ++j) {
    double const a = 1 + std::exp(excess[j]), b = a - 1;
    auto const density = [&](double z) {
      return std::exp(std::lgamma(a + 0.5) - std::lgamma(a) - 0.5 * std::log(2 * std::numbers::pi * b) -
                      (a + 0.5) * std::log1p(z * z / (2 * b)));
    };
    double mass = 0;
    std::vector<double> limits{0.2, 0.7, 1.5, 4};
    std::size_t next = 0;
    double const step = 1e-4;
    for (double z = 0; next < limits.size(); z += step) {
      mass += 2 * step * density(z + step / 2);
      if (z + step < limits[next]) continue;
      double inside = 0;
      for (std::ptrdiff_t i = 0; i < n; ++i) inside += std::abs(codes.value[i * 2 + j]) < limits[next];
      CHECK_MESSAGE(std::abs(inside / n - mass) < 0.006, "a = " << a << ", |z| < " << limits[next]);
      ++next;
    }
  }
}

TEST_CASE("gradients of the divergences") {
  auto const report = check_gradient(
      [](auto head, auto shape, auto rate, auto excess) {
        using B = typename decltype(head)::backend_type;
        Logs<B> state;
        state.log_shape = materialise(shape * 1.0);
        state.log_rate = materialise(rate * 1.0);
        state.log_excess = materialise(excess * 1.0);
        auto const q = prior::GammaPrecision{}.posterior(materialise(head * 1.0), noise, state);
        return sum(q.kl) + regularizer::PrecisionKl{}(q) + 0.3 * sum(q.log_prior);
      },
      random_array(Extents<2>{3, 4}, 1, -1, 1), random_array(Extents<1>{2}, 2, -0.5, 1),
      random_array(Extents<1>{2}, 3, -0.5, 1), random_array(Extents<1>{2}, 4, -1, 1));
  CHECK_MESSAGE(report.ok, report.text);
}
