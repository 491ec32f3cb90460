// SPDX-License-Identifier: Apache-2.0
// Residual blocks: gradients in training and with running statistics by central differences, values against
// their parts, frozen and repeated application, projections where the shape changes, no heap allocation.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/residual.hpp>
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

auto const once = [](auto& net, auto x) { return net(x); };
auto const inference = [](auto& net, auto x) { return net(x, {.training = false}); };
/// Two views through the same network, each with batch statistics of its own.
auto const two_views = [](auto& net, auto x) { return net(x) * exp(0.3 * net(0.5 * x)); };

template <class Shape, class... Layers>
using Output = typename Network<backend::Cpu, Shape, Layers...>::output_shape;

}  // namespace

static_assert(std::is_same_v<Output<ImageShape<8, 8, 4>, BasicBlock<4>>, ImageShape<8, 8, 4>>);
static_assert(std::is_same_v<Output<ImageShape<8, 6, 4>, BasicBlock<8, 2>>, ImageShape<4, 3, 8>>);
static_assert(std::is_same_v<Output<ImageShape<7, 7, 4>, BottleneckBlock<2, 2>>, ImageShape<4, 4, 8>>);
static_assert(std::is_same_v<Output<ImageShape<1, 1, 4>, BasicBlock<8, 2>>, ImageShape<1, 1, 8>>);

TEST_CASE("a block with the identity as shortcut") {
  using Shape = ImageShape<4, 4, 2>;
  CHECK_NETWORK(check_network<Shape, BasicBlock<2>>(3, once));
  CHECK_NETWORK(check_network<Shape, BasicBlock<2>>(3, inference));
}

TEST_CASE("a block whose shortcut is a projection") {
  using Shape = ImageShape<4, 4, 2>;
  CHECK_NETWORK(check_network<Shape, BasicBlock<3, 2>>(3, once));
  CHECK_NETWORK(check_network<Shape, BasicBlock<3, 2>>(3, inference));
  CHECK_NETWORK(check_network<Shape, BasicBlock<3, 2>>(3, two_views));
}

TEST_CASE("a bottleneck block") {
  using Shape = ImageShape<4, 4, 3>;
  CHECK_NETWORK(check_network<Shape, BottleneckBlock<2, 2>>(3, once));
  CHECK_NETWORK(check_network<Shape, BottleneckBlock<2, 2>>(3, inference));
}

TEST_CASE("a block that normalises before its convolutions, with a shortcut of its own") {
  using Block = Residual<Sequential<BatchNorm, Activate<Tanh>, FloorConv<3>>, FloorConv<3, 1>, Identity>;
  CHECK_NETWORK(check_network<ImageShape<3, 4, 2>, Block>(2, once));
}

TEST_CASE("blocks in chains, chains in chains, and layers that only relabel beside them") {
  using Block = Residual<Sequential<FloorConv<2>, BatchNorm>>;
  CHECK_NETWORK(check_network<FeatureShape<18>, Reshape<3, 3, 2>, Sequential<Block, Sequential<Block>>,
                              Flatten, Dense<3>>(2, two_views));
}

TEST_CASE("a block is f(body(x) + shortcut(x)) of its parts") {
  using Shape = ImageShape<4, 4, 2>;
  using Body = Sequential<FloorConv<3, 3, 2>, BatchNorm>;
  LoneNetwork<Double, Shape, Residual<Body>> block;
  LoneNetwork<Double, Shape, Body> body;
  LoneNetwork<Double, Shape, FloorConv<3, 1, 2>, BatchNorm> shortcut;
  auto const& blocks = block.parameters.blocks();
  REQUIRE(blocks.size() == 6);
  CHECK(blocks[0].name == "net.0.body.0.weight");
  CHECK(blocks[1].name == "net.0.body.1.gain");
  CHECK(blocks[3].name == "net.0.shortcut.0.weight");
  CHECK(block.parameters.statistics()[2].name == "net.0.shortcut.1.running_mean");
  for (std::size_t i = 0; i < 6; ++i) {
    auto const& part = i < 3 ? body.parameters.blocks()[i] : shortcut.parameters.blocks()[i - 3];
    std::copy_n(*blocks[i].value, blocks[i].size, *part.value);
  }
  auto const y = block.net(block.input(3, false));
  auto const b = body.net(body.input(3, false)), s = shortcut.net(shortcut.input(3, false));
  int positive = 0;
  for (std::ptrdiff_t i = 0; i < y.size(); ++i) {
    double const total = b.value[i] + s.value[i];
    CHECK(y.value[i] == doctest::Approx(total > 0 ? total : 0).epsilon(1e-12));
    positive += total > 0;
  }
  CHECK(positive > 5);
  CHECK(positive < y.size() - 5);
  // each application moved the running statistics of its parts once
  CHECK(block.parameters.statistic_values()[0] == body.parameters.statistic_values()[0]);
}

TEST_CASE("frozen: the gradient flows through body and shortcut to the input, not to the weights") {
  using Net = LoneNetwork<Double, ImageShape<4, 4, 2>, BasicBlock<2>, BasicBlock<3, 2>>;
  auto const gradients = [](Mode mode, bool of_input) {
    Net n;
    auto const x = n.input(2, of_input);
    auto const loss = disentangle::detail::contracted(n.net(x, mode));
    n.tape.backend().fill(loss.gradient, 1, 1.0);
    n.tape.backward();
    n.parameters.complete_gradients();
    std::vector<double> weights(n.parameters.gradients(), n.parameters.gradients() + n.parameters.size());
    return std::pair{of_input ? std::vector<double>(x.gradient, x.gradient + 64) : std::vector<double>{},
                     weights};
  };
  auto const [open_input, open_weights] = gradients({}, true);
  auto const [frozen_input, frozen_weights] = gradients({.frozen = true}, true);
  CHECK(frozen_input == open_input);
  CHECK(frozen_weights == std::vector<double>(open_weights.size(), 0.0));
  CHECK(gradients({}, false).second == open_weights);
  double total = 0;
  for (double const g : open_weights) total += std::abs(g);
  CHECK(total > 0.1);
}

#undef CHECK_NETWORK
