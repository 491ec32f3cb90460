// SPDX-License-Identifier: Apache-2.0
// Disentanglement and completeness of importance matrices with known answers; gaps of score matrices.
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/importance.hpp>
#include <disentangle/metric/matrix.hpp>

using namespace disentangle;

namespace {

metric::Matrix<double> matrix(std::size_t rows, std::size_t columns, std::vector<double> values) {
  metric::Matrix<double> m(rows, columns);
  m.values = std::move(values);
  return m;
}

}  // namespace

TEST_CASE("one latent per factor is disentangled and complete") {
  auto const m = matrix(3, 2, {0, 1, 1, 0, 0, 0});
  CHECK(metric::disentanglement(m.view()).value == doctest::Approx(1).epsilon(1e-8));
  CHECK(metric::disentanglement(m.view()).weight == std::vector<double>{0.5, 0.5, 0});
  CHECK(metric::completeness(m.view()).value == doctest::Approx(1).epsilon(1e-8));
}

TEST_CASE("a latent that carries two factors is complete but not disentangled") {
  auto const m = matrix(2, 2, {1, 1, 0, 0});
  CHECK(metric::disentanglement(m.view()).value == doctest::Approx(0).epsilon(1e-9));
  CHECK(metric::completeness(m.view()).value == doctest::Approx(1).epsilon(1e-8));
}

TEST_CASE("a factor spread over two latents is disentangled but not complete") {
  auto const m = matrix(2, 2, {0.5, 0, 0.5, 0});
  CHECK(metric::disentanglement(m.view()).value == doctest::Approx(1).epsilon(1e-8));
  CHECK(metric::completeness(m.view()).each[0] == doctest::Approx(0).epsilon(1e-9));
  CHECK(metric::completeness(m.view()).weight == std::vector<double>{1, 0});
}

TEST_CASE("a matrix of zeros has equal weights and scores 0") {
  auto const m = matrix(2, 3, {0, 0, 0, 0, 0, 0});
  CHECK(metric::disentanglement(m.view()).weight == std::vector<double>{0.5, 0.5});
  CHECK(metric::disentanglement(m.view()).value == doctest::Approx(0).epsilon(1e-12));
  CHECK(metric::completeness(m.view()).value == doctest::Approx(0).epsilon(1e-12));
}

TEST_CASE("gaps: best less second best per column") {
  CHECK(metric::gaps(matrix(3, 2, {0.2, 0.9, 0.75, 0.9, 0.5, 0.1}).view()) == std::vector<double>{0.25, 0});
  CHECK(metric::gaps(matrix(1, 2, {0.2, 0.9}).view()) == std::vector<double>{0.2, 0.9});
  CHECK(metric::mean({1, 2, 6}) == 3);
  CHECK(metric::mean({}) == 0);
}
