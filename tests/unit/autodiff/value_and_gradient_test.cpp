// SPDX-License-Identifier: Apache-2.0
// Formulas on plain arrays: values and gradients against plain loops, and what is refused.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/host_array.hpp>
#include <disentangle/autodiff/value_and_gradient.hpp>

namespace dis = disentangle;

namespace {

auto const formula = [](auto x, auto y) { return sum(exp(x) * y); };

template <class Backend>
void check_on(double tolerance) {
  std::vector<double> const data{0.5, -1, 2, 0, 1, -0.25};
  dis::HostArray<2> const x{{2, 3}, {data.data(), data.data() + 6}};
  auto const y = dis::host_vector({3, -1, 0.5});
  auto const r = dis::value_and_gradient<Backend>(formula, x, y);
  double value = 0;
  std::vector<double> of_y(3);
  for (std::size_t i = 0; i < 6; ++i) {
    value += std::exp(x.values[i]) * y.values[i % 3];
    of_y[i % 3] += std::exp(x.values[i]);
    CHECK(r.gradient("input 0")[i] ==
          doctest::Approx(std::exp(x.values[i]) * y.values[i % 3]).epsilon(tolerance));
  }
  CHECK(r.value == doctest::Approx(value).epsilon(tolerance));
  for (std::size_t j = 0; j < 3; ++j) CHECK(r.gradient(1)[j] == doctest::Approx(of_y[j]).epsilon(tolerance));
  CHECK(r.gradients[0].extents == std::vector<std::ptrdiff_t>{2, 3});
}

}  // namespace

TEST_CASE("a formula's value and gradients, in the precision of the backend") {
  check_on<dis::backend::BasicCpu<double>>(1e-14);
  check_on<dis::backend::Cpu>(1e-6);
}

TEST_CASE("what an input does not reach is zero, a value that depends on nothing has gradients of zero") {
  auto const r = dis::value_and_gradient([](auto x, auto y) { return sum(stop_gradient(x)) + 0.0 * sum(y); },
                                         dis::host_vector({1, 2}), dis::host_vector({3}));
  CHECK(r.value == 3);
  CHECK(r.gradient(0) == std::vector<double>{0, 0});
  auto const none =
      dis::value_and_gradient([](auto x) { return stop_gradient(sum(x)); }, dis::host_vector({1, 2}));
  CHECK(none.value == 3);
  CHECK(none.gradient() == std::vector<double>{0, 0});
}

TEST_CASE("arrays that do not fit and names that are none are refused in words") {
  auto const square_sum = [](auto x) { return sum(square(x)); };
  CHECK_THROWS_WITH_AS(
      static_cast<void>(dis::value_and_gradient(square_sum, dis::HostArray<2>{{2, 3}, {1, 2, 3}})),
      "input 0: found 3 numbers for an array of extents (2, 3), expected 6", dis::ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(dis::value_and_gradient(square_sum, dis::HostArray<1>{})),
                       "input 0: found 0 numbers for an array of extents (0), expected at least one",
                       dis::ShapeError);
  CHECK_THROWS_WITH_AS(dis::host_matrix({{1, 2}, {3}}),
                       "host_matrix: found a row of 1 numbers, expected 2 as in the first", dis::ShapeError);
  auto const r = dis::value_and_gradient(square_sum, dis::host_vector({1, 2}));
  CHECK_THROWS_WITH_AS(static_cast<void>(r.gradient("x")), "gradient: found no 'x', expected one of input 0",
                       dis::ValueError);
  CHECK_THROWS_WITH_AS(static_cast<void>(r.gradient(1)),
                       "gradient: found number 1, expected one of the 1 from 0", dis::ValueError);
}
