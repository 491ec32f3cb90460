// SPDX-License-Identifier: Apache-2.0
// Pooling, upsampling, activations and convolutions without bias as layers: gradients by central differences,
// values against plain loops, ties and NaN of MaxPool, shapes at compile time.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/nn/activate.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/pooling.hpp>

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

template <class Shape, class... Layers>
using Output = typename Network<backend::Cpu, Shape, Layers...>::output_shape;

/// The gradient of a network's only input, as large as `x`, for a gradient of its output that counts 1, 2, 3,
/// ...
template <class Net>
std::vector<double> gradient_at(Net& n, std::vector<double> const& x, std::ptrdiff_t batch) {
  auto const in = n.tape.variable(Extents<2>{batch, static_cast<std::ptrdiff_t>(x.size()) / batch}, true);
  n.tape.backend().upload(x.data(), in.value, x.size());
  auto const y = n.net(in);
  for (std::ptrdiff_t i = 0; i < y.size(); ++i) y.gradient[i] = static_cast<double>(i + 1);
  n.tape.backward();
  return {in.gradient, in.gradient + x.size()};
}

}  // namespace

static_assert(std::is_same_v<Output<ImageShape<8, 7, 2>, MaxPool<>>, ImageShape<4, 4, 2>>);
static_assert(std::is_same_v<Output<ImageShape<9, 6, 2>, MaxPool<3, 3, 0>>, ImageShape<3, 2, 2>>);
static_assert(std::is_same_v<Output<ImageShape<6, 4, 2>, AveragePool<2>>, ImageShape<3, 2, 2>>);
static_assert(std::is_same_v<Output<ImageShape<3, 2, 2>, UpsampleNearest<2>>, ImageShape<6, 4, 2>>);
static_assert(std::is_same_v<Output<ImageShape<3, 2, 5>, GlobalAveragePool>, FeatureShape<5>>);
static_assert(std::is_same_v<Output<ImageShape<8, 7, 3>, FloorConv<4, 3, 2>>, ImageShape<4, 4, 4>>);
static_assert(std::is_same_v<Output<ImageShape<8, 7, 3>, FloorConv<4, 1, 2>>, ImageShape<4, 4, 4>>);
static_assert(std::is_same_v<Output<ImageShape<32, 32, 3>, FloorConv<4, 7, 2>>, ImageShape<16, 16, 4>>);

TEST_CASE("gradients") {
  CHECK_NETWORK(check_network<ImageShape<5, 4, 2>, MaxPool<>>(2, once));
  CHECK_NETWORK(check_network<ImageShape<4, 6, 3>, AveragePool<2>, GlobalAveragePool>(2, once));
  CHECK_NETWORK(check_network<ImageShape<2, 3, 2>, UpsampleNearest<2>, Activate<Tanh>>(2, once));
  CHECK_NETWORK(check_network<FeatureShape<4>, Dense<6>, Activate<Relu>, Dense<5>, Activate<LeakyRelu<>>,
                              Activate<Sigmoid>, Activate<Identity>>(3, once));
}

TEST_CASE("a convolution whose stride does not divide: pixels that no kernel position sees get no gradient") {
  CHECK_NETWORK(check_network<ImageShape<4, 6, 2>, FloorConv<3, 3, 2>>(2, once));
  CHECK_NETWORK(check_network<ImageShape<4, 5, 3>, FloorConv<2, 2, 3, 0, Tanh, Bias::learnt>>(2, once));
  LoneNetwork<Double, ImageShape<4, 4, 5>, FloorConv<3, 1, 2>> n;
  CHECK(n.parameters.blocks().size() == 1);  // no bias
  auto const gradient = gradient_at(n, std::vector<double>(80, 1.0), 1);
  for (std::size_t i = 0; i < 80; ++i) {
    bool const seen = i / 20 % 2 == 0 && i / 5 % 2 == 0;
    CHECK((gradient[i] != 0) == seen);
  }
}

TEST_CASE("pooling and upsampling against plain loops") {
  auto const x = random_array(Extents<2>{2, 48}, 3);  // (4, 6, 2)
  auto const at = [&](int n, int y, int column, int c) {
    return x.values[static_cast<std::size_t>(((n * 4 + y) * 6 + column) * 2 + c)];
  };
  auto const run = [&](auto& n) { return n.net(n.tape.constant(x.extents, x.values.data())); };
  LoneNetwork<Double, ImageShape<4, 6, 2>, MaxPool<>> largest;
  LoneNetwork<Double, ImageShape<4, 6, 2>, AveragePool<2>> average;
  LoneNetwork<Double, ImageShape<4, 6, 2>, UpsampleNearest<2>> larger;
  LoneNetwork<Double, ImageShape<4, 6, 2>, GlobalAveragePool> whole;
  auto const a = run(largest), b = run(average), c = run(larger), d = run(whole);
  for (int i = 0; i < 2 * 2 * 3 * 2; ++i) {
    int const n = i / 12, y = i / 6 % 2, column = i / 2 % 3, channel = i % 2;
    double most = -10, total = 0;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        int const row = 2 * y + dy, at_column = 2 * column + dx;
        if (row < 0 || row >= 4 || at_column < 0 || at_column >= 6) continue;
        most = std::max(most, at(n, row, at_column, channel));
        if (dy >= 0 && dx >= 0) total += at(n, row, at_column, channel);
      }
    }
    CHECK(a.value[i] == most);
    CHECK(b.value[i] == doctest::Approx(total / 4).epsilon(1e-14));
  }
  for (int i = 0; i < 2 * 8 * 12 * 2; ++i)
    CHECK(c.value[i] == at(i / 192, i / 24 % 8 / 2, i / 2 % 12 / 2, i % 2));
  for (int i = 0; i < 4; ++i) {
    double total = 0;
    for (int p = 0; p < 24; ++p) total += at(i / 2, p / 6, p % 6, i % 2);
    CHECK(d.value[i] == doctest::Approx(total / 24).epsilon(1e-14));
  }
}

TEST_CASE("MaxPool: the gradient of a window goes to the first of its largest pixels") {
  LoneNetwork<Double, ImageShape<3, 3, 1>, MaxPool<2, 1, 0>> n;
  // windows (0,0) and (0,1) meet the 5 in the middle of the first row first; (1,0) has three 4s, (1,1) two
  CHECK(gradient_at(n, {1, 5, 5, 4, 4, 0, 4, 3, 4}, 1) == std::vector<double>{0, 1 + 2, 0, 3, 4, 0, 0, 0, 0});
  // negative images: padding is not a zero that wins
  LoneNetwork<Double, ImageShape<2, 2, 1>, MaxPool<3, 2, 1>> padded;
  std::vector<double> const negative{-4, -3, -2, -7};
  CHECK(padded.net(padded.tape.constant(Extents<2>{1, 4}, negative.data())).value[0] == -2);
  CHECK(gradient_at(padded, negative, 1) == std::vector<double>{0, 0, 1, 0});
}

TEST_CASE("MaxPool and Activate let NaN through") {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  LoneNetwork<Double, ImageShape<4, 4, 1>, MaxPool<2, 2, 0>, Activate<Relu>> n;
  std::vector<double> x(16, 1.0);
  x[5] = nan;  // in the first window, neither first nor last
  x[2] = -2;
  auto const y = n.net(n.tape.constant(Extents<2>{1, 16}, x.data()));
  CHECK(std::isnan(y.value[0]));
  for (int i = 1; i < 4; ++i) CHECK(y.value[i] == 1);
}

#undef CHECK_NETWORK
