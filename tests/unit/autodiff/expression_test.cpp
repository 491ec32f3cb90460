// SPDX-License-Identifier: Apache-2.0
// Broadcasting in every alignment: values against plain loops, gradients against central differences, errors.
#include <array>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>

#include "tests/support/evaluate.hpp"

using namespace disentangle;
using test::difference;
using test::evaluate;

namespace {

/// The element that an index of the result reads.
template <int R, int S>
double broadcast_at(HostArray<R> const& array, Extents<S> const& index) {
  std::ptrdiff_t place = 0;
  for (int axis = 0; axis < R; ++axis) {
    auto const extent = array.extents[static_cast<std::size_t>(axis)];
    place = place * extent + (extent == 1 ? 0 : index[static_cast<std::size_t>(S - R + axis)]);
  }
  return array.values[static_cast<std::size_t>(place)];
}

template <std::size_t A, std::size_t B>
void check_broadcast(std::array<std::ptrdiff_t, A> const& a_extents,
                     std::array<std::ptrdiff_t, B> const& b_extents) {
  constexpr int rank = static_cast<int>(A > B ? A : B);
  auto const a = random_array(a_extents, 1, 0.5, 2);
  auto const b = random_array(b_extents, 2, 0.5, 2);
  auto const f = [](auto x, auto y) { return x * exp(-y) + x / y; };
  auto const result = evaluate(f, a, b);
  CAPTURE(extents_text(a_extents));
  CAPTURE(extents_text(b_extents));
  std::vector<double> expected;
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    Extents<rank> index{};
    auto rest = static_cast<std::ptrdiff_t>(i);
    for (std::size_t axis = rank; axis-- > 0;) {
      index[axis] = rest % result.extents[axis];
      rest /= result.extents[axis];
    }
    double const x = broadcast_at<static_cast<int>(A), rank>(a, index),
                 y = broadcast_at<static_cast<int>(B), rank>(b, index);
    expected.push_back(x * std::exp(-y) + x / y);
  }
  CHECK(difference(result.values, expected) < 1e-14);
  CHECK_GRADIENT(f, a, b);
}

}  // namespace

TEST_CASE("broadcasting, every alignment") {
  check_broadcast(Extents<2>{3, 5}, Extents<2>{3, 5});
  check_broadcast(Extents<2>{3, 5}, Extents<2>{3, 1});
  check_broadcast(Extents<2>{3, 5}, Extents<2>{1, 5});
  check_broadcast(Extents<2>{3, 5}, Extents<2>{1, 1});
  check_broadcast(Extents<2>{1, 5}, Extents<2>{3, 1});
  check_broadcast(Extents<2>{3, 1}, Extents<2>{3, 1});
  check_broadcast(Extents<2>{3, 5}, Extents<1>{5});
  check_broadcast(Extents<2>{3, 5}, Extents<1>{1});
  check_broadcast(Extents<2>{3, 5}, Extents<0>{});
  check_broadcast(Extents<1>{5}, Extents<2>{3, 1});
  for (int mask = 0; mask < 64; mask += 5) {  // of all ways to stretch three axes of either side
    auto const pick = [&](int bit, std::ptrdiff_t n) -> std::ptrdiff_t { return mask >> bit & 1 ? 1 : n; };
    check_broadcast(Extents<3>{pick(0, 2), pick(1, 3), pick(2, 4)},
                    Extents<3>{pick(3, 2), pick(4, 3), pick(5, 4)});
  }
  check_broadcast(Extents<4>{2, 1, 3, 1}, Extents<3>{4, 1, 9});
  check_broadcast(Extents<5>{2, 1, 2, 1, 3}, Extents<4>{2, 1, 2, 1});
}

TEST_CASE("extents that do not fit are named") {
  CHECK_THROWS_WITH_AS(evaluate([](auto x, auto y) { return x + y; }, random_array(Extents<2>{3, 4}, 1),
                                random_array(Extents<1>{3}, 1)),
                       "expression: extents (3) do not broadcast with (3, 4)", ShapeError);
}
