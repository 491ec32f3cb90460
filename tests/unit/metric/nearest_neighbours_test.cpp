// SPDX-License-Identifier: Apache-2.0
// Weighted nearest neighbours against a search that looks at every pair, their laws and their errors.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/split_metric_errors.hpp"

using namespace disentangle;

namespace {

struct Features {
  metric::Matrix<double> x;
  std::vector<int> label;
};

/// Noisy points around one centre per class, not of unit length; labels are multiples of 3.
Features clusters(std::size_t rows, std::size_t d, std::uint32_t classes, double noise, std::uint64_t seed) {
  Features f{metric::Matrix<double>(rows, d), std::vector<int>(rows)};
  Philox const centre{77, 1, 0}, own{seed, 2, 0};
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint32_t const c = own.integer(i, classes);
    f.label[i] = static_cast<int>(3 * c);
    double const scale = 0.5 + static_cast<double>(Philox{seed, 3, 0}.uniform(i));
    for (std::size_t j = 0; j < d; ++j)
      f.x(i, j) = scale * (static_cast<double>(centre.normal(c * d + j)) +
                           noise * static_cast<double>(Philox{seed, 4, 0}.normal(i * d + j)));
  }
  return f;
}

/// Top-1 and top-5 by sorting all similarities of every test row, in double.
std::pair<double, double> by_all_pairs(Features const& train, Features const& test, std::size_t k,
                                       double temperature) {
  auto const length = [](std::span<double const> v) {
    double sum = 0;
    for (double const x : v) sum += x * x;
    return std::sqrt(sum);
  };
  double top_1 = 0, top_5 = 0;
  for (std::size_t i = 0; i < test.x.rows; ++i) {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t n = 0; n < train.x.rows; ++n) {
      double dot = 0;
      for (std::size_t j = 0; j < train.x.columns; ++j) dot += test.x(i, j) * train.x(n, j);
      order.emplace_back(-dot / length(test.x.row(i)) / length(train.x.row(n)), n);
    }
    std::sort(order.begin(), order.end());
    std::map<int, double> votes;
    for (int const label : train.label) votes[label] = 0;
    for (std::size_t j = 0; j < std::min(k, order.size()); ++j)
      votes[train.label[order[j].second]] += std::exp(-order[j].first / temperature);
    std::vector<std::pair<double, int>> ranked;
    for (auto const& [label, vote] : votes) ranked.emplace_back(-vote, label);
    std::sort(ranked.begin(), ranked.end());
    for (std::size_t c = 0; c < std::min<std::size_t>(5, ranked.size()); ++c) {
      top_1 += c == 0 && ranked[c].second == test.label[i];
      top_5 += ranked[c].second == test.label[i];
    }
  }
  return {top_1 / static_cast<double>(test.x.rows), top_5 / static_cast<double>(test.x.rows)};
}

}  // namespace

TEST_CASE("weighted neighbours are those of a search over all pairs, over several blocks of rows") {
  Features const train = clusters(2500, 12, 9, 1.5, 1), test = clusters(300, 12, 9, 1.5, 2);
  struct {
    std::size_t k;
    double temperature;
  } const cases[] = {{200, 0.5}, {1, 0.5}, {7, 0.02}, {5000, 0.2}};
  for (auto const& setting : cases) {
    CAPTURE(setting.k);
    auto const [top_1, top_5] = by_all_pairs(train, test, setting.k, setting.temperature);
    metric::NearestNeighbours const knn{.k = setting.k, .temperature = setting.temperature};
    metric::Score const s = knn(train.x.view(), train.label, test.x.view(), test.label);
    CHECK(s.value == doctest::Approx(top_1).epsilon(1e-12));
    CHECK(s.part("top_5") == doctest::Approx(top_5).epsilon(1e-12));
    CHECK(s.value > 0.3);
    CHECK(s.value < s.part("top_5"));
    CHECK(s.settings[2].second == static_cast<double>(std::min<std::size_t>(setting.k, 2500)));
  }
}

TEST_CASE("float and double, lengths, threads and extreme temperatures change nothing they should not") {
  Features const train = clusters(700, 8, 6, 1, 3), test = clusters(150, 8, 6, 1, 4);
  metric::NearestNeighbours const knn{.k = 20};
  auto const value = [&](metric::NearestNeighbours const& m) {
    return m(train.x.view(), train.label, test.x.view(), test.label).value;
  };
  double const expected = value(knn);
  metric::Matrix<float> const train_floats = metric::detail::copy_of<float>(train.x);
  metric::Matrix<float> const test_floats = metric::detail::copy_of<float>(test.x);
  CHECK(knn(train_floats.view(), train.label, test_floats.view(), test.label).value == expected);
  for (double const scale : {1e-150, 1e-3, 1e200})
    CHECK(knn(test::times(train.x, scale).view(), train.label, test::times(test.x, 1 / scale).view(),
              test.label)
              .value == expected);
  CHECK(value({.k = 20, .threads = 1}) == value({.k = 20, .threads = 3}));
  // At 0+ the nearest row decides; at infinity all votes weigh the same.
  CHECK(value({.k = 20, .temperature = 1e-9}) == value({.k = 1}));
  CHECK(value({.k = 20, .temperature = 1e9}) <= 1);
}

TEST_CASE(
    "ties: of equally near rows the earlier ones, of equal votes the smallest class; zeros; absent labels") {
  metric::Matrix<double> train(4, 2), test(1, 2);
  train.values = {1, 0, 1, 0, 2, 0, 0, 1};
  test.values = {3, 0};
  std::vector<int> label{7, 5, 5, 1};
  std::vector<int> const seven{7}, five{5};
  auto const value = [&](std::size_t k, std::vector<int> const& right) {
    return metric::NearestNeighbours{.k = k}(train.view(), label, test.view(), right).value;
  };
  CHECK(value(1, seven) == 1);
  CHECK(value(2, five) == 1);
  CHECK(value(2, seven) == 0);
  test.values = {0, 0};  // similarity 0 to every row: the first ones vote
  CHECK(value(1, seven) == 1);
  CHECK(value(4, five) == 1);
  metric::Score const s = metric::NearestNeighbours{}(train.view(), label, test.view(), std::vector<int>{6});
  CHECK(s.value == 0);
  CHECK(s.part("top_5") == 0);
}

TEST_CASE("several factors share their neighbours; codes that know nothing are at chance") {
  auto const s = test::axis_aligned(900, 0.05, 11);
  metric::Score const score = metric::NearestNeighbours{.k = 10}(s.codes, s.factors);
  CHECK(test::in_range(score));
  CHECK(score.table("top_1_per_factor").rows == 3);
  CHECK(score.part("top_5") == 1);
  auto const nothing = test::unrelated(900, 12);
  CHECK(std::abs(metric::NearestNeighbours{}(nothing.codes, nothing.factors).value -
                 (1. / 3 + 1. / 4 + 1. / 5) / 3) < 0.08);
}

TEST_CASE("NearestNeighbours names what is wrong with its arrays, splits and settings") {
  test::check_errors_of_arrays(metric::NearestNeighbours{});
  test::check_splits(metric::NearestNeighbours{.k = 5});
  Features const f = clusters(30, 4, 3, 1, 5);
  auto const message = [&](metric::NearestNeighbours const& m) {
    return test::message_of<ValueError>([&] { (void)m(f.x.view(), f.label, f.x.view(), f.label); });
  };
  CHECK(test::contains(message({.k = 0}), "nearest_neighbours: k is 0, expected at least 1"));
  CHECK(test::contains(message({.temperature = 0}), "temperature is 0"));
  std::vector<int> const fewer(29);
  CHECK(test::contains(test::message_of<ShapeError>([&] {
                         (void)metric::NearestNeighbours{}(f.x.view(), fewer, f.x.view(), f.label);
                       }),
                       "factors have 29 rows, expected the 30 rows of the codes"));
}
