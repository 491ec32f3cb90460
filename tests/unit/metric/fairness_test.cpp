// SPDX-License-Identifier: Apache-2.0
// Fairness: separate codes are fair, mixed codes are not.
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/fairness.hpp>
#include <disentangle/metric/function_source.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

namespace {

auto grid(double mixing) {
  return metric::FunctionSource({{"a", 3}, {"b", 4}}, 2, [=](MatrixView<int const> y, MatrixView<double> z) {
    for (std::size_t i = 0; i < y.rows; ++i) {
      z(i, 0) = y(i, 0) + mixing * y(i, 1);
      z(i, 1) = mixing == 0 ? y(i, 1) : 0;
    }
  });
}
constexpr metric::Fairness small{.num_train = 400, .points_per_value = 60};

}  // namespace

TEST_CASE("a prediction from a code without the other factor is fair, up to noise; with it, it is not") {
  metric::Score const fair = small(grid(0), seed(0));
  CHECK(fair.lower_is_better);
  CHECK(fair.table("unfairness")(0, 1) < 0.12);
  CHECK(fair.table("unfairness")(0, 0) == 0);
  metric::Score const unfair = small(grid(1), seed(0));  // sums, of which several pairs are alike
  CHECK(unfair.value > fair.value + 0.1);
  CHECK(unfair.part("worst_value") > unfair.value);
  CHECK(test::in_range(unfair));
  CHECK(small(grid(1), seed(0)).value == unfair.value);
  CHECK(unfair.factor_names[1] == "b");
}

TEST_CASE("fairness of arrays, and errors") {
  auto const s = test::axis_aligned(400, 0.1, 3);
  metric::ArraySource const source(s.codes.view(), s.factors.view());
  CHECK(test::in_range(small(source, seed(1))));
  auto const one = test::columns(s.factors, {0});
  metric::ArraySource const alone(s.codes.view(), one.view());
  CHECK(test::contains(test::message_of<ValueError>([&] { (void)small(alone, seed(1)); }),
                       "factors is 1, expected at least 2"));
}
