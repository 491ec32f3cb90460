// SPDX-License-Identifier: Apache-2.0
// The group test on representations that are disentangled by construction, mixed, and entangled in known
// ways.
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/group_action.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

namespace {

using metric::Matrix;

std::vector<Factor> const factors{{"hue", 6}, {"angle", 6}, {"size", 4}};
std::vector<metric::FactorStep> const steps{{0, true}, {1, true}, {2, false}};

/// Every combination once.
Matrix<int> grid() {
  Matrix<int> labels(144, 3);
  for (int i = 0; i < 144; ++i) {
    auto const row = static_cast<std::size_t>(i);
    labels(row, 0) = i / 24;
    labels(row, 1) = i / 4 % 6;
    labels(row, 2) = i % 4;
  }
  return labels;
}

/// Features made of a combination's values.
template <class F>
Matrix<double> features(std::size_t d, F&& of) {
  Matrix<int> const labels = grid();
  Matrix<double> x(labels.rows, d);
  for (std::size_t i = 0; i < labels.rows; ++i)
    of(2 * std::numbers::pi * labels(i, 0) / 6, 2 * std::numbers::pi * labels(i, 1) / 6,
       static_cast<double>(labels(i, 2)), x.row(i));
  return x;
}

/// A circle for each angle, a line for the size, of different lengths and off the origin.
Matrix<double> disentangled() {
  return features(5, [](double hue, double angle, double size, std::span<double> x) {
    x[0] = 7 + std::cos(hue);
    x[1] = std::sin(hue);
    x[2] = 3 * std::cos(angle);
    x[3] = 3 * std::sin(angle);
    x[4] = 0.5 * size;
  });
}

/// x A, A of normal numbers.
Matrix<double> mixed(Matrix<double> const& x, std::size_t d, std::uint64_t seed) {
  Matrix<double> result(x.rows, d);
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = 0; j < x.columns; ++j)
      for (std::size_t m = 0; m < d; ++m)
        result(i, m) += x(i, j) * static_cast<double>(Philox{seed, 9, 0}.normal(j * d + m));
  return result;
}

metric::Score score(Matrix<double> const& x, metric::GroupAction const& test = {}) {
  Matrix<int> const labels = grid();
  return test(x, metric::step_generators(labels.view(), factors, steps));
}

}  // namespace

TEST_CASE(
    "the joint diagonaliser finds the basis that several matrices share, and one matrix's eigenvectors") {
  // Q diag Q^T with one Q; the second has equal entries on both diagonals where the first differs.
  std::size_t const n = 4;
  Matrix<double> q(n, n);
  q.values = {.5, .5, .5, .5, .5, -.5, .5, -.5, .5, .5, -.5, -.5, .5, -.5, -.5, .5};
  double const diagonal[2][4] = {{1, 1, 2, 2}, {5, -3, 0, 0}};
  std::vector<Matrix<double>> a(2, Matrix<double>(n, n)), one;
  for (std::size_t m = 0; m < 2; ++m)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = 0; k < n; ++k) a[m](i, j) += q(i, k) * diagonal[m][k] * q(j, k);
  one.push_back(a[0]);
  Matrix<double> const before = a[0], v = metric::detail::joint_diagonaliser(a);
  for (auto const& m : a)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        if (i != j) CHECK(std::abs(m(i, j)) < 1e-12);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double product = 0, turned = 0;
      for (std::size_t k = 0; k < n; ++k) {
        product += v(k, i) * v(k, j);
        for (std::size_t l = 0; l < n; ++l) turned += v(k, i) * before(k, l) * v(l, j);
      }
      CHECK(product == doctest::Approx(i == j).epsilon(1e-12));
      CHECK(std::abs(turned - a[0](i, j)) < 1e-12);
    }
  (void)metric::detail::joint_diagonaliser(one);
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += one[0](i, i);
    CHECK(std::abs((one[0](i, i) - 1) * (one[0](i, i) - 2)) < 1e-12);
  }
  CHECK(sum == doctest::Approx(6));
  // Equal diagonals, an entry beside them: a turn by 45 degrees.
  std::vector<Matrix<double>> equal(1, Matrix<double>(2, 2));
  equal[0].values = {1, 1, 1, 1};
  (void)metric::detail::joint_diagonaliser(equal);
  CHECK(std::abs(equal[0](0, 1)) < 1e-15);
}

TEST_CASE("a disentangled representation scores 0, also after any invertible linear map") {
  Matrix<double> const plain = disentangled();
  for (Matrix<double> const& x : {plain, mixed(plain, 5, 1), mixed(plain, 9, 2), test::times(plain, 1e-6)}) {
    metric::Score const s = score(x, {.variance = 1});
    CHECK(s.value < 1e-8);
    CHECK(s.part("equivariance_residual") < 1e-8);
    CHECK(s.part("moving_generators") == 3);
    CHECK(s.part("kept_variance") == doctest::Approx(1));
    CHECK(s.part("displacement") > 0.05);
    CHECK(s.table("block_size").values == std::vector<double>{2, 2, 1});
    CHECK(s.lower_is_better);
  }
}

TEST_CASE("products of two factors are equivariant and entangled; one rotation by a sum is, too") {
  auto const product = features(5, [](double hue, double angle, double size, std::span<double> x) {
    x[0] = std::cos(hue) * std::cos(angle);
    x[1] = std::cos(hue) * std::sin(angle);
    x[2] = std::sin(hue) * std::cos(angle);
    x[3] = std::sin(hue) * std::sin(angle);
    x[4] = size;
  });
  auto const sum = features(3, [](double hue, double angle, double size, std::span<double> x) {
    x[0] = std::cos(hue + angle);
    x[1] = std::sin(hue + angle);
    x[2] = size;
  });
  for (auto const& x : {product, sum, mixed(product, 5, 3), mixed(sum, 3, 4)}) {
    metric::Score const s = score(x, {.variance = 1});
    CHECK(s.part("equivariance_residual") < 1e-8);
    CHECK(s.value > 0.2);
    CHECK(s.table("off_block_energy_per_generator")(2, 0) < 1e-8);  // the size has its own line
  }
  // Of two generators that share everything one owns all axes: 0 and 1.
  metric::Score const s = score(sum, {.variance = 1});
  auto const& off = s.table("off_block_energy_per_generator");
  CHECK(off(0, 0) + off(1, 0) == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("what is no linear map has a residual: squashed mixtures some, noise all") {
  Matrix<double> const squashed = [&] {
    Matrix<double> x = mixed(disentangled(), 8, 5);
    for (double& v : x.values) v = std::tanh(v);
    return x;
  }();
  metric::Score const s = score(squashed);
  CHECK(s.part("equivariance_residual") > 0.05);
  CHECK(s.part("equivariance_residual") < 1);
  CHECK(s.value > 0.2);
  auto noise = Matrix<double>(144, 6);
  for (std::size_t i = 0; i < noise.values.size(); ++i)
    noise.values[i] = static_cast<double>(Philox{3, 4, 0}.normal(i));
  metric::Score const none = score(noise);
  CHECK(none.part("equivariance_residual") > 0.9);
  CHECK(none.value > 0.4);
  CHECK(none.part("equivariance_residual") >
        none.table("fitted_residual_per_generator")(0, 0));  // the fit flatters
}

TEST_CASE("the order of generators and of rows, translations and the part that is fitted do not matter") {
  Matrix<double> x = mixed(disentangled(), 5, 6);
  for (std::size_t i = 0; i < x.rows; ++i) x(i, 0) += 0.3 * x(i, 1) * x(i, 2);  // not quite linear
  metric::Score const s = score(x);
  CHECK(s.value > 0.001);
  Matrix<int> const labels = grid();
  auto generators = metric::step_generators(labels.view(), factors, steps);
  std::swap(generators[0], generators[2]);
  metric::Score const swapped = metric::GroupAction{}(x, generators);
  CHECK(swapped.table("displacement_per_generator")(2, 0) ==
        doctest::Approx(s.table("displacement_per_generator")(0, 0)));
  Matrix<double> moved = x;
  for (double& v : moved.values) v = 3 * v - 100;
  CHECK(score(moved).value == doctest::Approx(s.value).epsilon(1e-6));
  CHECK(score(moved).part("equivariance_residual") ==
        doctest::Approx(s.part("equivariance_residual")).epsilon(1e-6));
  CHECK(score(x, {.seed = 9}).value == doctest::Approx(s.value).epsilon(0.5));
  std::swap(generators[0], generators[2]);
  CHECK(metric::GroupAction{}(metric::detail::copy_of<float>(x), generators).value ==
        doctest::Approx(s.value).epsilon(1e-3));
}

TEST_CASE("a factor that features ignore is left out, and features that nothing moves score 0") {
  auto const blind = features(3, [](double hue, double, double size, std::span<double> x) {
    x[0] = std::cos(hue);
    x[1] = std::sin(hue);
    x[2] = size;
  });
  metric::Score const s = score(blind);
  CHECK(s.part("moving_generators") == 2);
  CHECK(s.table("block_size")(1, 0) == 0);
  CHECK(s.value < 1e-8);
  Matrix<int> const labels = grid();
  std::vector<metric::FactorStep> const unseen{{1, true}};
  metric::Score const still =
      metric::GroupAction{}(blind, metric::step_generators(labels.view(), factors, unseen));
  CHECK(still.part("moving_generators") == 0);
  CHECK(still.value == 0);
}

TEST_CASE(
    "steps of a grid: cyclic ones wrap, others drop the last value, missing combinations have no pair") {
  Matrix<int> const labels = grid();
  auto const generators = metric::step_generators(labels.view(), factors, steps);
  REQUIRE(generators.size() == 3);
  CHECK(generators[0].name == "hue");
  CHECK(generators[0].from.size() == 144);
  CHECK(generators[2].from.size() == 108);
  for (std::size_t i = 0; i < 144; ++i) CHECK(generators[0].to[i] == (generators[0].from[i] + 24) % 144);
  MatrixView<int const> const part(labels.values.data(), 25, 3);  // one row of hue 1
  auto const few = metric::step_generators(part, factors, std::vector<metric::FactorStep>{{0, true}});
  CHECK(few[0].from == std::vector<std::size_t>{0});
  CHECK(few[0].to == std::vector<std::size_t>{24});
}

TEST_CASE("the group test names what is wrong") {
  Matrix<int> labels = grid();
  Matrix<double> const x = disentangled();
  auto const generators = metric::step_generators(labels.view(), factors, steps);
  using test::contains;
  auto const value = [&](auto&& call) { return test::message_of<ValueError>(call); };
  auto const shape = [&](auto&& call) { return test::message_of<ShapeError>(call); };
  CHECK(contains(
      value([&] {
        (void)metric::step_generators(labels.view(), factors, std::vector<metric::FactorStep>{{3, false}});
      }),
      "found factor 3"));
  MatrixView<int const> const one(labels.values.data(), 1, 3);
  CHECK(contains(value([&] { (void)metric::step_generators(one, factors, steps); }),
                 "no two rows differ by one step of factor hue"));
  labels(4, 2) = 4;
  CHECK(contains(value([&] { (void)metric::step_generators(labels.view(), factors, steps); }),
                 "label 4 in row 4 of factor size, expected 0 .. 3"));
  std::vector<Factor> const two{{"a", 6}, {"b", 6}};
  CHECK(contains(shape([&] { (void)metric::step_generators(labels.view(), two, steps); }),
                 "labels have 3 columns"));
  auto wrong = generators;
  wrong[1].to.pop_back();
  CHECK(contains(shape([&] { (void)metric::GroupAction{}(x, wrong); }), "angle has 144 rows and 143 images"));
  wrong = generators;
  wrong[0].to[5] = 144;
  CHECK(contains(value([&] { (void)metric::GroupAction{}(x, wrong); }), "names row 144"));
  wrong[0].from.resize(11);
  wrong[0].to.resize(11);
  wrong[0].to[5] = 1;
  CHECK(contains(shape([&] { (void)metric::GroupAction{}(x, wrong); }),
                 "11 pairs of rows, expected at least 12"));
  CHECK(contains(value([&] { (void)metric::GroupAction{}(Matrix<double>(144, 2, 1.5), generators); }),
                 "features do not vary"));
  CHECK(contains(value([&] { (void)metric::GroupAction{.variance = 2}(x, generators); }), "variance is 2"));
  CHECK(contains(value([&] { (void)metric::GroupAction{.held_out = 1}(x, generators); }), "held_out is 1"));
  CHECK(contains(shape([&] { (void)metric::GroupAction{}(x, {}); }), "found no generator"));
}
