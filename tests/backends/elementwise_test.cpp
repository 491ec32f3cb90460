// SPDX-License-Identifier: Apache-2.0
// Every element-wise operation: values over many orders of magnitude, gradients, ties and constants on either
// side.
#include <limits>

#include <disentangle/autodiff/gamma_functions.hpp>

#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

// 37: no multiple of any pack, so that the last one is partial
auto const near_zero = numbers<1>({37}, 1, -2, 2);
auto const other = numbers<1>({37}, 2, -2, 2);
auto const wide = numbers<1>({37}, 3, -30, 30);
auto const positive = numbers<1>({37}, 4, 0.01, 40);
auto const tied = whole_numbers<1>({37}, 5, 3), tied_too = whole_numbers<1>({37}, 6, 3);
auto const orders = given({1e-20, 1e-6, 0.5, 0.999, 1.001, 2, 1e6, 1e20});
auto const both_signs = given({-60, -20, -5, -1e-3, 0, 1e-3, 5, 20, 60});
auto const small = given({-20, -2, -0.5, -1e-3, -1e-6, 0, 1e-6, 1e-3, 0.5, 2, 20});
auto const above_minus_one = given({-0.875, -1e-3, -1e-6, 1e-20, 1e-6, 1e-3, 0.5, 20, 3e6});

Register<TestedBackend> const registered("elementwise", [](auto& rows) {
  rows.function("-x", of(near_zero), [](auto x) { return -x; });
  rows.function("exp", of(wide), [](auto x) { return exp(x); });
  rows.function("log", of(orders), [](auto x) { return log(x); });
  rows.function("log1p", of(above_minus_one), [](auto x) { return log1p(x); });
  rows.function("expm1", of(small), [](auto x) { return expm1(x); });
  rows.function("softplus", of(both_signs), [](auto x) { return softplus(x); });
  rows.function("sigmoid", of(both_signs), [](auto x) { return sigmoid(x); });
  rows.function("tanh", of(small), [](auto x) { return tanh(x); });
  rows.function("sqrt", of(orders), [](auto x) { return sqrt(x); });
  rows.formula("lgamma and digamma of 37", of(positive), [](auto x) { return lgamma(x) + 0.5 * digamma(x); });
  rows.function("square", of(wide), [](auto x) { return square(x); });
  rows.function("abs, with zeros", of(tied), [](auto x) { return abs(x - 1); });
  rows.formula("exp, tanh, sigmoid, softplus of 37", of(near_zero),
               [](auto x) { return exp(x) + tanh(x) * sigmoid(x) - softplus(x); });
  rows.formula("log, sqrt, log1p, expm1 of 37", of(positive),
               [](auto x) { return log(x) * sqrt(x) + log1p(x) - expm1(-x); });
  rows.function("x + y", of(near_zero, other), [](auto x, auto y) { return x + y; });
  rows.function("x - y", of(near_zero, other), [](auto x, auto y) { return x - y; });
  rows.function("x * y", of(near_zero, other), [](auto x, auto y) { return x * y; });
  rows.function("x / y", of(near_zero, positive), [](auto x, auto y) { return x / y; });
  rows.formula("constants on either side", of(near_zero),
               [](auto x) { return 2.0 * x + 1.0 - (3.0 - x) * 0.5 + 1.0 / (x + 5.0); });
  rows.formula("max, with ties", of(tied, tied_too),
               [](auto x, auto y) { return max(x, y) * 2.0 + max(x, 1); });
  rows.formula("min, with ties", of(tied, tied_too),
               [](auto x, auto y) { return min(x, y) * 2.0 + min(1, y); });
  rows.formula("clamp", of(near_zero), [](auto x) { return clamp(x, -1.0, 0.5); });
  rows.formula("comparisons", of(tied, tied_too), [](auto x, auto y) {
    return (x > y) + 2.0 * (x < y) + 4.0 * (x >= y) + 8.0 * (x <= y) + 16.0 * equal(x, y) + 0.0 * x;
  });
  rows.formula("where", of(near_zero, other), [](auto x, auto y) { return where(x > y, x * y, exp(x) - y); });
  rows.formula("where, constants", of(near_zero),
               [](auto x) { return where(x > 0, 1.0, x) + where(x > 0, x, -1.0); });
  auto const bell = [](auto x) { return x * exp(-x * x); };
  rows.formula("20011 elements", of(numbers<1>({20011}, 7)), bell);
  rows.formula("one element", of(numbers<1>({1}, 8)), bell);
  rows.formula("rank 0", of(numbers<0>({}, 9)), bell);
  rows.row("NaN, infinities and zero", [](auto& r) {
    double const infinite = std::numeric_limits<double>::infinity();
    auto const x =
        r.constant(given({std::numeric_limits<double>::quiet_NaN(), infinite, -infinite, 0, 1, -1}));
    r.keep_classes("exp", exp(x));
    r.keep_classes("log", log(x));
    r.keep_classes("log1p", log1p(x));
    r.keep_classes("expm1", expm1(x));
    r.keep_classes("softplus", softplus(x));
    r.keep_classes("sigmoid", sigmoid(x));
    r.keep_classes("tanh", tanh(x));
    r.keep_classes("sqrt", sqrt(x));
    r.keep_classes("abs", abs(x));
    r.keep_classes("max", max(x, 0.5));
    r.keep_classes("min", min(x, 0.5));
    r.keep_classes("where", where(x > 0, x, -x));
    r.keep_classes("1 / x", 1.0 / x);
  });
});

}  // namespace
