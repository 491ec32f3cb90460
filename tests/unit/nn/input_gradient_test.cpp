// SPDX-License-Identifier: Apache-2.0
// The gradient of a critic with respect to its input: its values, and the gradients of a whole gradient
// penalty with respect to every weight, against central differences; beside other terms of the same critic.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/input_gradient.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/nn/shape_layers.hpp>

#include "tests/support/check_network.hpp"

using namespace disentangle;
using namespace disentangle::nn;
using test::check_network;
using test::LoneNetwork;
using Double = backend::BasicCpu<double>;

#define CHECK_NETWORK(...)                                 \
  do {                                                     \
    auto const network_report = __VA_ARGS__;               \
    CHECK_MESSAGE(network_report.ok, network_report.text); \
  } while (false)

namespace {

auto const penalty = [](auto& net, auto x) {
  auto const g = input_gradient(net, x);
  return mean(square(sqrt(sum(square(g), axis<1>)) - 1.0));
};

using Image = ImageShape<4, 4, 2>;

}  // namespace

TEST_CASE("the gradient penalty's own gradient, for every layer that offers tangents") {
  SUBCASE("Dense") { CHECK_NETWORK(check_network<FeatureShape<5>, Dense<1>>(4, penalty)); }
  SUBCASE("Dense with LeakyReLU") {
    CHECK_NETWORK(
        check_network<FeatureShape<5>, Dense<7, LeakyRelu<>>, Dense<6, LeakyRelu<>>, Dense<1>>(4, penalty));
  }
  SUBCASE("smooth activations: the input and the biases count") {
    CHECK_NETWORK(check_network<FeatureShape<5>, Dense<7, Tanh>, Dense<4, Sigmoid>, Dense<6, LeakyRelu<>>,
                                Dense<1, Tanh>>(4, penalty));
  }
  SUBCASE("Conv with LeakyReLU") {
    CHECK_NETWORK(
        check_network<Image, Conv<3, 4, 2, 1, LeakyRelu<>>, Conv<2, 3, 1, 1>, Flatten, Dense<1>>(3, penalty));
  }
  SUBCASE("Conv with tanh, and Conv as the last layer") {
    CHECK_NETWORK(check_network<Image, Conv<3, 4, 2, 1, Tanh>, Conv<1, 2, 1, 0, Sigmoid>>(3, penalty));
  }
  SUBCASE("LayerNorm") {
    CHECK_NETWORK(check_network<FeatureShape<5>, LayerNorm, Dense<6, LeakyRelu<>>, LayerNorm, Dense<4>,
                                LayerNorm, Dense<1>>(3, penalty));
  }
  SUBCASE("convolutions with LayerNorm: the critic of WGAN-GP") {
    CHECK_NETWORK(
        check_network<Image, Conv<3, 4, 2, 1, LeakyRelu<>>, LayerNorm, Conv<4, 2, 2, 0, LeakyRelu<>>,
                      LayerNorm, Flatten, Dense<6, LeakyRelu<>>, Dense<1>>(3, penalty));
  }
  SUBCASE("Reshape first and last") {
    CHECK_NETWORK(check_network<FeatureShape<8>, Reshape<2, 2, 2>, LayerNorm, Flatten, Dense<1, Tanh>,
                                Reshape<1, 1, 1>>(3, penalty));
  }
}

TEST_CASE("a critic's loss: what the penalty and the critic itself add to one weight, in either order") {
  auto const before = [](auto& net, auto x) { return 3.0 * penalty(net, x) + mean(net(0.5 * x)); };
  auto const after = [](auto& net, auto x) {
    return mean(net(0.5 * x)) - mean(net(x)) + 3.0 * penalty(net, x);
  };
  auto const twice = [](auto& net, auto x) { return penalty(net, x) * exp(penalty(net, 0.5 * x)); };
  auto const check = [](auto const& run) {
    return check_network<Image, Conv<3, 4, 2, 1, LeakyRelu<>>, LayerNorm, Flatten, Dense<5, Tanh>, Dense<1>>(
        3, run);
  };
  CHECK_NETWORK(check(before));
  CHECK_NETWORK(check(after));
  CHECK_NETWORK(check(twice));
}

TEST_CASE("its values are those of central differences of the critic") {
  LoneNetwork<Double, Image, Conv<3, 4, 2, 1, LeakyRelu<>>, LayerNorm, Flatten, Dense<5, Tanh>, Dense<1>>
      lone;
  auto const x = lone.input(3, false);
  std::vector<double> found(static_cast<std::size_t>(x.size()));
  lone.tape.backend().download(input_gradient(lone.net, x).value, found.data(), found.size());
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    double const at = x.value[i], h = 1e-5;
    auto const total = [&](double value) {
      x.value[i] = value;
      RecordingOff<Double> const guard(lone.tape);
      return *sum(lone.net(x)).value;
    };
    double const numerical = (total(at + h) - total(at - h)) / (2 * h);
    x.value[i] = at;
    CHECK(found[i] == doctest::Approx(numerical).epsilon(1e-7));
    largest = std::max(largest, std::abs(numerical));
  }
  CHECK(largest > 0.01);
}

TEST_CASE("frozen: no weight receives anything, the input does") {
  LoneNetwork<Double, FeatureShape<4>, Dense<6, Tanh>, Dense<1>> lone;
  auto const x = lone.input(5, true);
  auto const loss = materialise(sum(square(input_gradient(lone.net, x, Mode{.frozen = true}))));
  lone.tape.backend().fill(loss.gradient, 1, 1.0);
  lone.tape.backward();
  for (auto const& block : lone.parameters.blocks()) CHECK_FALSE(*block.written);
  double total = 0;
  for (std::ptrdiff_t i = 0; i < x.size(); ++i) total += std::abs(x.gradient[i]);
  CHECK(total > 0);
}

TEST_CASE("an input of another size is refused in words") {
  LoneNetwork<Double, FeatureShape<4>, Dense<1>> lone;
  auto const x = materialise(lone.tape.variable(Extents<2>{2, 5}, false));
  CHECK_THROWS_WITH_AS(input_gradient(lone.net, x), "input_gradient: found input (2, 5), expected (batch, 4)",
                       ShapeError);
}

#undef CHECK_NETWORK
