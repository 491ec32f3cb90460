// SPDX-License-Identifier: Apache-2.0
// The maximum mean discrepancy against plain loops, its gradient, and that it vanishes on draws from the
// prior.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/contrast/prior_mmd.hpp>

using namespace disentangle;
using contrast::PriorMmd;
using Double = backend::BasicCpu<double>;

namespace {

/// The part of a training step that the term reads, with given draws from the prior.
struct Step {
  Posterior<Double> q;
  std::vector<double> draws;
  Posterior<Double> const& posterior() const { return q; }
  Variable<Double, 2> codes(std::ptrdiff_t n, char const*) const {
    return q.sample.tape->constant(Extents<2>{n, q.sample.extent(1)}, draws.data());
  }
};

double plain(std::vector<double> const& z, std::vector<double> const& p, std::size_t d, double width) {
  std::size_t const n = z.size() / d;
  auto const k = [&](std::vector<double> const& a, std::size_t i, std::vector<double> const& b,
                     std::size_t j) {
    double s = 0;
    for (std::size_t c = 0; c < d; ++c) s += (a[i * d + c] - b[j * d + c]) * (a[i * d + c] - b[j * d + c]);
    return std::exp(-s / (2 * width * width * static_cast<double>(d)));
  };
  double same = 0, between = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i != j) same += k(z, i, z, j) + k(p, i, p, j);
      between += k(z, i, p, j);
    }
  }
  double const m = static_cast<double>(n);
  return same / (m * (m - 1)) - 2 * between / (m * m);
}

}  // namespace

TEST_CASE("the discrepancy equals plain loops") {
  auto const z = random_array(Extents<2>{6, 3}, 1, -1, 2), p = random_array(Extents<2>{6, 3}, 2, -2, 2);
  Tape<Double> tape{Double(1)};
  Step step{{}, p.values};
  step.q.sample = tape.constant(Extents<2>{6, 3}, z.values.data());
  for (double const width : {0.5, 1.0, 3.0}) {
    auto const found = materialise(PriorMmd{.weight = 10, .width = width}(step));
    CHECK(*found.value == doctest::Approx(10 * plain(z.values, p.values, 3, width)));
  }
}

TEST_CASE("its derived gradient") {
  auto const report = check_gradient(
      [](auto x) {
        Step step{{}, random_array(Extents<2>{5, 2}, 3, -2, 2).values};
        step.q.sample = materialise(x * 1.0);
        return PriorMmd{.weight = 4}(step);
      },
      random_array(Extents<2>{5, 2}, 4, -1, 1));
  CHECK_MESSAGE(report.ok, report.text);
}

TEST_CASE("it is small for codes of the prior's law and large for others") {
  auto const discrepancy = [](double shift) {
    Tape<Double> tape{Double(1)};
    std::vector<double> z(400), p(400);
    for (std::size_t i = 0; i < 400; ++i) {
      z[i] = shift + static_cast<double>(Philox{1, 1, 0}.normal(i));
      p[i] = static_cast<double>(Philox{1, 2, 0}.normal(i));
    }
    Step step{{}, p};
    step.q.sample = tape.constant(Extents<2>{200, 2}, z.data());
    return *materialise(PriorMmd{.weight = 1}(step)).value;
  };
  CHECK(std::abs(discrepancy(0)) < 0.01);
  CHECK(discrepancy(1) > 0.1);
}
