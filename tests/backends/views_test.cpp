// SPDX-License-Identifier: Apache-2.0
// Views with strides as sources and as destinations, one tensor several times in a formula, views that
// overlap, and memory beside a destination, which must stay as it was.
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

auto const matrix = numbers<2>({5, 7}, 1);
auto const square_matrix = numbers<2>({9, 9}, 2);
auto const large = numbers<2>({130, 130}, 3);
auto const line = numbers<1>({41}, 4);
auto const cube = numbers<3>({3, 4, 5}, 5);

Register<TestedBackend> const registered("views", [](auto& rows) {
  // sources
  rows.formula("transpose", of(matrix), [](auto x) { return exp(transpose(x)); });
  rows.formula("columns", of(matrix), [](auto x) { return exp(slice(x, axis<1>, 2, 5)); });
  rows.formula("one column", of(matrix), [](auto x) { return exp(slice(x, axis<1>, 6, 7)); });
  rows.formula("rows", of(matrix), [](auto x) { return exp(slice(x, axis<0>, 1, 4)); });
  rows.formula("diagonal", of(square_matrix), [](auto x) { return exp(diagonal(x)); });
  rows.formula("diagonal of a block", of(matrix),
               [](auto x) { return exp(diagonal(slice(x, axis<1>, 1, 6))); });
  rows.formula("columns of a transpose", of(matrix),
               [](auto x) { return exp(slice(transpose(x), axis<1>, 1, 4)); });
  rows.formula("slices of a cube", of(cube), [](auto x) {
    return exp(slice(slice(x, axis<1>, 1, 3), axis<2>, 2, 5)) * slice(slice(x, axis<1>, 0, 2), axis<2>, 0, 3);
  });
  rows.formula("reshape of a transpose", of(matrix),
               [](auto x) { return exp(reshape(transpose(x), Extents<1>{35})); });
  rows.formula("reshape of columns", of(matrix), [](auto x) {
    return exp(reshape(slice(x, axis<1>, 1, 5), Extents<3>{2, 5, 2}));
  });
  rows.formula("reshape of an expression", of(matrix), [](auto x) {
    return exp(reshape(x * x, Extents<2>{7, 5}));
  });
  // one tensor several times
  rows.formula("x * x", of(line), [](auto x) { return x * x + x / (x * x + 2.0) - exp(x) * x; });
  rows.formula("x + transpose(x)", of(square_matrix),
               [](auto x) { return x * transpose(x) + exp(transpose(x)); });
  rows.formula("x + transpose(x), large", of(large),
               [](auto x) { return x * transpose(x) + exp(transpose(x)); });
  rows.formula("x[0:n-1] - x[1:n]", of(line), [](auto x) {
    return exp(slice(x, axis<0>, 0, 40)) - slice(x, axis<0>, 1, 41) * slice(x, axis<0>, 0, 40);
  });
  rows.formula("rows that overlap", of(large),
               [](auto x) { return exp(slice(x, axis<0>, 0, 129)) * slice(x, axis<0>, 1, 130); });
  rows.formula("columns that overlap", of(large),
               [](auto x) { return exp(slice(x, axis<1>, 0, 129)) * slice(x, axis<1>, 1, 130); });
  rows.formula("a matrix and its diagonal", of(square_matrix), [](auto x) { return exp(diagonal(x)) * x; });
  rows.formula("a matrix and its first row", of(matrix),
               [](auto x) { return exp(slice(x, axis<0>, 0, 1)) * x; });
  rows.formula("a tensor and its sums", of(square_matrix), [](auto x) {
    auto const y = materialise(exp(x));
    return y * y + sum(y, axis<0>) * x + transpose(y);
  });
  rows.formula("stop_gradient", of(line),
               [](auto x) { return stop_gradient(exp(x)) * x + stop_gradient(x) * 3.0; });
  // destinations
  rows.formula("concatenate rows", of(matrix),
               [](auto x) { return concatenate(axis<0>, x, x * x, slice(x, axis<0>, 1, 2)); });
  rows.formula("concatenate columns", of(matrix),
               [](auto x) { return concatenate(axis<1>, slice(x, axis<1>, 0, 1), x * x, x); });
  rows.formula("concatenate columns of 1 to a long one", of(numbers<2>({603, 1}, 6)),
               [](auto x) { return concatenate(axis<1>, x, x * x, exp(x)); });
  rows.formula("concatenate middle axes", of(cube), [](auto x) { return concatenate(axis<1>, x, x * x); });
  rows.row("parts assigned, the rest as it was", [](auto& r) {
    auto const x = r.constant(matrix);
    auto const target = r.constant(numbers<2>({11, 13}, 7));
    auto const at = [&](auto rows_begin, auto rows_end, auto begin, auto end) {
      return slice(slice(target, axis<0>, rows_begin, rows_end), axis<1>, begin, end);
    };
    disentangle::assign(at(1, 6, 2, 9), exp(x));
    disentangle::assign(transpose(at(3, 10, 10, 13)), slice(x, axis<0>, 0, 3) * 2.0);
    disentangle::assign(diagonal(at(0, 11, 0, 11)), slice(r.constant(line), axis<0>, 5, 16));
    r.keep("target", target);
  });
  rows.row("a column of a wider tensor", [](auto& r) {
    auto const target = r.constant(numbers<2>({41, 3}, 8));
    auto const middle = slice(target, axis<1>, 1, 2);
    disentangle::assign(middle, exp(reshape(r.constant(line), Extents<2>{41, 1})));
    disentangle::assign(slice(target, axis<0>, 3, 5), 0.5 * slice(target, axis<0>, 3, 5) + 1.0);
    r.keep("target", target);
  });
  rows.formula("gradients of a part leave the rest", of(numbers<2>({40, 50}, 9)),
               [](auto x) { return exp(slice(slice(x, axis<0>, 3, 21), axis<1>, 5, 42)); });
});

}  // namespace
