// SPDX-License-Identifier: Apache-2.0
// Contrastive losses and the invariance penalty: the exact factorial toy, closed-form gradients of the
// penalty (spec/ip_irm.md T1, T4, T6), DCL and HCL in the limits where they are SimCLR.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/contrast/info_nce.hpp>

using namespace disentangle;
using namespace disentangle::contrast;
using Double = backend::BasicCpu<double>;

namespace {

double value(auto const& e) {
  auto const v = materialise(e);
  return *v.value;
}

/// Colour (2) x digit (4) x instance (3) with one-hot blocks of the given energies; of the first `colours`
/// colours.
Variable<Double, 2> factorial(Tape<Double>& tape, double colour, double digit, double instance,
                              std::size_t colours = 2) {
  std::vector<double> x(colours * 12 * 9);
  for (std::size_t i = 0; i < colours * 12; ++i) {
    x[i * 9 + i / 12] = std::sqrt(colour);
    x[i * 9 + 2 + i / 3 % 4] = std::sqrt(digit);
    x[i * 9 + 6 + i % 3] = std::sqrt(instance);
  }
  return tape.constant(Extents<2>{static_cast<std::ptrdiff_t>(colours * 12), 9}, x.data());
}

}  // namespace

TEST_CASE("rows have their partner first and the others by index") {
  Tape<Double> tape{Double(1)};
  double const a[] = {1, 2}, b[] = {10, 20};
  auto const s = partner_first(tape.constant(Extents<2>{2, 1}, a), tape.constant(Extents<2>{2, 1}, b));
  double const expected[] = {10, 2, 20, 40, 2, 20, 10, 20, 200, 40, 20, 200};
  for (std::size_t i = 0; i < 12; ++i) CHECK(s.value[i] == expected[i]);
}

TEST_CASE("the factorial toy: loss and both penalties, whole and in a colour's subset") {
  Tape<Double> tape{Double(1)};
  auto const x = factorial(tape, 0.5, 0.3, 0.2), one = factorial(tape, 0.5, 0.3, 0.2, 1);
  auto const whole = materialise(2.0 * partner_first(x, x)),
             subset = materialise(2.0 * partner_first(one, one));
  CHECK(value(Biased{}(whole, 0.5)) == doctest::Approx(2.76922385).epsilon(1e-8));
  CHECK(value(invariance_penalty(whole)) == doctest::Approx(3.53431007).epsilon(1e-8));
  CHECK(value(invariance_penalty(whole, Dummy::scalar)) == doctest::Approx(0.85741940).epsilon(1e-8));
  CHECK(value(Biased{}(subset, 0.5)) == doctest::Approx(2.43262193).epsilon(1e-8));
  CHECK(value(invariance_penalty(subset, Dummy::scalar)) == doctest::Approx(0.42939162).epsilon(1e-8));
}

TEST_CASE("inside a colour's subset the loss grows with the energy of the colour (T6)") {
  Tape<Double> tape{Double(1)};
  double const alphas[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7};
  double const expected[] = {1.840997, 1.952926, 2.068892, 2.188858, 2.312778, 2.440594, 2.707645};
  for (std::size_t i = 0; i < 7; ++i) {
    double const rest = (1 - alphas[i]) / 2;
    auto const one = factorial(tape, alphas[i], rest, rest, 1);
    CHECK(value(Biased{}(2.0 * partner_first(one, one), 0.5)) == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}

TEST_CASE("the penalty's gradient is that of the closed form (T1)") {
  constexpr std::size_t n = 5, k = 4;
  auto const start = random_array(Extents<2>{n, k}, 3, -2, 2);
  for (Dummy const dummy : {Dummy::vector, Dummy::scalar}) {
    Tape<Double> tape{Double(1)};
    auto const z = tape.variable(Extents<2>{n, k}, true);
    tape.backend().upload(start.values.data(), z.value, n * k);
    auto const penalty = invariance_penalty(z, dummy);
    *penalty.gradient = 1;
    tape.backward();
    double p[n][k], g[k] = {}, total = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < k; ++j) sum += std::exp(start.values[i * k + j]);
      for (std::size_t j = 0; j < k; ++j) {
        p[i][j] = std::exp(start.values[i * k + j]) / sum;
        g[j] += (p[i][j] - (j == 0)) * start.values[i * k + j] / n;
      }
    }
    for (double const each : g) total += each;
    for (std::size_t i = 0; i < n; ++i) {
      double h = 0, expectation = 0;
      for (std::size_t j = 0; j < k; ++j) {
        h += g[j] * start.values[i * k + j] * p[i][j];
        expectation += p[i][j] * start.values[i * k + j];
      }
      for (std::size_t l = 0; l < k; ++l) {
        double const x = start.values[i * k + l], y = l == 0;
        double const vector = 2.0 / n * (g[l] * (p[i][l] - y) + g[l] * x * p[i][l] - p[i][l] * h);
        double const scalar = 2 * total / n * ((p[i][l] - y) + p[i][l] * (x - expectation));
        CHECK(z.gradient[i * k + l] ==
              doctest::Approx(dummy == Dummy::vector ? vector : scalar).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("DCL without a prior is SimCLR, HCL without beta is DCL; the floor of the negatives holds") {
  Tape<Double> tape{Double(1)};
  auto const x = factorial(tape, 0.5, 0.3, 0.2);
  auto const z = materialise(2.0 * partner_first(x, x));
  CHECK(value(Debiased{.prior = 0}(z, 0.5)) == doctest::Approx(value(Biased{}(z, 0.5))).epsilon(1e-12));
  CHECK(value(HardNegatives{.prior = 0.1, .beta = 0}(z, 0.5)) ==
        doctest::Approx(value(Debiased{}(z, 0.5))).epsilon(1e-12));
  double const rows[] = {1.5, -2, -2, 1.5, -2, -2};
  auto const easy = tape.constant(Extents<2>{2, 3}, rows);
  CHECK(value(Debiased{.prior = 0.5}(easy, 0.5)) ==
        doctest::Approx(std::log1p(2 * std::exp(-2.0) * std::exp(-1.5))));
  // by hand: importance exp(beta z) weighs the negatives, 2 of them
  double const hard = (std::exp(2 * 0.5) + std::exp(2 * -1.0)) / ((std::exp(0.5) + std::exp(-1.0)) / 2);
  double const mixed[] = {1.2, 0.5, -1};
  auto const one = tape.constant(Extents<2>{1, 3}, mixed);
  CHECK(value(HardNegatives{.prior = 0}(one, 0.5)) == doctest::Approx(std::log1p(hard * std::exp(-1.2))));
}

TEST_CASE("derived gradients of the losses") {
  for (int which = 0; which < 3; ++which) {
    auto const report = check_gradient(
        [which](auto a, auto b) {
          auto const z = materialise(1.5 * partner_first(a, b));
          return which == 0   ? materialise(Biased{}(z, 0.5))
                 : which == 1 ? materialise(Debiased{}(z, 0.5))
                              : materialise(HardNegatives{}(z, 0.5));
        },
        random_array(Extents<2>{4, 3}, 1), random_array(Extents<2>{4, 3}, 2));
    CHECK_MESSAGE(report.ok, report.text);
  }
}

TEST_CASE("from lambda_1 of about a half on, the vector penalty pays for making views unlike (T7)") {
  // all anchors alike, their negatives at similarity 0, of 510 in the minibatch and 254 in the subset;
  // temperatures 0.5
  auto const cheapest = [](double weight) {
    Tape<Double> tape{Double(1)};
    double best = 0, least = 1e300;
    for (int i = 0; i <= 1000; ++i) {
      tape.reset();
      double const similarity = i / 1000.0;
      auto const logits = [&](std::size_t negatives) {
        std::vector<double> rows(2 * (negatives + 1), 0.0);
        rows[0] = rows[negatives + 1] = similarity / 0.5;
        return tape.constant(Extents<2>{2, static_cast<std::ptrdiff_t>(negatives + 1)}, rows.data());
      };
      auto const whole = logits(510), subset = logits(254);
      double const total = value(Biased{}(whole, 0.5)) + value(Biased{}(subset, 0.5)) +
                           weight * value(invariance_penalty(subset));
      if (total < least) {
        least = total;
        best = similarity;
      }
    }
    return best;
  };
  CHECK(cheapest(0.2) == 1.0);
  CHECK(cheapest(0.5) == 1.0);
  CHECK(cheapest(0.6) == doctest::Approx(0.895).epsilon(0.002));
  CHECK(cheapest(0.8) == doctest::Approx(0.648).epsilon(0.002));
  CHECK(cheapest(1.0) == doctest::Approx(0.513).epsilon(0.002));
  CHECK(cheapest(2.0) == doctest::Approx(0.253).epsilon(0.004));
}
