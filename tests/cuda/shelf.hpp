// SPDX-License-Identifier: Apache-2.0
// How a method of the shelf is compared on a device: ten steps on the CPU, ten as replayed graphs and ten launched one by one.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/train/model.hpp>

#include "device.hpp"
#include "tests/support/small_model.hpp"

namespace disentangle::testing {

/// The losses of ten steps, each read back.
template <class Model>
std::vector<double> losses(Model& model) {
  std::vector<double> found;
  for (std::size_t step = 0; step < 10; ++step) {
    test::Bars const first(8, 11 * step), second(8, 11 * step + 5);
    std::array<Minibatch, 2> const both{first.batch(), second.batch()};
    found.push_back(
        model.step(std::span(both).first(static_cast<std::size_t>(Model::minibatches)), true).loss);
  }
  return found;
}

/// Counts a failure where a loss differs from the CPU's by more than `tolerance`, or where graphs change a bit.
template <class Method>
void check(char const* name, double tolerance = 1e-3) {
  using Image = test::SmallImage;
  Model cpu{Method{}, backend::Cpu{1}, Image{}, seed(0)};
  Model replayed{Method{}, backend::Cuda{}, Image{}, seed(0)};
  Model launched{Method{}, backend::Cuda{{.graphs = false}}, Image{}, seed(0)};
  auto const expected = losses(cpu), found = losses(replayed);
  for (std::size_t step = 0; step < found.size(); ++step) {
    expect_near(std::string(name) + " step " + std::to_string(step + 1), found[step], expected[step],
                tolerance);
  }
  expect_near(std::string(name) + " same bits with and without graphs", found == losses(launched), 1, 0);
}

}  // namespace disentangle::testing
