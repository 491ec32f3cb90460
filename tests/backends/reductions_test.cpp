// SPDX-License-Identifier: Apache-2.0
// Reductions over everything and along each axis, of lengths 1 to 20000, contiguous and strided, of tensors
// and of expressions; the maximum with ties; logsumexp, softmax and log_softmax.
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

auto const matrix = numbers<2>({13, 37}, 1, -3, 3);
auto const cube = numbers<3>({3, 17, 5}, 2, -3, 3);

Register<TestedBackend> const registered("reductions", [](auto& rows) {
  for (std::ptrdiff_t const n : {1, 3, 17, 1000, 20000}) {
    auto const line = numbers<1>({n}, 3, -1, 2);
    std::string const of_n = " of " + std::to_string(n);
    rows.formula("sum" + of_n, of(line), [](auto x) { return sum(x * x) * 0.5; });
    rows.formula("max" + of_n, of(line), [](auto x) { return max(x) * 1.0; });
    rows.formula("logsumexp" + of_n, of(line), [](auto x) { return logsumexp(4.0 * x) * 1.0; });
    auto const wide = numbers<2>({3, n}, 4, -1, 2), tall = numbers<2>({n, 3}, 5, -1, 2);
    auto const rows_of = [](auto x) { return sum(exp(x), axis<1>) * 0.5; };
    auto const columns_of = [](auto x) { return sum(exp(x), axis<0>) * 0.5; };
    rows.formula("sums of rows" + of_n, of(wide), rows_of);
    rows.formula("sums of columns" + of_n, of(tall), columns_of);
    rows.formula("sums of " + std::to_string(n) + " rows", of(tall), rows_of);
    rows.formula("sums of " + std::to_string(n) + " columns", of(wide), columns_of);
    rows.formula("sums of columns" + of_n + ", transposed", of(wide),
                 [](auto x) { return sum(transpose(x), axis<0>) * 0.5; });
    rows.formula("sums of rows" + of_n + ", transposed", of(tall),
                 [](auto x) { return sum(transpose(x), axis<1>) * 0.5; });
    rows.formula("maxima of rows" + of_n, of(wide), [](auto x) { return max(x, axis<1>) * 0.5; });
    rows.formula("maxima of columns" + of_n, of(tall), [](auto x) { return max(x, axis<0>) * 0.5; });
    rows.formula("softmax of rows" + of_n, of(wide), [](auto x) { return softmax(x, axis<1>) * 3.0; });
  }
  rows.formula("sum, strided", of(matrix),
               [](auto x) { return sum(slice(transpose(x), axis<1>, 2, 9)) * 0.5; });
  rows.formula("sum of a stretched row", of(matrix, numbers<1>({37}, 6)),
               [](auto x, auto y) { return sum(x * exp(y)) * 0.5; });
  rows.formula("sums of columns, a stretched column", of(matrix, numbers<2>({13, 1}, 7)),
               [](auto x, auto y) { return sum(x * exp(y), axis<0>) * 0.5; });
  rows.formula("sums along the middle", of(cube), [](auto x) { return sum(exp(x), axis<1>) * 0.5; });
  rows.formula("sums along the first of three", of(cube), [](auto x) { return sum(exp(x), axis<0>) * 0.5; });
  rows.formula("sums along the last of three", of(cube), [](auto x) { return sum(exp(x), axis<2>) * 0.5; });
  rows.formula("sums along the middle, sliced", of(cube),
               [](auto x) { return sum(slice(x, axis<2>, 1, 4), axis<1>) * 0.5; });
  rows.formula("sums of rank 5", of(numbers<5>({2, 3, 2, 3, 4}, 8)),
               [](auto x) { return sum(exp(x), axis<2>) * 0.5; });
  rows.formula("mean", of(matrix), [](auto x) { return mean(square(x)); });
  rows.formula("means of columns and rows", of(matrix),
               [](auto x) { return mean(x, axis<0>) * insert_axis(mean(exp(x), axis<1>), axis<1>); });
  rows.formula("max, with ties", of(whole_numbers<2>({13, 37}, 9, 3)), [](auto x) { return max(x) * x; });
  rows.formula("maxima of rows, with ties", of(whole_numbers<2>({13, 37}, 9, 3)),
               [](auto x) { return max(x, axis<1>) * 0.5; });
  rows.formula("maxima of columns, with ties", of(whole_numbers<2>({13, 37}, 9, 3)),
               [](auto x) { return max(x, axis<0>) * 0.5; });
  rows.formula("maxima of negative numbers", of(numbers<2>({5, 19}, 10, -7, -3)),
               [](auto x) { return max(x, axis<1>) + max(slice(x, axis<1>, 0, 5), axis<0>); });
  rows.formula("maxima along the middle, of a transpose", of(cube, matrix),
               [](auto x, auto y) { return sum(max(x, axis<1>)) + max(transpose(y), axis<0>); });
  rows.formula("logsumexp of large numbers", of(numbers<2>({7, 19}, 11, 200, 300)),
               [](auto x) { return logsumexp(x, axis<1>) * 1.0; });
  rows.formula("logsumexp of columns", of(matrix), [](auto x) { return logsumexp(x, axis<0>) * 1.0; });
  rows.formula("logsumexp along the middle", of(cube), [](auto x) { return logsumexp(x, axis<1>) * 1.0; });
  rows.formula("softmax of columns", of(matrix), [](auto x) { return softmax(x, axis<0>) * 3.0; });
  rows.formula("log_softmax of rows", of(matrix), [](auto x) { return log_softmax(x, axis<1>); });
  rows.formula("log_softmax of columns of a transpose", of(matrix),
               [](auto x) { return log_softmax(transpose(x), axis<0>); });
});

}  // namespace
