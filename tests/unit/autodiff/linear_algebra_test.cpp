// SPDX-License-Identifier: Apache-2.0
// Matrix products of any strides, covariance, off-diagonal part, pairwise differences.
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>

#include "tests/support/evaluate.hpp"

using namespace disentangle;
using test::difference;
using test::evaluate;

namespace {

std::vector<double> product_of(HostArray<2> const& a, HostArray<2> const& b) {
  std::vector<double> c;
  auto const k = a.extents[1], n = b.extents[1];
  for (std::ptrdiff_t i = 0; i < a.extents[0]; ++i) {
    for (std::ptrdiff_t j = 0; j < n; ++j) {
      double total = 0;
      for (std::ptrdiff_t l = 0; l < k; ++l) {
        total +=
            a.values[static_cast<std::size_t>(i * k + l)] * b.values[static_cast<std::size_t>(l * n + j)];
      }
      c.push_back(total);
    }
  }
  return c;
}
HostArray<2> transposed(HostArray<2> const& a) {
  HostArray<2> t{{a.extents[1], a.extents[0]}, {}};
  for (std::ptrdiff_t j = 0; j < a.extents[1]; ++j) {
    for (std::ptrdiff_t i = 0; i < a.extents[0]; ++i)
      t.values.push_back(a.values[static_cast<std::size_t>(i * a.extents[1] + j)]);
  }
  return t;
}
HostArray<2> matrix(std::ptrdiff_t m, std::ptrdiff_t n, std::uint64_t seed) {
  return random_array(Extents<2>{m, n}, seed);
}

}  // namespace

TEST_CASE("products of many shapes, plain and transposed, in float and double") {
  for (Extents<3> const s :
       {Extents<3>{1, 1, 1}, {3, 5, 4}, {1, 9, 7}, {17, 1, 3}, {33, 18, 40}, {64, 10, 64}, {130, 70, 300}}) {
    CAPTURE(extents_text(s));
    auto const a = matrix(s[0], s[2], 1), b = matrix(s[2], s[1], 2);
    auto const at = transposed(a), bt = transposed(b);
    auto const expected = product_of(a, b);
    auto const plain = [](auto x, auto y) { return matmul(x, y); };
    auto const first = [](auto x, auto y) { return matmul(transpose(x), y); };
    auto const second = [](auto x, auto y) { return matmul(x, transpose(y)); };
    auto const both = [](auto x, auto y) { return matmul(transpose(x), transpose(y)); };
    CHECK(difference(evaluate<double>(plain, a, b).values, expected) < 1e-12);
    CHECK(difference(evaluate<double>(first, at, b).values, expected) < 1e-12);
    CHECK(difference(evaluate<double>(second, a, bt).values, expected) < 1e-12);
    CHECK(difference(evaluate<double>(both, at, bt).values, expected) < 1e-12);
    CHECK(difference(evaluate<float>(plain, a, b).values, expected) < 2e-5);
    CHECK(difference(evaluate<float>(first, at, b).values, expected) < 2e-5);
    CHECK(difference(evaluate<float>(second, a, bt).values, expected) < 2e-5);
    CHECK(difference(evaluate<float>(both, at, bt).values, expected) < 2e-5);
  }
}

TEST_CASE("gradients of products") {
  auto const a = matrix(3, 4, 1), b = matrix(4, 2, 2), square_matrix = matrix(4, 4, 3);
  CHECK_GRADIENT([](auto x, auto y) { return matmul(x, y); }, a, b);
  CHECK_GRADIENT([](auto x, auto y) { return matmul(transpose(y), transpose(x)); }, a, b);
  CHECK_GRADIENT([](auto x) { return matmul(x, x); }, square_matrix);
  CHECK_GRADIENT([](auto x) { return matmul(x, transpose(x)) * matmul(transpose(x), x); }, square_matrix);
  CHECK_GRADIENT([](auto x) { return matmul(exp(x), slice(x, axis<1>, 1, 3)); }, square_matrix);
  CHECK_GRADIENT([](auto x) { return matmul(slice(x, axis<0>, 0, 2), x); }, square_matrix);
  CHECK_GRADIENT([](auto x) { return matmul(stop_gradient(x), x); }, HostArray<2>{{1, 1}, {0.0}});
  CHECK_THROWS_WITH_AS(evaluate([](auto x, auto y) { return matmul(y, x); }, a, b),
                       "matmul: found (4, 2) x (3, 4), expected equal inner extents", ShapeError);
}

TEST_CASE("covariance divides by the number of samples") {
  auto const x = matrix(6, 3, 4);
  std::vector<double> expected;
  auto const at = [&](int i, int j) { return x.values[static_cast<std::size_t>(i * 3 + j)]; };
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 3; ++b) {
      double ma = 0, mb = 0, total = 0;
      for (int i = 0; i < 6; ++i) ma += at(i, a) / 6, mb += at(i, b) / 6;
      for (int i = 0; i < 6; ++i) total += (at(i, a) - ma) * (at(i, b) - mb) / 6;
      expected.push_back(total);
    }
  }
  CHECK(difference(evaluate([](auto v) { return covariance(v); }, x).values, expected) < 1e-14);
  CHECK_GRADIENT([](auto v) { return covariance(v); }, x);
  CHECK_GRADIENT(
      [](auto v) {
        return sum(square(off_diagonal(covariance(v)))) + sum(square(diagonal(covariance(v)) - 1));
      },
      x);
}

TEST_CASE("off_diagonal") {
  HostArray<2> const x{{3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  CHECK(evaluate([](auto v) { return off_diagonal(v); }, x).values ==
        std::vector<double>{0, 2, 3, 4, 0, 6, 7, 8, 0});
  CHECK_GRADIENT([](auto v) { return exp(off_diagonal(v * v)); }, matrix(3, 3, 5));
  CHECK_THROWS_WITH_AS(evaluate([](auto v) { return off_diagonal(v); }, matrix(2, 3, 1)),
                       "off_diagonal: found (2, 3), expected a square matrix", ShapeError);
}

TEST_CASE("pairwise_differences") {
  HostArray<2> const a{{2, 2}, {1, 2, 3, 4}}, b{{3, 2}, {0, 0, 1, 1, 2, 2}};
  auto const f = [](auto x, auto y) { return pairwise_differences(x, y); };
  auto const d = evaluate(f, a, b);
  CHECK(d.extents == Extents<3>{2, 3, 2});
  CHECK(d.values == std::vector<double>{1, 2, 0, 1, -1, 0, 3, 4, 2, 3, 1, 2});
  CHECK_GRADIENT([](auto x, auto y) { return exp(-square(pairwise_differences(x, y))); }, matrix(3, 2, 6),
                 matrix(4, 2, 7));
  CHECK_GRADIENT([](auto x) { return sum(square(pairwise_differences(x, x)), axis<2>) * 0.3; },
                 matrix(4, 3, 8));
}
