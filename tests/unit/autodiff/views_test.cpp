// SPDX-License-Identifier: Apache-2.0
// Views and the movement of rows: insert_axis, transpose, slice, diagonal, reshape, gather, pick,
// concatenate; views that overlap; one variable used several times; stop_gradient.
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>

#include "tests/support/evaluate.hpp"

using namespace disentangle;
using test::evaluate;

namespace {

HostArray<2> counted(std::ptrdiff_t rows, std::ptrdiff_t columns) {
  HostArray<2> a{{rows, columns}, {}};
  for (std::ptrdiff_t i = 0; i < rows * columns; ++i) a.values.push_back(static_cast<double>(i));
  return a;
}
using Values = std::vector<double>;

auto const x34 = random_array(Extents<2>{3, 4}, 1);
auto const x33 = random_array(Extents<2>{3, 3}, 2);

}  // namespace

TEST_CASE("insert_axis and pairs") {
  CHECK(evaluate([](auto v) { return insert_axis(v, axis<1>); }, counted(2, 3)).extents ==
        Extents<3>{2, 1, 3});
  CHECK(evaluate([](auto v) { return insert_axis(v, axis<0>); }, counted(2, 3)).extents ==
        Extents<3>{1, 2, 3});
  CHECK(evaluate([](auto v) { return insert_axis(v, axis<2>); }, counted(2, 3)).extents ==
        Extents<3>{2, 3, 1});
  CHECK_GRADIENT([](auto v) { return insert_axis(v, axis<1>) * exp(insert_axis(v, axis<0>)); }, x34);
  CHECK_GRADIENT([](auto v) { return insert_axis(v * v, axis<2>) * insert_axis(v, axis<1>); }, x34);
}

TEST_CASE("transpose") {
  CHECK(evaluate([](auto v) { return transpose(v); }, counted(2, 3)).values == Values{0, 3, 1, 4, 2, 5});
  CHECK(evaluate([](auto v) { return transpose(v) + 1; }, counted(2, 3)).values == Values{1, 4, 2, 5, 3, 6});
  CHECK_GRADIENT([](auto v) { return exp(transpose(v)); }, x34);
  CHECK_GRADIENT([](auto v) { return v * transpose(v) + transpose(v * v); }, x33);  // meets itself transposed
}

TEST_CASE("slice") {
  CHECK(evaluate([](auto v) { return slice(v, axis<0>, 1, 3); }, counted(3, 2)).values == Values{2, 3, 4, 5});
  CHECK(evaluate([](auto v) { return slice(v, axis<1>, 1, 2); }, counted(3, 2)).values == Values{1, 3, 5});
  CHECK(evaluate([](auto v) { return 2 * slice(v, axis<1>, 1, 3); }, counted(2, 4)).values ==
        Values{2, 4, 10, 12});
  CHECK_GRADIENT([](auto v) { return exp(slice(v, axis<1>, 1, 3)) * slice(v, axis<1>, 2, 4); },
                 x34);  // they overlap
  CHECK_GRADIENT([](auto v) { return slice(v, axis<0>, 0, 2) * exp(slice(v, axis<0>, 1, 3)); }, x34);
  CHECK_GRADIENT([](auto v) { return slice(exp(v), axis<1>, 3, 4) + sum(v); }, x34);
  CHECK_THROWS_WITH_AS(evaluate([](auto v) { return slice(v, axis<1>, 2, 5); }, x34),
                       "slice: found [2, 5), expected a part of [0, 4)", ShapeError);
}

TEST_CASE("a vector that meets its own neighbours") {
  CHECK_GRADIENT([](auto v) { return slice(v, axis<0>, 0, 39) * exp(slice(v, axis<0>, 1, 40)); },
                 random_array(Extents<1>{40}, 3));
}

TEST_CASE("diagonal") {
  CHECK(evaluate([](auto v) { return diagonal(v); }, counted(3, 3)).values == Values{0, 4, 8});
  CHECK(evaluate([](auto v) { return diagonal(slice(v, axis<1>, 1, 3)); }, counted(2, 4)).values ==
        Values{1, 6});
  CHECK_GRADIENT([](auto v) { return exp(diagonal(v)) * v; }, x33);
  CHECK_THROWS_WITH_AS(evaluate([](auto v) { return diagonal(v); }, x34),
                       "diagonal: found (3, 4), expected a square matrix", ShapeError);
}

TEST_CASE("reshape, of strided views too") {
  auto const to6 = [](auto v) { return reshape(v, Extents<1>{6}); };
  CHECK(evaluate(to6, counted(2, 3)).values == Values{0, 1, 2, 3, 4, 5});
  CHECK(evaluate([&](auto v) { return to6(transpose(v)); }, counted(2, 3)).values ==
        Values{0, 3, 1, 4, 2, 5});
  CHECK(evaluate(
            [&](auto v) {
              return reshape(slice(v, axis<1>, 1, 3), Extents<3>{1, 4, 1});
            },
            counted(2, 3))
            .values == Values{1, 2, 4, 5});
  CHECK_GRADIENT([](auto v) { return exp(reshape(v, Extents<3>{2, 3, 2})); }, x34);
  CHECK_GRADIENT([](auto v) { return exp(reshape(transpose(v), Extents<2>{2, 6})); }, x34);
  CHECK_GRADIENT([](auto v) { return exp(reshape(slice(v, axis<1>, 0, 2), Extents<1>{6})) * sum(v); }, x34);
  CHECK_GRADIENT([](auto v) { return exp(reshape(insert_axis(v * v, axis<1>), Extents<1>{12})); }, x34);
  CHECK_THROWS_WITH_AS(evaluate([](auto v) { return reshape(v, Extents<1>{7}); }, counted(2, 3)),
                       "reshape: found (2, 3), expected as many scalars as (7)", ShapeError);
}

TEST_CASE("gather, repeats and strided sources") {
  std::vector<int> const rows{2, 0, 2, 1};
  CHECK(evaluate([&](auto v) { return gather(v, rows); }, counted(3, 2)).values ==
        Values{4, 5, 0, 1, 4, 5, 2, 3});
  CHECK(evaluate([&](auto v) { return gather(transpose(v), rows); }, counted(2, 3)).values ==
        Values{2, 5, 0, 3, 2, 5, 1, 4});
  CHECK_GRADIENT([&](auto v) { return exp(gather(v, rows)); }, x34);
  CHECK_GRADIENT([&](auto v) { return exp(gather(transpose(v * v), rows)); }, x33);
  CHECK_THROWS_WITH_AS(evaluate(
                           [](auto v) {
                             return gather(v, std::vector<int>{0, 3});
                           },
                           x34),
                       "gather: found index 3, expected 0 .. 2", ValueError);
}

TEST_CASE("pick") {
  std::vector<int> const columns{1, 0, 3};
  CHECK(evaluate([&](auto v) { return pick(v, columns); }, counted(3, 4)).values == Values{1, 4, 11});
  CHECK_GRADIENT([&](auto v) { return pick(log_softmax(v, axis<1>), columns); }, x34);
  CHECK_THROWS_WITH_AS(evaluate(
                           [](auto v) {
                             return pick(v, std::vector<int>{0, 1});
                           },
                           x34),
                       "pick: found 2 indices, expected one for each of 3 rows", ShapeError);
  CHECK_THROWS_WITH_AS(evaluate(
                           [](auto v) {
                             return pick(v, std::vector<int>{0, 1, 4});
                           },
                           x34),
                       "pick: found index 4, expected 0 .. 3", ValueError);
}

TEST_CASE("concatenate along every axis, narrow and wide parts") {
  auto const a = counted(2, 1), b = counted(2, 2);
  CHECK(evaluate([](auto x, auto y) { return concatenate(axis<1>, x, y, x + 10); }, a, b).values ==
        Values{0, 0, 1, 10, 1, 2, 3, 11});
  CHECK(evaluate([](auto x, auto y) { return concatenate(axis<0>, y, y * x); }, a, b).values ==
        Values{0, 1, 2, 3, 0, 0, 2, 3});
  auto const many = random_array(Extents<2>{19, 1}, 4);  // a column of a wider tensor, longer than a pack
  auto const pair = evaluate([](auto x) { return concatenate(axis<1>, x, 2 * x); }, many);
  for (std::size_t i = 0; i < 19; ++i) {
    CHECK(pair.values[2 * i] == many.values[i]);
    CHECK(pair.values[2 * i + 1] == 2 * many.values[i]);
  }
  CHECK_GRADIENT([](auto x) { return exp(concatenate(axis<1>, x, x * x, x)); }, many);
  CHECK_GRADIENT([](auto x, auto y) { return exp(concatenate(axis<0>, x, transpose(y), x * sum(y))); }, x34,
                 random_array(Extents<2>{4, 2}, 5));
  CHECK_GRADIENT([](auto x) { return concatenate(axis<1>, x, x * x) * 2.0; },
                 random_array(Extents<3>{2, 3, 2}, 6));
  CHECK_THROWS_WITH_AS(evaluate([](auto x, auto y) { return concatenate(axis<0>, x, y); }, a, b),
                       "concatenate: found (2, 2) beside (2, 1)", ShapeError);
}

TEST_CASE("one variable used many times") {
  CHECK_GRADIENT([](auto v) { return v * v + v / (v * v + 2) - exp(v) * v; }, x34);
  CHECK_GRADIENT(
      [](auto v) {
        auto const y = materialise(exp(v));
        return y * y + sum(y, axis<0>) * v + transpose(reshape(y, Extents<2>{4, 3}));
      },
      x34);
}

TEST_CASE("stop_gradient") {
  auto const x = random_array(Extents<1>{5}, 7);
  auto const g = test::value_and_gradient<double>(
                     1, [](auto v) { return stop_gradient(exp(v)) * v; }, x)
                     .gradient;
  auto const whole = test::value_and_gradient<double>(
                         1, [](auto v) { return v; }, x)
                         .gradient;
  for (std::size_t i = 0; i < 5; ++i) CHECK(g[i] == doctest::Approx(whole[i] * std::exp(x.values[i])));
  auto const none = test::value_and_gradient<double>(
                        1, [](auto v) { return stop_gradient(v) + 0.0 * v; }, x)
                        .gradient;
  CHECK(none == Values(5, 0.0));
}
