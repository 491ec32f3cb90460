// SPDX-License-Identifier: Apache-2.0
// Matrix products with every combination of transposed, sliced and inserted operands, and what is made of
// them; the primitive itself with strided destinations and with both forms of writing.
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

struct Size {
  std::ptrdiff_t m, k, n;
};

Register<TestedBackend> const registered("matrices", [](auto& rows) {
  auto const product = [](auto a, auto b) { return matmul(a, b); };
  auto const of_transposes = [](auto a, auto b) { return matmul(transpose(a), transpose(b)); };
  auto const left_transposed = [](auto a, auto b) { return matmul(transpose(a), b); };
  auto const right_transposed = [](auto a, auto b) { return matmul(a, transpose(b)); };
  for (Size const s :
       {Size{1, 1, 1}, {3, 4, 5}, {1, 100, 1}, {40, 1, 40}, {1, 7, 33}, {33, 7, 1}, {65, 33, 70}}) {
    std::string const size =
        " " + std::to_string(s.m) + " x " + std::to_string(s.k) + " x " + std::to_string(s.n);
    auto const a = numbers<2>({s.m, s.k}, 1), at = numbers<2>({s.k, s.m}, 1);
    auto const b = numbers<2>({s.k, s.n}, 2), bt = numbers<2>({s.n, s.k}, 2);
    rows.formula("A B" + size, of(a, b), product);
    rows.formula("A' B" + size, of(at, b), left_transposed);
    rows.formula("A B'" + size, of(a, bt), right_transposed);
    rows.formula("A' B'" + size, of(at, bt), of_transposes);
  }
  auto const x = numbers<2>({12, 17}, 3), y = numbers<2>({17, 12}, 4);
  rows.formula("columns by rows", of(x, y),
               [](auto a, auto b) { return matmul(slice(a, axis<1>, 3, 11), slice(b, axis<0>, 5, 13)); });
  rows.formula("rows by columns", of(x, y),
               [](auto a, auto b) { return matmul(slice(a, axis<0>, 3, 11), slice(b, axis<1>, 5, 9)); });
  rows.formula("transposed slices", of(x, y), [](auto a, auto b) {
    return matmul(transpose(slice(a, axis<1>, 3, 11)), slice(transpose(b), axis<1>, 2, 15));
  });
  rows.formula("one column by one row", of(x, y),
               [](auto a, auto b) { return matmul(slice(a, axis<1>, 3, 4), slice(b, axis<0>, 5, 6)); });
  rows.formula("vectors as matrices", of(numbers<1>({9}, 5), numbers<1>({9}, 6)), [](auto a, auto b) {
    return matmul(insert_axis(a, axis<1>), insert_axis(b, axis<0>)) +
           matmul(insert_axis(a, axis<0>), insert_axis(b, axis<1>));
  });
  rows.formula("a column of a matrix as a row", of(x, y), [](auto a, auto b) {
    return matmul(transpose(slice(a, axis<1>, 2, 3)), transpose(slice(b, axis<0>, 4, 5)));
  });
  rows.formula("x x'", of(x), [](auto a) { return matmul(a, transpose(a)); });
  rows.formula("x x", of(numbers<2>({9, 9}, 7)), [](auto a) { return matmul(a, a); });
  rows.formula("expressions", of(x, y), [](auto a, auto b) { return matmul(exp(a), b * b) * 0.1; });
  rows.formula("covariance", of(numbers<2>({50, 6}, 8)), [](auto a) { return covariance(a); });
  rows.formula("covariance of a transpose", of(numbers<2>({6, 50}, 8)),
               [](auto a) { return covariance(transpose(a)); });
  rows.formula("off_diagonal", of(numbers<2>({9, 9}, 7)), [](auto a) { return off_diagonal(a) * 1.0; });
  rows.formula("off_diagonal of 1 and of an expression", of(numbers<2>({1, 1}, 9), numbers<2>({5, 5}, 10)),
               [](auto a, auto b) { return off_diagonal(a) + square(off_diagonal(exp(b))); });
  rows.formula("pairwise_differences", of(numbers<2>({11, 4}, 11), numbers<2>({7, 4}, 12)),
               [](auto a, auto b) { return square(pairwise_differences(a, b)); });
  rows.formula("pairwise_differences with itself", of(numbers<2>({23, 4}, 11)),
               [](auto a) { return exp(pairwise_differences(a, a)); });

  // C (+)= A B, C within a larger matrix
  for (bool const accumulate : {false, true}) {
    std::string const how = accumulate ? ", added" : ", assigned";
    auto const into = [&](std::string const& name, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k,
                          std::array<std::ptrdiff_t, 2> sc) {
      rows.row("C " + name + how, [&](auto& r) {
        auto const a = r.constant(numbers<2>({m, k}, 13)), b = r.constant(numbers<2>({k, n}, 14));
        auto const c = r.constant(numbers<2>({30, 30}, 15));
        r.backend().multiply(m, n, k, a.value, a.strides, b.value, b.strides, c.value + 31, sc, accumulate);
        r.keep("C", c);
      });
    };
    into("by rows", 9, 11, 5, {30, 1});
    into("by columns", 9, 11, 5, {1, 30});
    into("with two strides", 9, 6, 5, {60, 3});
    into("a column", 9, 1, 5, {30, 1});
    into("a row by columns", 1, 11, 5, {1, 30});
    into("of an empty product", 4, 3, 0, {30, 1});
  }
});

}  // namespace
