// SPDX-License-Identifier: Apache-2.0
// Reductions over everything and along every axis of ranks 1 to 4: values against plain loops, gradients
// against central differences.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>

#include "tests/support/evaluate.hpp"

using namespace disentangle;
using test::difference;
using test::evaluate;

namespace {

/// The lines of an array along one axis: calls body(values of the line, index of the line), lines in
/// row-major order.
template <int Rank, class Body>
void for_each_line(HostArray<Rank> const& x, int axis, Body&& body) {
  std::ptrdiff_t inner = 1;
  for (int i = axis + 1; i < Rank; ++i) inner *= x.extents[static_cast<std::size_t>(i)];
  std::ptrdiff_t const n = x.extents[static_cast<std::size_t>(axis)];
  auto const lines = static_cast<std::ptrdiff_t>(x.values.size()) / n;
  for (std::ptrdiff_t line = 0; line < lines; ++line) {
    std::vector<double> values;
    std::vector<std::size_t> places;
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      places.push_back(static_cast<std::size_t>((line / inner * n + i) * inner + line % inner));
      values.push_back(x.values[places.back()]);
    }
    body(values, places);
  }
}

double total(std::vector<double> const& v) {
  double s = 0;
  for (double x : v) s += x;
  return s;
}
double log_sum_exp(std::vector<double> const& v) {
  double s = 0;
  for (double x : v) s += std::exp(x);
  return std::log(s);
}

template <int Rank, int A>
void check_axis(Extents<Rank> const& extents) {
  CAPTURE(extents_text(extents));
  CAPTURE(A);
  auto const x = random_array(extents, 3, -2, 2);
  std::vector<double> sums, means, largest, logs, log_softmaxes(x.values.size());
  for_each_line(x, A, [&](std::vector<double> const& v, std::vector<std::size_t> const& places) {
    sums.push_back(total(v));
    means.push_back(total(v) / static_cast<double>(v.size()));
    largest.push_back(*std::max_element(v.begin(), v.end()));
    logs.push_back(log_sum_exp(v));
    for (std::size_t i = 0; i < v.size(); ++i) log_softmaxes[places[i]] = v[i] - logs.back();
  });
  CHECK(difference(evaluate([](auto v) { return sum(v, axis<A>); }, x).values, sums) < 1e-13);
  CHECK(difference(evaluate([](auto v) { return mean(v, axis<A>); }, x).values, means) < 1e-13);
  CHECK(difference(evaluate([](auto v) { return max(v, axis<A>); }, x).values, largest) == 0);
  CHECK(difference(evaluate([](auto v) { return logsumexp(v, axis<A>); }, x).values, logs) < 1e-13);
  CHECK(difference(evaluate([](auto v) { return log_softmax(v, axis<A>); }, x).values, log_softmaxes) <
        1e-13);
  CHECK(difference(evaluate([](auto v) { return log(softmax(v, axis<A>)); }, x).values, log_softmaxes) <
        1e-13);
  CHECK_GRADIENT(
      [](auto v) {
        return sum(v * v, axis<A>) * mean(v, axis<A>) + 3 * max(v, axis<A>) + logsumexp(v, axis<A>);
      },
      x);
  CHECK_GRADIENT([](auto v) { return softmax(v, axis<A>) * log_softmax(2 * v, axis<A>); }, x);
}

}  // namespace

TEST_CASE("along the axis of a vector") {
  check_axis<1, 0>({9});
  check_axis<1, 0>({1});
}
TEST_CASE("along each axis of a matrix") {
  check_axis<2, 0>({3, 5});
  check_axis<2, 1>({3, 17});
  check_axis<2, 0>({4, 1});
  check_axis<2, 1>({4, 1});
}
TEST_CASE("along each axis of rank 3") {
  check_axis<3, 0>({2, 3, 5});
  check_axis<3, 1>({2, 3, 5});
  check_axis<3, 2>({2, 3, 5});
  check_axis<3, 1>({3, 4, 1});
}
TEST_CASE("along each axis of rank 4") {
  check_axis<4, 0>({2, 3, 2, 2});
  check_axis<4, 1>({2, 3, 2, 2});
  check_axis<4, 2>({2, 1, 3, 2});
  check_axis<4, 3>({2, 3, 1, 4});
}

TEST_CASE("over everything") {
  auto const x = random_array(Extents<2>{5, 9}, 4, -2, 2);
  auto const scalar = [&](auto const& f) { return evaluate(f, x).values.at(0); };
  CHECK(scalar([](auto v) { return sum(v); }) == doctest::Approx(total(x.values)).epsilon(1e-13));
  CHECK(scalar([](auto v) { return mean(v); }) == doctest::Approx(total(x.values) / 45).epsilon(1e-13));
  CHECK(scalar([](auto v) { return max(v); }) == *std::max_element(x.values.begin(), x.values.end()));
  CHECK(scalar([](auto v) { return logsumexp(v); }) == doctest::Approx(log_sum_exp(x.values)).epsilon(1e-13));
  CHECK_GRADIENT([](auto v) { return sum(exp(v)) * mean(v * v) + max(v) + logsumexp(v); }, x);
  CHECK_GRADIENT([](auto v) { return sum(v) * v; }, random_array(Extents<0>{}, 4));
}

TEST_CASE("reductions of expressions that broadcast") {
  auto const a = random_array(Extents<2>{3, 1}, 5);
  auto const b = random_array(Extents<1>{4}, 6);
  double expected = 0;
  for (double x : a.values) {
    for (double y : b.values) expected += x * y;
  }
  CHECK(evaluate([](auto x, auto y) { return sum(x * y); }, a, b).values[0] == doctest::Approx(expected));
  CHECK_GRADIENT([](auto x, auto y) { return sum(x * y, axis<0>) * mean(exp(x + y)); }, a, b);
  CHECK_GRADIENT([](auto x, auto y) { return sum(x * y, axis<1>); }, a, b);
}

TEST_CASE("logsumexp and softmax of large numbers are exact") {
  HostArray<1> const x{{3}, {1000, 1000, -1000}};
  CHECK(evaluate<float>([](auto v) { return logsumexp(v); }, x).values[0] ==
        doctest::Approx(1000 + std::log(2.0)));
  bool const exact = evaluate<float>([](auto v) { return softmax(v, axis<0>); }, x).values ==
                     std::vector<double>{0.5, 0.5, 0};
  CHECK(exact);
  CHECK(evaluate<float>([](auto v) { return log_softmax(v, axis<0>); }, x).values[0] ==
        doctest::Approx(-std::log(2.0)).epsilon(1e-7));
}

TEST_CASE("the gradient of max is shared by all places that attain it") {
  HostArray<2> const x{{2, 3}, {1, 5, 5, 7, 0, 1}};
  auto const g = test::value_and_gradient<double>(
                     1, [](auto v) { return sum(max(v, axis<1>)); }, x)
                     .gradient;
  CHECK(g[1] == g[2]);
  CHECK(g[3] == doctest::Approx(2 * g[1]));
  CHECK(g[0] == 0);
}

TEST_CASE("reductions of tensors without elements") {
  Tape<backend::BasicCpu<double>> tape{backend::BasicCpu<double>(1)};
  auto const none = tape.variable(Extents<3>{0, 3, 2}, false);
  CHECK(sum(none, axis<1>).size() == 0);
  CHECK(sum(none, axis<2>).size() == 0);
  auto const zeros = sum(none, axis<0>);
  REQUIRE(zeros.size() == 6);
  for (int i = 0; i < 6; ++i) CHECK(zeros.value[i] == 0);
  CHECK(*sum(none).value == 0);
}
