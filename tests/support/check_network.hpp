// SPDX-License-Identifier: Apache-2.0
// A network on its own: its parameters, and the check of its gradients with respect to inputs and all parameters.
#pragma once

#include <string>
#include <vector>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/nn/network.hpp>

#include "tests/support/evaluate.hpp"

namespace disentangle::test {

/// A network with its tape and parameters, weights away from zero.
template <class Backend, class Input, class... Layers>
struct LoneNetwork {
  using Net = nn::Network<Backend, Input, Layers...>;
  Tape<Backend> tape;
  nn::Parameters<Backend> parameters{tape, "net"};
  Net net;

  explicit LoneNetwork(unsigned threads = 1, nn::Initialisation kind = nn::Initialisation::torch_default)
      : tape(Backend(threads)) {
    net.declare(parameters, "net", kind);
    parameters.allocate(seed(5), 0);
    Philox const random{9, stream("perturb"), 0};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters.values()[i] += static_cast<typename Backend::scalar>(0.1 * (random.uniform(i) - 0.5));
    }
    parameters.begin_step();
  }
  Variable<Backend, 2> input(std::ptrdiff_t batch, bool with_gradient, std::uint64_t number = 1) {
    auto const host = random_array(Extents<2>{batch, static_cast<std::ptrdiff_t>(Input::size)}, number);
    auto const x = tape.variable(host.extents, with_gradient);
    tape.backend().upload(host.values.data(), x.value, host.values.size());
    return x;
  }
};

/// Central differences of `run(net, x)`, an expression, with respect to the input (batch, size) and every parameter.
template <class Input, class... Layers, class Run>
GradientReport check_network(std::ptrdiff_t batch, Run const& run, GradientTolerance const& tolerance = {}) {
  using Backend = backend::BasicCpu<double>;
  LoneNetwork<Backend, Input, Layers...> lone;
  auto host = random_array(Extents<2>{batch, static_cast<std::ptrdiff_t>(Input::size)}, 1);
  std::vector<double> gradient(host.values.size());
  std::vector<detail::Leaf> leaves{{"input", host.values.data(), gradient.data(), gradient.size()}};
  for (auto const& block : lone.parameters.blocks()) {
    leaves.push_back({block.name, *block.value, *block.gradient, block.size, block.written != nullptr});
  }
  Variable<Backend, 2> const x{&lone.tape, host.values.data(), gradient.data(), host.extents,
                               contiguous_strides(host.extents)};
  return detail::compare_gradients(
      lone.tape, leaves, [&] { return detail::contracted(run(lone.net, x)); },
      [&] { lone.parameters.begin_step(); }, [&] { lone.parameters.complete_gradients(); }, tolerance);
}

}  // namespace disentangle::test
