// SPDX-License-Identifier: Apache-2.0
// Bernoulli, Gaussian and Laplace likelihoods against plain loops, their gradients and their expected images.
#include <cmath>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/reconstruction/bernoulli.hpp>
#include <disentangle/reconstruction/gaussian.hpp>
#include <disentangle/reconstruction/laplace.hpp>

#include "tests/support/evaluate.hpp"

using namespace disentangle;
using test::evaluate;

namespace {

auto const output = random_array(Extents<2>{3, 5}, 1, -3, 3);
auto const images = random_array(Extents<2>{3, 5}, 2, 0, 1);

/// policy(Likelihood{output, images}) for check_gradient and evaluate.
template <class Policy>
auto term(Policy const& policy) {
  return [policy](auto o, auto x) { return policy(Likelihood<typename decltype(o)::backend_type>{o, x}); };
}
template <class Policy, class Pixel>
void check(Policy const& policy, Pixel const& pixel) {
  double expected = 0;
  for (std::size_t i = 0; i < output.values.size(); ++i)
    expected += pixel(output.values[i], images.values[i]) / 3;
  CHECK(evaluate<double>(term(policy), output, images).values[0] == doctest::Approx(expected).epsilon(1e-13));
  CHECK(evaluate<float>(term(policy), output, images).values[0] == doctest::Approx(expected).epsilon(1e-6));
  CHECK_GRADIENT(term(policy), output, images);
}

}  // namespace

TEST_CASE("Bernoulli: the cross-entropy of probabilities sigmoid(output)") {
  check(reconstruction::Bernoulli{}, [](double o, double x) {
    double const p = 1 / (1 + std::exp(-o));
    return -x * std::log(p) - (1 - x) * std::log(1 - p);
  });
  HostArray<2> const extreme{{1, 2}, {80, -80}}, opposite{{1, 2}, {0, 1}};
  CHECK(evaluate<float>(term(reconstruction::Bernoulli{}), extreme, opposite).values[0] ==
        doctest::Approx(160));
  auto const picture = evaluate([](auto o) { return reconstruction::Bernoulli{}.image(o); }, extreme);
  CHECK(picture.values[0] == doctest::Approx(1));
  CHECK(picture.values[1] == doctest::Approx(0));
}

TEST_CASE("Gaussian: the negative log-density up to its constant") {
  for (double const s : {1.0, 0.1}) {
    check(reconstruction::Gaussian{.standard_deviation = s}, [s](double o, double x) {
      double const density =
          std::exp(-(o - x) * (o - x) / (2 * s * s)) / (s * std::sqrt(2 * std::numbers::pi));
      double const at_mode = 1 / (s * std::sqrt(2 * std::numbers::pi));
      return density > 0 ? -std::log(density / at_mode) : (o - x) * (o - x) / (2 * s * s);
    });
  }
}

TEST_CASE("Laplace: the L1 distance in units of the scale") {
  check(reconstruction::Laplace{.scale = 0.5}, [](double o, double x) { return std::abs(o - x) / 0.5; });
}

TEST_CASE("expected images of Gaussian and Laplace stay in [0, 1]") {
  HostArray<2> const o{{1, 3}, {-0.5, 0.25, 1.5}};
  auto const gaussian = evaluate([](auto v) { return reconstruction::Gaussian{}.image(v); }, o).values;
  auto const laplace = evaluate([](auto v) { return reconstruction::Laplace{}.image(v); }, o).values;
  bool const same = gaussian == std::vector<double>{0, 0.25, 1} && laplace == gaussian;
  CHECK(same);
}
