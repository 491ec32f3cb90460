// SPDX-License-Identifier: Apache-2.0
// A network on its own: its parameters, and the check of its gradients with respect to inputs and all
// parameters.
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

/// Central differences of `run(net, x)`, an expression, with respect to the input (batch, size) and every
/// parameter.
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

/// The derivative of sum(run(net, x)^2) along a random direction of all parameters: as derived, and as a
/// central difference. For deep networks, whose elements one by one would take long.
struct DirectionalDerivative {
  double derived, numerical;
};
template <class Input, class... Layers, class Run>
DirectionalDerivative along_a_direction(std::ptrdiff_t batch, Run const& run, double step = 1e-7) {
  LoneNetwork<backend::BasicCpu<double>, Input, Layers...> lone;
  lone.tape.set_poisoned(true);
  double* const at = lone.parameters.values();
  auto const direction =
      random_array(Extents<1>{static_cast<std::ptrdiff_t>(lone.parameters.size())}, 7).values;
  auto const loss_at = [&](double distance) {
    for (std::size_t i = 0; i < direction.size(); ++i) at[i] += distance * direction[i];
    lone.tape.reset();
    auto const loss = sum(square(run(lone.net, lone.input(batch, false))));
    for (std::size_t i = 0; i < direction.size(); ++i) at[i] -= distance * direction[i];
    return loss;
  };
  auto const loss = loss_at(0);
  lone.tape.backend().fill(loss.gradient, 1, 1.0);
  lone.tape.backward();
  lone.parameters.complete_gradients();
  DirectionalDerivative result{0, 0};
  for (std::size_t i = 0; i < direction.size(); ++i)
    result.derived += direction[i] * lone.parameters.gradients()[i];
  result.numerical = (loss_at(step).value[0] - loss_at(-step).value[0]) / (2 * step);
  return result;
}

}  // namespace disentangle::test
