// SPDX-License-Identifier: Apache-2.0
// The snippets of docs/metrics/features.md.
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/group_action.hpp>
#include <disentangle/metric/linear_probe.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

namespace dis = disentangle;

TEST_CASE("accuracies of features") {
  dis::Philox const random{.seed = 0, .stream = dis::stream("docs/features"), .step = 0};
  std::vector<float> features(300 * 8);  // three classes around centres
  std::vector<int> label(300);
  for (std::size_t i = 0; i < 300; ++i) {
    label[i] = static_cast<int>(i % 3);
    for (std::size_t j = 0; j < 8; ++j)
      features[i * 8 + j] = (j % 3 == i % 3 ? 2.0f : 0.0f) + random.normal(i * 8 + j);
  }
  dis::MatrixView<float const> const train{features.data(), 200, 8}, test{features.data() + 200 * 8, 100, 8};
  std::span<int const> const train_label(label.data(), 200), test_label(label.data() + 200, 100);
  dis::metric::Score const knn =
      dis::metric::NearestNeighbours{.k = 20}(train, train_label, test, test_label);
  dis::metric::Score const probe =
      dis::metric::LinearProbe{.epochs = 20}(train, train_label, test, test_label);
  CHECK(knn.value > 0.9);
  CHECK(probe.part("top_5") == 1);
}

TEST_CASE("the group test") {
  std::vector<dis::Factor> const factors{{"hue", 10}, {"size", 4}};
  dis::metric::Matrix<int> labels(40, 2);
  dis::metric::Matrix<double> codes(40, 3);
  for (std::size_t i = 0; i < 40; ++i) {
    labels(i, 0) = static_cast<int>(i / 4);
    labels(i, 1) = static_cast<int>(i % 4);
    double const hue = 2 * std::numbers::pi * labels(i, 0) / 10;
    codes(i, 0) = std::cos(hue);
    codes(i, 1) = std::sin(hue);
    codes(i, 2) = labels(i, 1);
  }
  // a hue wraps, a size does not
  std::vector<dis::metric::FactorStep> const steps{{.factor = 0, .cyclic = true}, {.factor = 1}};
  auto const generators = dis::metric::step_generators(labels.view(), factors, steps);
  dis::metric::Score const group = dis::metric::GroupAction{}(codes, generators);
  CHECK(group.value < 1e-8);
  CHECK(group.part("equivariance_residual") < 1e-8);
}
