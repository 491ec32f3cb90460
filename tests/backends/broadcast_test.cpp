// SPDX-License-Identifier: Apache-2.0
// Broadcasting: rows, columns, scalars and inserted axes on either side and on both, ranks 1 to 5, small and
// large. On the way back a broadcast tensor collects the sum over the axes along which it was stretched.
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

auto const matrix = numbers<2>({5, 7}, 1);
auto const row = numbers<1>({7}, 2), flat_row_seven = numbers<1>({1}, 3);
auto const flat_row = numbers<2>({1, 7}, 4), column = numbers<2>({5, 1}, 5);
auto const scalar = numbers<0>({}, 6);
auto const cube = numbers<3>({3, 5, 7}, 7);

Register<TestedBackend> const registered("broadcast", [](auto& rows) {
  auto const product = [](auto x, auto y) { return x * exp(y); };
  rows.formula("matrix, row", of(matrix, row), product);
  rows.formula("row, matrix", of(row, matrix), product);
  rows.formula("matrix, (1, n)", of(matrix, flat_row), product);
  rows.formula("matrix, column", of(matrix, column), product);
  rows.formula("column, matrix", of(column, matrix), product);
  rows.formula("matrix, scalar", of(matrix, scalar), product);
  rows.formula("scalar, matrix", of(scalar, matrix), product);
  rows.formula("matrix, (1)", of(matrix, flat_row_seven), product);
  rows.formula("column, row: both stretched", of(column, row), product);
  rows.formula("cube, matrix", of(cube, matrix), product);
  rows.formula("cube, (3, 1, 7)", of(cube, numbers<3>({3, 1, 7}, 8)), product);
  rows.formula("cube, (3, 5, 1)", of(cube, numbers<3>({3, 5, 1}, 9)), product);
  rows.formula("cube, (1, 5, 1)", of(cube, numbers<3>({1, 5, 1}, 10)), product);
  rows.formula("(3, 1, 7), (5, 1): both stretched", of(numbers<3>({3, 1, 7}, 8), column), product);
  rows.formula("rank 4, (2, 1, 5, 1)", of(numbers<4>({2, 3, 5, 7}, 11), numbers<4>({2, 1, 5, 1}, 12)),
               product);
  rows.formula("rank 5, (1, 3, 1, 2, 1)",
               of(numbers<5>({2, 3, 2, 2, 3}, 13), numbers<5>({1, 3, 1, 2, 1}, 14)), product);
  rows.formula("rank 5, (3, 1) and (1, 2, 3, 1, 1)",
               of(numbers<2>({3, 1}, 15), numbers<5>({2, 1, 2, 1, 4}, 16)), product);
  rows.formula("(600, 33), row", of(numbers<2>({600, 33}, 17), numbers<1>({33}, 18)), product);
  rows.formula("(600, 33), column", of(numbers<2>({600, 33}, 17), numbers<2>({600, 1}, 19)), product);
  rows.formula("(3, 9001), row", of(numbers<2>({3, 9001}, 20), numbers<1>({9001}, 21)), product);
  rows.formula("(3, 9001), column", of(numbers<2>({3, 9001}, 20), numbers<2>({3, 1}, 22)), product);
  rows.formula("(20011), scalar", of(numbers<1>({20011}, 23), scalar), product);
  rows.formula("inserted axes", of(matrix, row),
               [](auto x, auto y) { return insert_axis(x, axis<1>) * exp(insert_axis(x, axis<0>)) - y; });
  rows.formula("last axis inserted", of(matrix),
               [](auto x) { return insert_axis(x, axis<2>) * insert_axis(x * x, axis<1>); });
  rows.formula("stretched inside a tree", of(matrix, row, column, scalar),
               [](auto x, auto r, auto c, auto s) {
                 return where(x > s, x * r + c, r * c) * s + max(c, r) - clamp(x, s, 2.0);
               });
});

}  // namespace
