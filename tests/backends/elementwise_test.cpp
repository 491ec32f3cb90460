// SPDX-License-Identifier: Apache-2.0
// Every element-wise operation: values over many orders of magnitude, gradients, ties and constants on either side.
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
auto const tails = given({-60, -20, -5, -1e-3, 0, 1e-3, 5, 20, 60});
auto const tiny = given({-0.875, -1e-3, -1e-6, 1e-20, 1e-6, 1e-3, 0.5, 20, 3e6});
auto const orders = given({1e-20, 1e-6, 0.5, 0.999, 1.001, 2, 1e6, 1e20});

Register<TestedBackend> const registered("elementwise", [](auto& rows) {
  constexpr auto each = Scale::element;
  rows.template formula<each>(
      "-x", [](auto x) { return -x; }, near_zero);
  rows.template formula<each>(
      "exp", [](auto x) { return exp(x); }, wide);
  rows.template formula<each>(
      "log", [](auto x) { return log(x); }, orders);
  rows.template formula<each>(
      "log1p", [](auto x) { return log1p(x); }, tiny);
  rows.template formula<each>(
      "expm1", [](auto x) { return expm1(x); }, given({-20, -1, -1e-3, -1e-6, 1e-6, 1e-3, 1, 20}));
  rows.template formula<each>(
      "softplus", [](auto x) { return softplus(x); }, tails);
  rows.template formula<each>(
      "sigmoid", [](auto x) { return sigmoid(x); }, tails);
  rows.template formula<each>(
      "tanh", [](auto x) { return tanh(x); }, given({-20, -2, -0.5, -1e-3, 1e-6, 1e-3, 0.5, 2, 20}));
  rows.template formula<each>(
      "sqrt", [](auto x) { return sqrt(x); }, orders);
  rows.template formula<each>(
      "square", [](auto x) { return square(x); }, wide);
  rows.formula(
      "abs, with zeros", [](auto x) { return abs(x - 1); }, tied);
  rows.formula(
      "functions, 37 elements", [](auto x) { return exp(x) + tanh(x) * sigmoid(x) - softplus(x); },
      near_zero);
  rows.formula(
      "logarithms, 37 elements", [](auto x) { return log(x) * sqrt(x) + log1p(x) - expm1(-x); }, positive);
  rows.template formula<each>(
      "x + y", [](auto x, auto y) { return x + y; }, near_zero, other);
  rows.template formula<each>(
      "x - y", [](auto x, auto y) { return x - y; }, near_zero, other);
  rows.template formula<each>(
      "x * y", [](auto x, auto y) { return x * y; }, near_zero, other);
  rows.template formula<each>(
      "x / y", [](auto x, auto y) { return x / y; }, near_zero, positive);
  rows.formula(
      "constants on either side", [](auto x) { return 2.0 * x + 1.0 - (3.0 - x) * 0.5 + 1.0 / (x + 5.0); },
      near_zero);
  rows.formula(
      "max, with ties", [](auto x, auto y) { return max(x, y) * 2.0 + max(x, 1); }, tied, tied_too);
  rows.formula(
      "min, with ties", [](auto x, auto y) { return min(x, y) * 2.0 + min(1, y); }, tied, tied_too);
  rows.formula(
      "clamp", [](auto x) { return clamp(x, -1.0, 0.5); }, near_zero);
  rows.formula(
      "comparisons",
      [](auto x, auto y) {
        return (x > y) + 2.0 * (x < y) + 4.0 * (x >= y) + 8.0 * (x <= y) + 16.0 * equal(x, y) + 0.0 * x;
      },
      tied, tied_too);
  rows.formula(
      "where", [](auto x, auto y) { return where(x > y, x * y, exp(x) - y); }, near_zero, other);
  rows.formula(
      "where, constants", [](auto x) { return where(x > 0, 1.0, x) + where(x > 0, x, -1.0); }, near_zero);
  rows.formula(
      "20011 elements", [](auto x) { return x * exp(-x * x); }, numbers<1>({20011}, 7));
  rows.formula(
      "one element", [](auto x) { return x * exp(-x * x); }, numbers<1>({1}, 8));
  rows.formula(
      "rank 0", [](auto x) { return x * exp(-x * x); }, numbers<0>({}, 9));
});

}  // namespace
