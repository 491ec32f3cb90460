// SPDX-License-Identifier: Apache-2.0
// How a method of the shelf is compared on a device: ten steps on the CPU, ten as replayed graphs and ten
// launched one by one.
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
  std::vector<std::size_t> indices(8);
  for (std::size_t step = 0; step < 10; ++step) {
    for (std::size_t i = 0; i < 8; ++i) indices[i] = i * (1 + step % 3) % 8;  // subsets' sizes change
    test::Bars const first(8, 11 * step), second(8, 11 * step + 5);
    std::array<Minibatch, 2> both{first.batch(), second.batch()};
    for (Minibatch& batch : both) batch.indices = indices;
    found.push_back(
        model.step(std::span(both).first(static_cast<std::size_t>(Model::minibatches)), true).loss);
  }
  return found;
}

/// Leaves a model as it starts.
struct AsItStarts {
  void operator()(auto&) const {}
};

/// Counts a failure where a loss differs from the CPU's by more than `tolerance`, or where graphs change a
/// bit.
template <class Method, class Prepare = AsItStarts>
void check(char const* name, double tolerance = 1e-3, Prepare prepare = {}) {
  using Image = test::SmallImage;
  Model cpu{Method{}, backend::Cpu{1}, Image{}, seed(0)};
  Model replayed{Method{}, backend::Cuda{}, Image{}, seed(0)};
  Model launched{Method{}, backend::Cuda{{.graphs = false}}, Image{}, seed(0)};
  prepare(cpu), prepare(replayed), prepare(launched);
  auto const expected = losses(cpu), found = losses(replayed);
  for (std::size_t step = 0; step < found.size(); ++step) {
    expect_near(std::string(name) + " step " + std::to_string(step + 1), found[step], expected[step],
                tolerance);
  }
  expect_near(std::string(name) + " same bits with and without graphs", found == losses(launched), 1, 0);
}

}  // namespace disentangle::testing
