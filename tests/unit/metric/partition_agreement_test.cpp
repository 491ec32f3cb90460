// SPDX-License-Identifier: Apache-2.0
#include <disentangle/metric/partition_agreement.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace disentangle;

namespace {

/// 40 images: colour 0 or 1, digit 0 .. 4, each combination four times.
struct Factorial {
  std::vector<int> labels;
  std::vector<Factor> factors{{"colour", 2}, {"digit", 5}};
  Factorial() {
    for (int i = 0; i < 40; ++i) labels.insert(labels.end(), {i % 2, i / 2 % 5});
  }
  auto operator()(auto const& subset_of) const {
    std::vector<int> subsets;
    for (int i = 0; i < 40; ++i) subsets.push_back(subset_of(i % 2, i / 2 % 5));
    return metric::partition_agreement(subsets, MatrixView<int const>(labels.data(), 40, 2), factors);
  }
};

}  // namespace

TEST_CASE("a partition by colour has one bit of it and nothing of the digit") {
  auto const found = Factorial{}([](int colour, int) { return 1 - colour; });
  REQUIRE(found.size() == 2);
  CHECK(found[0].factor == "colour");
  CHECK(found[0].purity == 1);
  CHECK(found[0].information == doctest::Approx(1));
  CHECK(found[1].factor == "digit");
  CHECK(found[1].purity == 0.5);
  CHECK(found[1].information == doctest::Approx(0));
}

TEST_CASE("a partition of digits into two and three is pure in digits") {
  auto const found = Factorial{}([](int, int digit) { return digit < 2 ? 0 : 1; });
  double const entropy = -(0.4 * std::log2(0.4) + 0.6 * std::log2(0.6));
  CHECK(found[0].purity == 0.6);  // of each colour three fifths are in the larger subset
  CHECK(found[0].information == doctest::Approx(0));
  CHECK(found[1].purity == 1);
  CHECK(found[1].information == doctest::Approx(entropy));
}

TEST_CASE("everything in one subset says nothing, whatever its purity") {
  auto const found = Factorial{}([](int, int) { return 0; });
  CHECK(found[0].purity == 1);
  CHECK(found[0].information == 0);
}

TEST_CASE("missing labels are left out, factor by factor") {
  std::vector<int> const labels{0, -1, 1, 0, -1, 1, 1, 1}, subsets{0, 1, 0, 1};
  std::vector<Factor> const factors{{"a", 2}, {"b", 2}};
  auto const found =
      metric::partition_agreement(subsets, MatrixView<int const>(labels.data(), 4, 2), factors);
  // a: labels 0, 1, -, 1 with subsets 0, 1, -, 1; b: labels -, 0, 1, 1 with subsets -, 1, 0, 1
  CHECK(found[0].purity == 1);
  CHECK(found[0].information == doctest::Approx(std::log2(3.0) - 2.0 / 3));
  CHECK(found[1].purity == doctest::Approx(2.0 / 3));
}

TEST_CASE("rows that do not fit and subsets beyond 1 are errors") {
  std::vector<int> const labels{0, 1, 2};
  std::vector<Factor> const one{{"a", 3}};
  MatrixView<int const> const three(labels.data(), 3, 1);
  CHECK_THROWS_AS(metric::partition_agreement(std::vector<int>{0, 1}, three, one), ShapeError);
  CHECK_THROWS_AS(metric::partition_agreement(std::vector<int>{0, 1, 0}, three, {}), ShapeError);
  CHECK_THROWS_WITH_AS(metric::partition_agreement(std::vector<int>{0, 2, 0}, three, one),
                       doctest::Contains("found subset 2"), ValueError);
}
