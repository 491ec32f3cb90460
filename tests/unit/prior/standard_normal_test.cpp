// SPDX-License-Identifier: Apache-2.0
// StandardNormal: the posterior that it builds from an encoder's head, the codes that it draws.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/prior/standard_normal.hpp>

#include "tests/support/evaluate.hpp"
#include "tests/support/reference/kl_terms.hpp"

using namespace disentangle;
using Double = backend::BasicCpu<double>;
namespace reference = test::reference;

namespace {

auto const head = random_array(Extents<2>{5, 6}, 1, -1.5, 1.5);
Philox const noise{3, stream("noise"), 1};

}  // namespace

TEST_CASE("mean first, then log-variance; sample, KL and prior by their formulas") {
  Tape<Double> tape{Double(1)};
  tape.set_poisoned(true);
  prior::StandardNormal const prior;
  auto const q = prior.posterior(tape.constant(head.extents, head.values.data()), noise);
  auto const draws = prior.codes(tape, 5, 3, noise);
  CHECK(q.mean.extents == Extents<2>{5, 3});
  CHECK(q.batch_size() == 5);
  CHECK(q.latent_size() == 3);
  for (std::ptrdiff_t i = 0; i < 5; ++i) {
    for (std::ptrdiff_t d = 0; d < 3; ++d) {
      double const m = head.values[static_cast<std::size_t>(i * 6 + d)],
                   v = head.values[static_cast<std::size_t>(i * 6 + 3 + d)];
      auto const at = [&](auto const& t) { return t.value[i * t.strides[0] + d * t.strides[1]]; };
      CHECK(at(q.mean) == m);
      CHECK(at(q.log_variance) == v);
      CHECK(at(q.sample) == doctest::Approx(m + std::exp(v / 2) * at(draws)).epsilon(1e-13));
      CHECK(at(q.kl) == doctest::Approx(reference::kl(m, v)).epsilon(1e-12));
      CHECK(at(q.log_prior) == doctest::Approx(reference::log_normal(at(q.sample), 0, 0)).epsilon(1e-12));
    }
  }
}

TEST_CASE("gradients of all members reach the head") {
  CHECK_GRADIENT(
      [](auto h) {
        auto const q = prior::StandardNormal{}.posterior(h, noise);
        return q.mean * q.sample + exp(q.log_variance) + q.kl * q.log_prior;
      },
      head);
}

TEST_CASE("the log-variance is clamped, without gradient outside") {
  prior::StandardNormal const narrow{.log_variance_min = -1, .log_variance_max = 0.5};
  HostArray<2> const x{{1, 6}, {0, 0, 0, -3, 0.2, 2}};
  auto const f = [&](auto h) { return narrow.posterior(h, noise).log_variance; };
  auto const r = test::value_and_gradient<double>(1, f, x);
  bool const clamped = r.value == std::vector<double>{-1, 0.2, 0.5};
  CHECK(clamped);
  CHECK(r.gradient[3] == 0);
  CHECK(r.gradient[4] > 0);
  CHECK(r.gradient[5] == 0);
  auto const wild = test::value_and_gradient<float>(
      1, [](auto h) { return prior::StandardNormal{}.posterior(h, noise).kl; },
      HostArray<2>{{1, 2}, {0, 1e30}});
  CHECK(std::isfinite(wild.value[0]));
}

TEST_CASE("the KL is that of Monte Carlo") {
  double const m = 0.7, v = -0.8;
  double total = 0;
  int const n = 200000;
  for (int i = 0; i < n; ++i) {
    double const z = m + std::exp(v / 2) * static_cast<double>(noise.normal(static_cast<std::uint64_t>(i)));
    total += reference::log_normal(z, m, v) - reference::log_normal(z, 0, 0);
  }
  CHECK(total / n == doctest::Approx(reference::kl(m, v)).epsilon(0.01));
}

TEST_CASE("codes from the prior are standard normal, and other for another stream or step") {
  using Float = backend::Cpu;
  Tape<Float> tape{Float(2)};
  auto const z = prior::StandardNormal{}.codes(tape, 5000, 7, noise);
  double mean = 0, squares = 0, fourth = 0;
  for (std::ptrdiff_t i = 0; i < z.size(); ++i) {
    double const x = static_cast<double>(z.value[i]);
    mean += x / 35000, squares += x * x / 35000, fourth += x * x * x * x / 35000;
    CHECK(z.value[i] == noise.normal(static_cast<std::uint64_t>(i)));
  }
  CHECK(std::abs(mean) < 0.03);
  CHECK(squares == doctest::Approx(1).epsilon(0.03));
  CHECK(fourth == doctest::Approx(3).epsilon(0.1));
  CHECK(z.gradient == nullptr);
  auto const other = prior::StandardNormal{}.codes(tape, 5, 7, Philox{3, stream("noise"), 2});
  CHECK(other.value[0] != z.value[0]);
}
