// SPDX-License-Identifier: Apache-2.0
// Element-wise formulas and their derivatives on the xtensor backend: every kind of leaf that a loop meets.
#include <doctest/doctest.h>

#include <disentangle/backend/xtensor/xtensor.hpp>

#include "tests/unit/xtensor/evaluate_on.hpp"

using namespace disentangle;
using test::evaluate_on;

TEST_CASE("contiguous: one line, in one task and in several") {
  auto const f = [](auto const& x, auto const& y) { return softplus(x) - x * y / (2.0 + y); };
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{5, 7}, 1), random_array(Extents<2>{5, 7}, 2));
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{3, 9001}, 1), random_array(Extents<2>{3, 9001}, 2));
}

TEST_CASE("strided: lines that are parts of wider rows") {
  auto const f = [](auto const& x) {
    return exp(slice(x, axis<1>, 1, 20)) * tanh(slice(x, axis<1>, 30, 49));
  };
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{40, 50}, 1));
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{900, 60}, 1));
}

TEST_CASE("transposed and diagonal: a stride along the line") {
  auto const f = [](auto const& x, auto const& y) {
    return square(transpose(x)) * y + insert_axis(diagonal(matmul(y, x)), axis<1>);
  };
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{37, 19}, 1), random_array(Extents<2>{19, 37}, 2));
}

TEST_CASE("broadcast: along lines, across lines, and both") {
  auto const rows = [](auto const& x, auto const& row) { return log(2.0 + x * insert_axis(row, axis<0>)); };
  CHECK_ON_XTENSOR(rows, random_array(Extents<2>{33, 21}, 1), random_array(Extents<1>{21}, 2));
  auto const columns = [](auto const& x, auto const& column) {
    return x * sigmoid(insert_axis(column, axis<1>)) - insert_axis(column, axis<1>);
  };
  CHECK_ON_XTENSOR(columns, random_array(Extents<2>{33, 21}, 1), random_array(Extents<1>{33}, 2));
  auto const pairs = [](auto const& a, auto const& b) {
    return square(pairwise_differences(a, b)) * exp(-insert_axis(b, axis<0>));
  };
  CHECK_ON_XTENSOR(pairs, random_array(Extents<2>{17, 10}, 1), random_array(Extents<2>{15, 10}, 2));
}

TEST_CASE("repeated leaves add all their adjoints") {
  auto const f = [](auto const& x) { return x * x * sigmoid(x) + x; };
  CHECK_ON_XTENSOR(f, random_array(Extents<1>{1000}, 1));
}

TEST_CASE("overlapping views of one tensor add to it one after the other") {
  auto const f = [](auto const& x) {
    auto const n = x.extents[0];
    return slice(x, axis<0>, 0, n - 1) * exp(slice(x, axis<0>, 1, n));
  };
  CHECK_ON_XTENSOR(f, random_array(Extents<1>{30000}, 1));
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{50, 12}, 1));
}

TEST_CASE("choices, comparisons and the rest of the vocabulary") {
  auto const choose = [](auto const& x, auto const& y) {
    return where(x > y, x * y, max(x, 0.25 * y)) + clamp(y, -0.5, 0.5) * min(x, y);
  };
  CHECK_ON_XTENSOR(choose, random_array(Extents<2>{11, 23}, 1), random_array(Extents<2>{11, 23}, 2));
  auto const unary = [](auto const& x) {
    return sqrt(2.0 + x) + expm1(x) * log1p(0.5 * x) - abs(x) / (1.5 - x) + equal(x, x);
  };
  CHECK_ON_XTENSOR(unary, random_array(Extents<2>{11, 23}, 1));
}

TEST_CASE("concatenated parts are written to strided places") {
  auto const f = [](auto const& x, auto const& y) {
    return concatenate(axis<1>, 2.0 * x, y * y, transpose(y));
  };
  CHECK_ON_XTENSOR(f, random_array(Extents<2>{20, 3}, 1), random_array(Extents<2>{20, 20}, 2));
}

TEST_CASE("a leaf without gradient, a tensor of no elements, and fill with a stride") {
  auto const constant = [](auto const& x, auto const& y) {
    return x * stop_gradient(y) + stop_gradient(x * y);
  };
  CHECK_ON_XTENSOR(constant, random_array(Extents<1>{20}, 1), random_array(Extents<1>{20}, 2));
  auto const empty = [](auto const& x) { return exp(slice(x, axis<0>, 3, 3)) * x.extents[0]; };
  auto const nothing = evaluate_on<backend::Xtensor>(2, empty, random_array(Extents<2>{5, 4}, 1));
  CHECK(nothing.values.empty());
  CHECK(nothing.gradients[0] == std::vector<float>(20, 0.0f));

  std::vector<float> memory(11, 1.0f);
  backend::Xtensor xtensor(1);
  xtensor.fill(memory.data() + 1, 4, 7.0f, 3);
  CHECK(memory == std::vector<float>{1, 7, 1, 1, 7, 1, 1, 7, 1, 1, 7});
}
