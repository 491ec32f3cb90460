// SPDX-License-Identifier: Apache-2.0
// Gradients of critics with respect to their input, and what penalties on them add to the weights.
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/input_gradient.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/nn/shape_layers.hpp>

#include "tests/backends/support/network_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::nn;
using namespace disentangle::test;

namespace {

template <class Input, class... Layers, class Backend>
void penalty_rows(Rows<Backend>& rows, std::string const& name, std::ptrdiff_t batch) {
  auto const input = numbers<2>({batch, static_cast<std::ptrdiff_t>(Input::size)}, 1);
  auto const row = [&](std::string const& how, auto const& body) {
    rows.row(name + how, [&](RunningRow<Backend>& r) {
      SeededNetwork<Backend, Input, Layers...> n(r.tape());
      n.begin_step();
      body(r, n);
    });
  };
  auto const penalty = [](auto& net, auto const& x) {
    return mean(square(sqrt(sum(square(input_gradient(net, x)), axis<1>)) - 1.0));
  };
  row(", gradient", [&](auto& r, auto& n) { r.keep("value", input_gradient(n.net, r.constant(input))); });
  row(", penalty", [&](auto& r, auto& n) {
    auto const y = materialise(penalty(n.net, r.input(input)));
    r.keep("value", y);
    r.pull(y);
    n.parameters.complete_gradients();
    n.keep_gradients(r);
  });
  row(", a critic's loss", [&](auto& r, auto& n) {
    auto const x = r.constant(input);
    auto const y = materialise(2.5 * mean(n.net(0.5 * x)) - mean(n.net(x)) + 3.0 * penalty(n.net, x));
    r.keep("value", y);
    r.pull(y);
    n.keep_gradients(r);
  });
}

Register<TestedBackend> const registered("gradient_penalty", [](auto& rows) {
  penalty_rows<FeatureShape<13>, Dense<9, LeakyRelu<>>, Dense<1>>(rows, "Dense", 5);
  penalty_rows<FeatureShape<13>, Dense<9, Tanh>, Dense<7, Sigmoid>, Dense<1>>(rows, "smooth activations", 5);
  penalty_rows<ImageShape<6, 6, 3>, Conv<5, 4, 2, 1, LeakyRelu<>>, LayerNorm, Conv<4, 3, 1, 1, Tanh>, Flatten,
               Dense<6, LeakyRelu<>>, Dense<1>>(rows, "convolutions with LayerNorm", 4);
});

}  // namespace
