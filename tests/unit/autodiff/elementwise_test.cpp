// SPDX-License-Identifier: Apache-2.0
// Every element-wise operation: its value against the standard library, its gradient against central
// differences.
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>

#include "tests/support/evaluate.hpp"

using namespace disentangle;
using test::difference;
using test::evaluate;

namespace {

// 3 x 7: whole packs and a rest for every pack width
HostArray<2> input(double low, double high, std::uint64_t seed = 1) {
  return random_array(Extents<2>{3, 7}, seed, low, high);
}

template <class F, class Reference>
void check_unary(char const* name, F const& f, Reference const& reference, double low, double high) {
  CAPTURE(name);
  auto const x = input(low, high);
  std::vector<double> expected;
  for (double v : x.values) expected.push_back(reference(v));
  CHECK(difference(evaluate<double>(f, x).values, expected) < 1e-14);
  CHECK(difference(evaluate<float>(f, x).values, expected) < 2e-6);
  CHECK_GRADIENT(f, x);
}

}  // namespace

TEST_CASE("unary operations") {
  check_unary(
      "negate", [](auto x) { return -x; }, [](double x) { return -x; }, -2, 2);
  check_unary(
      "exp", [](auto x) { return exp(x); }, [](double x) { return std::exp(x); }, -2, 2);
  check_unary(
      "log", [](auto x) { return log(x); }, [](double x) { return std::log(x); }, 0.3, 4);
  check_unary(
      "log1p", [](auto x) { return log1p(x); }, [](double x) { return std::log1p(x); }, -0.5, 3);
  check_unary(
      "expm1", [](auto x) { return expm1(x); }, [](double x) { return std::expm1(x); }, -2, 2);
  check_unary(
      "softplus", [](auto x) { return softplus(x); }, [](double x) { return std::log1p(std::exp(x)); }, -3,
      3);
  check_unary(
      "sigmoid", [](auto x) { return sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }, -3, 3);
  check_unary(
      "tanh", [](auto x) { return tanh(x); }, [](double x) { return std::tanh(x); }, -2, 2);
  check_unary(
      "sqrt", [](auto x) { return sqrt(x); }, [](double x) { return std::sqrt(x); }, 0.3, 4);
  check_unary(
      "square", [](auto x) { return square(x); }, [](double x) { return x * x; }, -2, 2);
  check_unary(
      "abs", [](auto x) { return abs(x); }, [](double x) { return std::abs(x); }, -2, -0.1);
  check_unary(
      "abs", [](auto x) { return abs(x); }, [](double x) { return std::abs(x); }, 0.1, 2);
}

TEST_CASE("operations with a number on either side") {
  check_unary(
      "2 - x", [](auto x) { return 2 - x; }, [](double x) { return 2 - x; }, -2, 2);
  check_unary(
      "x - 2", [](auto x) { return x - 2.0f; }, [](double x) { return x - 2; }, -2, 2);
  check_unary(
      "3 / x", [](auto x) { return 3.0 / x; }, [](double x) { return 3 / x; }, 0.5, 2);
  check_unary(
      "x / 4 + 1", [](auto x) { return x / 4 + 1; }, [](double x) { return x / 4 + 1; }, -2, 2);
  check_unary(
      "max(x, 0.5)", [](auto x) { return max(x, 0.5); }, [](double x) { return std::fmax(x, 0.5); }, -2, 2);
  check_unary(
      "min(0.5, x)", [](auto x) { return min(0.5, x); }, [](double x) { return std::fmin(x, 0.5); }, -2, 2);
  check_unary(
      "clamp", [](auto x) { return clamp(x, -1.0, 0.5); },
      [](double x) { return std::fmin(std::fmax(x, -1.0), 0.5); }, -2, 2);
  check_unary(
      "where", [](auto x) { return exp(where(x > 0.3, 2.0 * x, -x)); },
      [](double x) { return std::exp(x > 0.3 ? 2 * x : -x); }, -2, 2);
  check_unary(
      "where of where", [](auto x) { return where(x > 0.3, x, where(x < -0.3, -x, 0.0)) * x; },
      [](double x) {
        return (x > 0.3 ? x : x < -0.3 ? -x : 0) * x;
      },
      -2, 2);
}

TEST_CASE("binary operations") {
  auto const a = input(0.5, 2, 1), b = input(0.5, 2, 2);
  auto const check = [&](char const* name, auto const& f, auto const& reference) {
    CAPTURE(name);
    std::vector<double> expected;
    for (std::size_t i = 0; i < a.values.size(); ++i) expected.push_back(reference(a.values[i], b.values[i]));
    CHECK(difference(evaluate<double>(f, a, b).values, expected) < 1e-14);
    CHECK(difference(evaluate<float>(f, a, b).values, expected) < 2e-6);
    CHECK_GRADIENT(f, a, b);
  };
  check(
      "add", [](auto x, auto y) { return x + y; }, [](double x, double y) { return x + y; });
  check(
      "subtract", [](auto x, auto y) { return x - y; }, [](double x, double y) { return x - y; });
  check(
      "multiply", [](auto x, auto y) { return x * y; }, [](double x, double y) { return x * y; });
  check(
      "divide", [](auto x, auto y) { return x / y; }, [](double x, double y) { return x / y; });
  check(
      "max", [](auto x, auto y) { return max(x, y); }, [](double x, double y) { return std::fmax(x, y); });
  check(
      "min", [](auto x, auto y) { return min(x, y); }, [](double x, double y) { return std::fmin(x, y); });
  check(
      "where", [](auto x, auto y) { return where(x >= y, x * x, y); },
      [](double x, double y) { return x >= y ? x * x : y; });
}

TEST_CASE("comparisons are 1 or 0 and pass no gradient") {
  HostArray<1> const a{{3}, {1, 2, 3}}, b{{3}, {2, 2, 2}};
  auto const values = [&](auto const& f) { return evaluate(f, a, b).values; };
  CHECK(values([](auto x, auto y) { return x > y; }) == std::vector<double>{0, 0, 1});
  CHECK(values([](auto x, auto y) { return x < y; }) == std::vector<double>{1, 0, 0});
  CHECK(values([](auto x, auto y) { return x >= y; }) == std::vector<double>{0, 1, 1});
  CHECK(values([](auto x, auto y) { return x <= y; }) == std::vector<double>{1, 1, 0});
  CHECK(values([](auto x, auto y) { return equal(x, y); }) == std::vector<double>{0, 1, 0});
  CHECK_GRADIENT([](auto x) { return (x > 0.05) + (x <= 0.35) * x; }, input(-1, 1));
}

TEST_CASE("gradients at kinks go where the documentation says") {
  HostArray<1> const x{{2}, {0, 1}};
  auto const gradient = [&](auto const& f) { return test::value_and_gradient<double>(1, f, x).gradient; };
  auto const whole = gradient([](auto v) { return v; });  // the weights of the contraction
  CHECK(gradient([](auto v) { return abs(v); })[0] == 0);
  CHECK(gradient([](auto v) { return max(v, 1.0); }) == std::vector<double>{0, whole[1]});
  CHECK(gradient([](auto v) { return max(1.0, v); }) == std::vector<double>{0, 0});
  CHECK(gradient([](auto v) { return min(v, 0.0); }) == std::vector<double>{whole[0], 0});
}

TEST_CASE("nothing overflows or cancels in the tails") {
  HostArray<1> const x{{5}, {-200, -20, 0, 20, 200}};
  auto const softplus_of = evaluate<float>([](auto v) { return softplus(v); }, x).values;
  CHECK(softplus_of[4] == 200);
  CHECK(softplus_of[1] == doctest::Approx(std::exp(-20.0)).epsilon(1e-5));
  auto const sigmoid_of = evaluate<float>([](auto v) { return sigmoid(v); }, x).values;
  CHECK(sigmoid_of[0] < 1e-37);
  CHECK(sigmoid_of[1] == doctest::Approx(std::exp(-20.0)).epsilon(1e-5));
  CHECK(sigmoid_of[4] == 1);
  for (double g : test::value_and_gradient<float>(
                      1, [](auto v) { return softplus(v) + log1p(exp(-abs(v))); }, x)
                      .gradient) {
    CHECK(std::isfinite(g));
  }
}

TEST_CASE("NaN is never hidden") {
  HostArray<1> const x{{1}, {std::numeric_limits<double>::quiet_NaN()}};
  CHECK(std::isnan(evaluate<float>([](auto v) { return clamp(v, -1.0, 1.0); }, x).values[0]));
  CHECK(std::isnan(evaluate<float>([](auto v) { return sum(abs(v) + 1); }, x).values[0]));
}
