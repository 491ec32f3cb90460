// SPDX-License-Identifier: Apache-2.0
// Uniform codes, and codes drawn anew at a distance: laws and floors, for the interval exactly and for any
// prior by rejection.
#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/prior/redraw.hpp>
#include <disentangle/prior/standard_normal.hpp>
#include <disentangle/prior/uniform_code.hpp>

using namespace disentangle;
using Cpu = backend::Cpu;

static_assert(prior_policy<prior::UniformCode>);

namespace {

Philox random(std::uint64_t number) { return {number, stream("test"), 1}; }

/// The largest distance between the empirical distribution function and the expected one (Kolmogorov,
/// Smirnov).
template <class F>
double distance(std::vector<double> values, F const& expected) {
  std::sort(values.begin(), values.end());
  double worst = 0, n = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    worst = std::max({worst, std::abs(expected(values[i]) - static_cast<double>(i) / n),
                      std::abs(expected(values[i]) - static_cast<double>(i + 1) / n)});
  }
  return worst;
}
template <class B>
Variable<B, 2> constant(Tape<B>& tape, std::ptrdiff_t n, double value) {
  auto const v = tape.variable(Extents<2>{n, 1}, false);
  tape.backend().fill(v.value, static_cast<std::size_t>(n), static_cast<float>(value));
  return v;
}
std::vector<double> numbers(Variable<Cpu, 2> const& v) { return {v.value, v.value + v.size()}; }

}  // namespace

TEST_CASE("codes are uniform on their interval") {
  Tape<Cpu> tape{Cpu(1)};
  auto const c = prior::UniformCode{.limit = 2}.codes(tape, 4000, 3, random(1));
  CHECK(c.extents == Extents<2>{4000, 3});
  CHECK(distance(numbers(c), [](double x) { return (x + 2) / 4; }) < 0.015);  // 1.63 / sqrt(12000) at 1 %
  CHECK(prior::UniformCode{.limit = 2}.support() == 2);
}

TEST_CASE("a redrawn number has the prior's law on what the gap leaves") {
  for (double const at : {-0.9, -0.3, 0.0, 0.5, 1.0}) {
    Tape<Cpu> tape{Cpu(1)};
    double const gap = 0.5, below = std::max(0.0, at - gap + 1), above = std::max(0.0, 1 - at - gap);
    auto const values = numbers(prior::UniformCode{}.redraw(constant(tape, 10000, at), gap, random(2)));
    CHECK(distance(values, [&](double x) {
            return (x < at ? std::min(x + 1, below) : below + std::max(0.0, x - at - gap)) / (below + above);
          }) < 0.0163);
    for (double const x : values) {
      REQUIRE(std::abs(x - at) >= gap - 1e-6);
      REQUIRE(std::abs(x) <= 1 + 1e-6);
    }
  }
}

TEST_CASE("a gap that may leave nothing is refused in words") {
  Tape<Cpu> tape{Cpu(1)};
  auto const c = constant(tape, 3, 0);
  CHECK_THROWS_WITH_AS(prior::UniformCode{}.redraw(c, 1, random(1)),
                       "UniformCode: found a smallest change of 1, expected 0 .. 1, half the "
                       "width of its interval, "
                       "which a change can always have",
                       ValueError);
  CHECK_THROWS_AS(prior::UniformCode{}.redraw(c, -0.1, random(1)), ValueError);
}

TEST_CASE("any prior by rejection: the normal law outside of the gap") {
  Tape<Cpu> tape{Cpu(1)};
  std::ptrdiff_t const n = 10000;
  auto const below = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  for (double const at : {0.0, 0.7, -2.0}) {
    double const gap = 0.5, taken = below(at + gap) - below(at - gap);
    auto const candidates = prior::StandardNormal{}.codes(tape, prior::redraw_tries * n, 1, random(3));
    auto const values = numbers(prior::redraw_among(constant(tape, n, at), candidates, gap));
    CHECK(distance(values, [&](double x) {
            return (x < at ? std::min(below(x), below(at - gap))
                           : std::max(below(x), below(at + gap)) - taken) /
                   (1 - taken);
          }) < 0.0163);
    for (double const x : values) REQUIRE(std::abs(x - at) >= gap - 1e-6);
  }
}

TEST_CASE("where every candidate is too near, the last one is moved on to the distance") {
  Tape<Cpu> tape{Cpu(1)};
  float const near[] = {0.1f, -0.2f, 0.3f, 0.05f, 0.2f, -0.15f};  // three candidates for each of two codes
  auto const candidates = tape.constant(Extents<2>{6, 1}, near);
  auto const moved = numbers(prior::redraw_among(constant(tape, 2, 0), candidates, 0.5));
  CHECK(moved[0] == doctest::Approx(0.5));
  CHECK(moved[1] == doctest::Approx(-0.5));
}
