// SPDX-License-Identifier: Apache-2.0
// The sources: what they draw shares what it must, covers what it can, and fits the concept.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/function_source.hpp>
#include <disentangle/metric/labelled_source.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

namespace {

auto grid() {
  return metric::FunctionSource({{"a", 2}, {"b", 3}, {"c", 5}}, 1,
                                [](MatrixView<int const> f, MatrixView<double> codes) {
                                  for (std::size_t i = 0; i < f.rows; ++i)
                                    codes(i, 0) = f(i, 0) * 100 + f(i, 1) * 10 + f(i, 2);
                                });
}

template <metric::factor_source Source>
void check_draws(Source const& source, std::size_t k) {
  metric::RandomIntegers rng(seed(3), "test");
  std::size_t const columns = source.factors().size();
  std::vector<std::size_t> points(200);
  metric::Matrix<int> labels(200, columns);
  source.draw_sharing(k, rng, points);
  source.labels(points, labels.view());
  bool others_vary = false;
  for (std::size_t i = 0; i < 200; ++i) {
    CHECK(labels(i, k) == labels(0, k));
    for (std::size_t j = 0; j < columns; ++j) {
      CHECK(labels(i, j) >= 0);
      CHECK(labels(i, j) < source.factors()[j].cardinality);
      others_vary = others_vary || (j != k && labels(i, j) != labels(0, j));
    }
  }
  CHECK(others_vary);
  std::vector<std::size_t> matching(200);
  source.draw(rng, points);
  source.draw_matching(k, points, rng, matching);
  metric::Matrix<int> matched(200, columns);
  source.labels(points, labels.view());
  source.labels(matching, matched.view());
  bool values_vary = false;
  for (std::size_t i = 0; i < 200; ++i) {
    CHECK(matched(i, k) == labels(i, k));
    values_vary = values_vary || labels(i, k) != labels(0, k);
  }
  CHECK(values_vary);
}

}  // namespace

TEST_CASE("a grid draws every combination about equally often, and encodes what it labels") {
  auto const source = grid();
  metric::RandomIntegers rng(seed(1), "test");
  std::vector<std::size_t> points(6000);
  source.draw(rng, points);
  std::vector<int> count(30);
  for (std::size_t p : points) ++count.at(p);
  for (int c : count) {
    CHECK(c > 130);
    CHECK(c < 270);
  }
  metric::Matrix<int> labels(points.size(), 3);
  metric::Matrix<double> codes(points.size(), 1);
  source.labels(points, labels.view());
  source.encode(points, codes.view());
  for (std::size_t i = 0; i < points.size(); ++i)
    CHECK(codes(i, 0) == labels(i, 0) * 100 + labels(i, 1) * 10 + labels(i, 2));
}

TEST_CASE("draws that share a factor share it, on grids and on partial tables") {
  for (std::size_t k = 0; k < 3; ++k) check_draws(grid(), k);
  // Most combinations are missing, some repeat.
  auto const s = test::axis_aligned(25, 0.1, 4);
  metric::ArraySource const source(s.codes.view(), s.factors.view());
  for (std::size_t k = 0; k < 3; ++k) check_draws(source, k);
}

TEST_CASE("a table's own rows come back, float codes too") {
  metric::Matrix<float> codes(3, 2);
  codes.values = {1, 2, 3, 4, 5, 6};
  metric::Matrix<int> factors(3, 1);
  factors.values = {7, -0, 100};
  metric::ArraySource const source(codes.view(), factors.view(), {"size"});
  CHECK(source.latents() == 2);
  CHECK(source.factors()[0] == Factor{"size", 3});
  std::vector<std::size_t> const points{2, 0};
  metric::Matrix<double> out(2, 2);
  metric::Matrix<int> labels(2, 1);
  source.encode(points, out.view());
  source.labels(points, labels.view());
  CHECK(out.values == std::vector<double>{5, 6, 1, 2});
  CHECK(labels.values == std::vector<int>{2, 1});
}

TEST_CASE("a value with a single row is drawn with replacement") {
  metric::Matrix<double> codes(3, 1);
  metric::Matrix<int> factors(3, 1);
  factors.values = {0, 1, 1};
  metric::ArraySource const source(codes.view(), factors.view());
  metric::RandomIntegers rng(seed(1), "test");
  std::vector<std::size_t> const like{0, 0};
  std::vector<std::size_t> points(2, 9);
  source.draw_matching(0, like, rng, points);
  CHECK(points == std::vector<std::size_t>{0, 0});
}

TEST_CASE("what is wrong with a source is named") {
  using test::contains;
  using test::message_of;
  auto s = test::axis_aligned(5, 0.1, 4);
  CHECK(contains(
      message_of<ShapeError>([&] { (void)metric::ArraySource(s.codes.view(), s.factors.view(), {"one"}); }),
      "1 names for 3 factors"));
  auto const encode = [](std::span<std::size_t const>, MatrixView<double>) {};
  CHECK_THROWS_AS(metric::LabelledSource(MatrixView<int const>(s.factors.view()), {}, 0, encode), ShapeError);
  s.factors(2, 1) = -1;
  CHECK(contains(message_of<ValueError>([&] { (void)metric::ArraySource(s.codes.view(), s.factors.view()); }),
                 "label -1 in row 2, factor 1"));
  auto const function = [](MatrixView<int const>, MatrixView<double>) {};
  CHECK_THROWS_AS(metric::FunctionSource({}, 1, function), ValueError);
  CHECK_THROWS_AS(metric::FunctionSource({{"a", 0}}, 1, function), ValueError);
  std::vector<Factor> const huge(5, Factor{"a", 2'000'000'000});
  CHECK(contains(message_of<ValueError>([&] { (void)metric::FunctionSource(huge, 1, function); }), "size_t"));
}
