// SPDX-License-Identifier: Apache-2.0
// Rows of one network: applied once, twice in a step, frozen, to a constant, and with running statistics.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include <disentangle/nn/network.hpp>

#include "tests/backends/support/rows.hpp"

namespace disentangle::test {

/// A network with parameters of its own: seeded weights of about 1 / sqrt(fan in).
template <class Backend, class Input, class... Layers>
struct SeededNetwork {
  Tape<Backend>& tape;
  nn::Parameters<Backend> parameters;
  nn::Network<Backend, Input, Layers...> net;

  explicit SeededNetwork(Tape<Backend>& tape_) : tape(tape_), parameters(tape_, "net") {
    net.declare(parameters, "net", nn::Initialisation::glorot_uniform);
    parameters.allocate(seed(1), 0);
    std::uint64_t number = 100;
    for (auto const& block : parameters.blocks()) {
      auto const fan_in = static_cast<double>(block.size) / static_cast<double>(block.extents.back());
      double const half_width = 1.5 / std::sqrt(fan_in);
      auto const values =
          numbers<1>({static_cast<std::ptrdiff_t>(block.size)}, ++number, -half_width, half_width).values;
      tape.backend().upload(values.data(), *block.value, values.size());
    }
  }
  /// All gradients infinite: the first contribution must assign.
  void begin_step() {
    using scalar = typename Backend::scalar;
    tape.backend().fill(parameters.gradients(), parameters.size(), std::numeric_limits<scalar>::infinity());
    parameters.begin_step();
  }
  void keep_gradients(RunningRow<Backend>& r) {
    for (auto const& block : parameters.blocks())
      r.keep("gradient of " + block.name, *block.gradient, block.size, Kind::gradients);
    for (auto const& block : parameters.statistics()) r.keep(block.name, *block.value, block.size);
  }
};

template <class Input, class... Layers, class Backend>
void network_rows(Rows<Backend>& rows, std::string const& name, std::ptrdiff_t batch) {
  auto const input = numbers<2>({batch, static_cast<std::ptrdiff_t>(Input::size)}, 1);
  auto const row = [&](std::string const& how, auto const& body) {
    rows.row(name + how, [&](RunningRow<Backend>& r) {
      SeededNetwork<Backend, Input, Layers...> n(r.tape());
      n.begin_step();
      body(r, n);
    });
  };
  row("", [&](auto& r, auto& n) {
    auto const y = n.net(r.input(input));
    r.keep("value", y);
    r.pull(y);
    n.parameters.complete_gradients();
    n.keep_gradients(r);
  });
  row(", twice", [&](auto& r, auto& n) {  // the second contribution to a gradient adds
    auto const x = r.input(input);
    auto const y = materialise(n.net(x) * exp(0.5 * n.net(0.5 * x)));
    r.keep("value", y);
    r.pull(y);
    n.keep_gradients(r);
  });
  row(", frozen", [&](auto& r, auto& n) {  // gradients of weights stay as they were
    using scalar = typename Backend::scalar;
    r.backend().fill(n.parameters.gradients(), n.parameters.size(), scalar(7));
    auto const y = n.net(r.input(input), {.training = true, .frozen = true});
    r.keep("value", y);
    r.pull(y);
    n.keep_gradients(r);
  });
  row(", of a constant", [&](auto& r, auto& n) {  // no gradient of the input
    auto const y = n.net(r.constant(input));
    r.pull(y);
    n.keep_gradients(r);
  });
  row(", of NaN", [&](auto& r, auto& n) {  // reaches what it should reach, through every activation
    auto broken = input;
    broken.values[broken.values.size() / 2] = std::numeric_limits<double>::quiet_NaN();
    r.keep_classes("value", n.net(r.constant(broken)));
  });
}

/// A step in training, then the running statistics that it left.
template <class Input, class... Layers, class Backend>
void inference_row(Rows<Backend>& rows, std::string const& name, std::ptrdiff_t batch) {
  rows.row(name, [&](RunningRow<Backend>& r) {
    SeededNetwork<Backend, Input, Layers...> n(r.tape());
    n.begin_step();
    n.net(r.constant(numbers<2>({batch, static_cast<std::ptrdiff_t>(Input::size)}, 1)));
    auto const x = r.input(numbers<2>({batch + 1, static_cast<std::ptrdiff_t>(Input::size)}, 2));
    r.tape().backward();  // the training pass is over
    n.begin_step();
    auto const y = n.net(x, {.training = false});
    r.keep("value", y);
    r.pull(y);
    n.keep_gradients(r);
  });
}

}  // namespace disentangle::test
