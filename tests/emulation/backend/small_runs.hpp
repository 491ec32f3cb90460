// SPDX-License-Identifier: Apache-2.0
// Some steps of the small model of tests/support on any backend, and everything that they leave in it.
#pragma once

#include <vector>

#include "tests/support/small_model.hpp"

namespace disentangle::test {

/// Minibatch number `step` of eight images.
inline Minibatch bars(std::size_t step) {
  static std::vector<Bars> const batches = [] {
    std::vector<Bars> all;
    for (std::size_t i = 0; i < 6; ++i) all.emplace_back(8, 7 * i);
    return all;
  }();
  Bars const& b = batches[step % 6];
  return {.images = b.images, .labels = {}, .size = b.size, .data_size = 48};
}

/// Every tensor of a checkpoint, one behind the other.
template <class Model>
std::vector<double> everything(Model& model) {
  std::vector<double> all;
  model.for_each_tensor([&](std::string const&, auto const& extents, auto* p) {
    std::size_t n = 1;
    for (auto extent : extents) n *= static_cast<std::size_t>(extent);
    std::vector<double> host(n);
    model.backend().download(p, host.data(), n);
    all.insert(all.end(), host.begin(), host.end());
  });
  return all;
}

/// What `steps` steps leave, from step `first` on; the loss is read back at the end alone.
template <class Model>
std::vector<double> run(Model& model, std::size_t steps, std::size_t first = 0) {
  for (std::size_t i = first; i < first + steps; ++i) model.step(bars(i));
  model.read_back();
  return everything(model);
}

}  // namespace disentangle::test
