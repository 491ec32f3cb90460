// SPDX-License-Identifier: Apache-2.0
// Dense, Conv, ConvTranspose, LayerNorm, BatchNorm and chains of them: gradients of inputs and of all
// parameters, frozen and repeated application, running statistics, shapes at compile time.
#include <cmath>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/network.hpp>
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

auto const once = [](auto& net, auto x) { return net(x); };
auto const twice = [](auto& net, auto x) { return net(x) * exp(net(0.5 * x)); };

template <class Shape, class... Layers>
using Output = typename Network<backend::Cpu, Shape, Layers...>::output_shape;

}  // namespace

// Shapes follow from the input shape at compile time.
static_assert(
    std::is_same_v<Output<ImageShape<64, 32, 3>, Conv<32>, Conv<8, 3, 1, 1>>, ImageShape<32, 16, 8>>);
static_assert(std::is_same_v<Output<ImageShape<5, 5, 2>, Conv<4, 5, 1, 0>>, ImageShape<1, 1, 4>>);
static_assert(std::is_same_v<Output<ImageShape<4, 8, 2>, ConvTranspose<3>>, ImageShape<8, 16, 3>>);
static_assert(
    std::is_same_v<Output<ImageShape<26, 24, 2>, Conv<4, 4, 2, 0, Relu, 1>>, ImageShape<12, 12, 4>>);
static_assert(
    std::is_same_v<Output<FeatureShape<12>, Dense<16>, Reshape<2, 2, 4>, BatchNorm, LayerNorm, Flatten>,
                   FeatureShape<16>>);
static_assert(
    std::is_same_v<Sequential<Flatten, Dense<7>>::On<backend::Cpu, ImageShape<4, 4, 1>>::output_shape,
                   FeatureShape<7>>);

TEST_CASE("Dense: gradients with every activation") {
  CHECK_NETWORK(check_network<FeatureShape<5>, Dense<3>>(4, once));
  CHECK_NETWORK(check_network<FeatureShape<5>, Dense<6, Tanh>, Dense<3, Sigmoid>>(4, once));
  CHECK_NETWORK(check_network<FeatureShape<5>, Dense<20, LeakyRelu<>>, Dense<17, Relu>, Dense<1>>(3, once));
}

TEST_CASE("Dense: values against plain loops") {
  LoneNetwork<Double, FeatureShape<5>, Dense<3, Tanh>> n;
  auto const x = n.input(4, false);
  auto const y = n.net(x);
  double const* w = *n.parameters.blocks()[0].value;
  double const* b = *n.parameters.blocks()[1].value;
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 3; ++j) {
      double total = b[j];
      for (int k = 0; k < 5; ++k) total += x.value[i * 5 + k] * w[k * 3 + j];
      CHECK(y.value[i * 3 + j] == doctest::Approx(std::tanh(total)).epsilon(1e-12));
    }
  }
}

TEST_CASE("Conv and ConvTranspose: gradients") {
  CHECK_NETWORK(check_network<ImageShape<4, 6, 2>, Conv<3, 4, 2, 1, Tanh>>(2, once));
  CHECK_NETWORK(check_network<ImageShape<2, 3, 2>, ConvTranspose<3, 4, 2, 1, Tanh>>(2, once));
  // paddings that differ between height and width
  CHECK_NETWORK(
      check_network<ImageShape<4, 6, 2>, Conv<3, 4, 2, 1, Tanh, 2>, ConvTranspose<2, 4, 2, 0, Tanh, 1>>(
          2, once));
}

TEST_CASE("LayerNorm and BatchNorm: gradients in training and with running statistics") {
  auto const inference = [](auto& net, auto x) { return net(x, {.training = false}); };
  CHECK_NETWORK(check_network<FeatureShape<6>, Dense<5>, LayerNorm, Dense<3>>(4, once));
  CHECK_NETWORK(check_network<ImageShape<2, 2, 3>, LayerNorm>(3, once));
  CHECK_NETWORK(check_network<ImageShape<2, 2, 3>, BatchNorm>(3, once));
  CHECK_NETWORK(check_network<FeatureShape<3>, Dense<4>, BatchNorm, Dense<2, Tanh>>(5, once));
  CHECK_NETWORK(check_network<FeatureShape<3>, Dense<4>, BatchNorm, Dense<2, Tanh>>(5, inference));
}

TEST_CASE("a network applied twice in a step adds its gradients") {
  CHECK_NETWORK(check_network<ImageShape<4, 4, 1>, Conv<2, 4, 2, 1, Tanh>, BatchNorm,
                              ConvTranspose<1, 4, 2, 1, Tanh>, Flatten, LayerNorm, Dense<3>>(2, twice));
}

TEST_CASE("inputs that are views, expressions or constants") {
  CHECK_NETWORK(check_network<FeatureShape<4>, Dense<4, Tanh>>(
      4, [](auto& net, auto x) { return net(transpose(x)) + net(x * x); }));
  LoneNetwork<Double, FeatureShape<4>, Dense<2>> n;
  CHECK_THROWS_WITH_AS(n.net(n.tape.variable(Extents<2>{3, 5}, false)),
                       "network: found input (3, 5), expected (batch, 4)", ShapeError);
}

TEST_CASE("frozen: the gradient flows to the input, not to the weights") {
  using Net = LoneNetwork<Double, ImageShape<4, 4, 1>, Conv<2, 4, 2, 1, Tanh>, BatchNorm,
                          ConvTranspose<1, 4, 2, 1, Tanh>, Flatten, LayerNorm, Dense<3>>;
  auto const gradients = [](Mode mode) {
    Net n;
    auto const x = n.input(2, true);
    auto const loss = disentangle::detail::contracted(n.net(x, mode));
    n.tape.backend().fill(loss.gradient, 1, 1.0);
    n.tape.backward();
    n.parameters.complete_gradients();
    double weights = 0;
    for (std::size_t i = 0; i < n.parameters.size(); ++i) weights += std::abs(n.parameters.gradients()[i]);
    return std::pair{std::vector<double>(x.gradient, x.gradient + 32), weights};
  };
  auto const [open_input, open_weights] = gradients({});
  auto const [frozen_input, frozen_weights] = gradients({.frozen = true});
  CHECK(frozen_input == open_input);
  CHECK(open_weights > 0.1);
  CHECK(frozen_weights == 0);
}

TEST_CASE("the gradient of a constant input is not computed, that of the weights is the same") {
  using Net = LoneNetwork<Double, FeatureShape<5>, Dense<4, Tanh>, Dense<2>>;
  auto const weights = [](bool with_gradient) {
    Net n;
    auto const loss = disentangle::detail::contracted(n.net(n.input(3, with_gradient)));
    n.tape.backend().fill(loss.gradient, 1, 1.0);
    n.tape.backward();
    return std::vector<double>(n.parameters.gradients(), n.parameters.gradients() + n.parameters.size());
  };
  CHECK(weights(true) == weights(false));
}

TEST_CASE("a network is one record, and layers that only relabel cost nothing") {
  LoneNetwork<Double, ImageShape<4, 4, 1>, Flatten, Dense<16>, Reshape<4, 4, 1>, Flatten> n;
  n.net(n.input(2, true));
  CHECK(n.tape.records() == 1);
  CHECK(n.net(n.input(2, true)).extents == Extents<2>{2, 16});
}

TEST_CASE("a network of Flatten alone is its input in another shape, in chains and gradients too") {
  using Image = ImageShape<2, 3, 2>;
  test::LoneNetwork<Double, Image, nn::Flatten> lone;
  static_assert(decltype(lone.net)::in_place);
  auto const x = lone.input(4, true);
  auto const y = lone.net(x);
  CHECK(y.value == x.value);
  CHECK(y.gradient == x.gradient);
  CHECK(lone.tape.records() == 0);
  CHECK_THROWS_AS(lone.net(lone.tape.variable(Extents<2>{4, 11}, false)), ShapeError);
  // as a trunk in front of others, in a chain or beside it
  auto const chained = test::check_network<Image, nn::Sequential<nn::Flatten>, nn::Dense<3, nn::Tanh>>(
      3, [](auto& net, auto const& v) { return net(v); });
  CHECK_MESSAGE(chained.ok, chained.text);
  auto const alone =
      test::check_network<Image, nn::Flatten>(3, [](auto& net, auto const& v) { return square(net(v)); });
  CHECK_MESSAGE(alone.ok, alone.text);
  CHECK(alone.checked == 36);
}

TEST_CASE("BatchNorm: batch statistics, running statistics, as PyTorch has them") {
  LoneNetwork<Double, FeatureShape<2>, BatchNorm> n;
  n.parameters.values()[0] = 1;  // gain
  n.parameters.values()[1] = 1;
  n.parameters.values()[16] = n.parameters.values()[17] = 0;  // bias, after 64 bytes of padding
  std::vector<double> const data{1, 10, 2, 20, 6, 60};
  auto const y = n.net(n.tape.constant(Extents<2>{3, 2}, data.data()));
  double const variance = (4 + 1 + 9) / 3.0;
  for (int i = 0; i < 3; ++i) {
    CHECK(y.value[2 * i] ==
          doctest::Approx((data[2 * static_cast<std::size_t>(i)] - 3) / std::sqrt(variance + 1e-5)));
  }
  auto const& statistics = n.parameters.statistics();
  REQUIRE(statistics.size() == 2);
  CHECK(statistics[0].name == "net.0.running_mean");
  CHECK((*statistics[0].value)[0] == doctest::Approx(0.3));
  CHECK((*statistics[0].value)[1] == doctest::Approx(3.0));
  CHECK((*statistics[1].value)[0] == doctest::Approx(0.9 + 0.1 * variance * 3 / 2));  // unbiased
  auto const z = n.net(n.tape.constant(Extents<2>{1, 2}, data.data()), {.training = false});
  CHECK(z.value[0] == doctest::Approx((1 - 0.3) / std::sqrt(0.9 + 0.1 * variance * 3 / 2 + 1e-5)));
  CHECK((*statistics[0].value)[0] == doctest::Approx(0.3));  // inference leaves them
}

TEST_CASE("LayerNorm: every sample has mean 0 and variance 1 before gain and bias") {
  LoneNetwork<Double, FeatureShape<50>, LayerNorm> n;
  std::fill_n(n.parameters.values(), 50, 1.0);
  std::fill_n(n.parameters.values() + 64, 50, 0.0);
  auto const y = n.net(n.input(3, false));
  for (int i = 0; i < 3; ++i) {
    double total = 0, squares = 0;
    for (int j = 0; j < 50; ++j)
      total += y.value[50 * i + j], squares += y.value[50 * i + j] * y.value[50 * i + j];
    CHECK(std::abs(total) < 1e-12);
    CHECK(squares == doctest::Approx(50).epsilon(1e-3));
  }
}

TEST_CASE("float: the same bits with 1, 2 and 3 threads") {
  auto const run = [](unsigned threads) {
    LoneNetwork<backend::Cpu, ImageShape<16, 16, 3>, Conv<32, 4, 2, 1, Relu>, BatchNorm, Flatten,
                Dense<40, Tanh>, LayerNorm, Dense<256>, Reshape<4, 4, 16>,
                ConvTranspose<16, 4, 2, 1, LeakyRelu<>>>
        n(threads);
    auto const x = n.input(20, true);
    auto const y = n.net(x);
    auto const loss = disentangle::detail::contracted(y * y);
    n.tape.backend().fill(loss.gradient, 1, 1.0f);
    n.tape.backward();
    std::vector<float> all(y.value, y.value + y.size());
    all.insert(all.end(), x.gradient, x.gradient + x.size());
    all.insert(all.end(), n.parameters.gradients(), n.parameters.gradients() + n.parameters.size());
    return all;
  };
  auto const one = run(1);
  bool const same = run(2) == one && run(3) == one;
  CHECK(same);
  CHECK(test::difference(one, one) == 0);  // every number is one
}

#undef CHECK_NETWORK
