// SPDX-License-Identifier: Apache-2.0
// Reductions on the xtensor backend, over each axis and over everything, of whole tensors and of views.
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/xtensor/xtensor.hpp>

#include "tests/unit/xtensor/evaluate_on.hpp"

using namespace disentangle;
using test::evaluate_on;

TEST_CASE("the sum of all elements, in one task and in several") {
  auto const f = [](auto const& x) { return sum(square(x) * x); };
  CHECK_ON_XTENSOR(f, random_array(Extents<1>{3}, 1));
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{301, 103}, 1));
  auto const turned = [](auto const& x) { return sum(exp(transpose(x)) * 0.01); };
  CHECK_ON_XTENSOR(turned, random_array(Extents<2>{31, 17}, 1));
}

TEST_CASE("sums along each axis") {
  auto const first = [](auto const& x) { return sum(exp(x), axis<0>); };
  auto const middle = [](auto const& x) { return sum(exp(x), axis<1>); };
  auto const last = [](auto const& x) { return sum(exp(x), axis<2>); };
  auto const x = random_array(Extents<3>{9, 20, 33}, 1);
  CHECK_ON_XTENSOR(first, x);
  CHECK_ON_XTENSOR(middle, x);
  CHECK_ON_XTENSOR(last, x);
  auto const view = [](auto const& v) { return sum(transpose(slice(v, axis<1>, 2, 9)), axis<1>); };
  CHECK_ON_XTENSOR(view, random_array(Extents<2>{40, 10}, 1));
}

TEST_CASE("maxima along each axis, negative ones and equal ones too") {
  auto const first = [](auto const& x) { return max(x - 3.0, axis<0>); };
  auto const last = [](auto const& x) { return max(x - 3.0, axis<1>); };
  auto const x = random_array(Extents<2>{21, 37}, 1);
  CHECK_ON_XTENSOR(first, x);
  CHECK_ON_XTENSOR(last, x);
  HostArray<2> const equal_ones{Extents<2>{2, 3}, {1, 1, 0, -1, -1, -1}};
  CHECK_ON_XTENSOR(last, equal_ones);
}

TEST_CASE("logsumexp, softmax and covariance are made of them") {
  auto const f = [](auto const& x) {
    return insert_axis(logsumexp(x * 20.0, axis<1>), axis<1>) + softmax(x, axis<0>);
  };
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{18, 29}, 1));
  auto const penalty = [](auto const& x) { return square(off_diagonal(covariance(x))); };
  CHECK_ON_XTENSOR(penalty, random_array(Extents<2>{50, 7}, 1));
}

TEST_CASE("the lanes that a partial pack lacks do not reach a sum") {
  backend::Xtensor xtensor(1);
  Tape<backend::Xtensor> tape(xtensor);
  auto const x = tape.variable(Extents<1>{3}, true);
  for (int i = 0; i < 3; ++i) x.value[i] = 2;
  auto const loss = sum(log(x) / x);  // the other lanes are log(0) / 0
  CHECK(loss.value[0] == doctest::Approx(3 * std::log(2.0) / 2));
  auto const scale = tape.variable(Extents<1>{1}, true);
  scale.value[0] = 1;
  auto const scaled = sum(scale * log(x) / x);  // a gradient that is a sum along the line
  tape.backend().fill(loss.gradient, 1, 1.0f);
  tape.backend().fill(scaled.gradient, 1, 1.0f);
  tape.backward();
  CHECK(scale.gradient[0] == doctest::Approx(3 * std::log(2.0) / 2));
}

TEST_CASE("sums of columns") {
  std::vector<float> const matrix{1, 2, 3, 4, 5, 6};
  std::vector<float> total{10, 20, 30};
  backend::Xtensor xtensor(2);
  xtensor.column_sums(2, 3, matrix.data(), total.data(), true);
  CHECK(total == std::vector<float>{15, 27, 39});
  xtensor.column_sums(2, 3, matrix.data(), total.data(), false);
  CHECK(total == std::vector<float>{5, 7, 9});
}
