// SPDX-License-Identifier: Apache-2.0
// Parameter sets: names, padding, the start of a parameter as a function of seed and name alone; laws of
// initialisation.
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/nn/parameters.hpp>

using namespace disentangle;
using namespace disentangle::nn;
using Backend = backend::Cpu;

namespace {

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};
Moments moments_of(float const* p, std::size_t n) {
  Moments m;
  for (std::size_t i = 0; i < n; ++i) m.mean += p[i] / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    m.deviation += (p[i] - m.mean) * (p[i] - m.mean) / static_cast<double>(n);
    m.largest = std::fmax(m.largest, std::abs(p[i]));
  }
  m.deviation = std::sqrt(m.deviation);
  return m;
}

}  // namespace

TEST_CASE("blocks start at 64 bytes, padding is zero and stays out of the count") {
  Tape<Backend> tape{Backend(1)};
  Parameters<Backend> parameters(tape, "model");
  Weight<Backend, 2> a;
  Variable<Backend, 1> b, statistic;
  parameters.declare(a, "a", {3, 7}, Initialiser{Initialiser::Law::normal, 1});
  parameters.declare(b, "b", {5}, Initialiser{Initialiser::Law::constant, 2});
  parameters.declare_statistic(statistic, "s", Extents<1>{4}, 3);
  parameters.allocate(seed(1), 2);
  CHECK(parameters.count() == 26);
  CHECK(parameters.size() == 32 + 16);
  CHECK(parameters.moments() == 2);
  CHECK(parameters.blocks()[1].offset == 32);
  CHECK(parameters.blocks()[0].extents == std::vector<std::ptrdiff_t>{3, 7});
  CHECK(b.value == parameters.values() + 32);
  CHECK(b.gradient == parameters.gradients() + 32);
  CHECK(reinterpret_cast<std::uintptr_t>(b.value) % 64 == 0);
  for (std::size_t i = 21; i < 32; ++i) CHECK(parameters.values()[i] == 0);
  for (int i = 0; i < 5; ++i) CHECK(b.value[i] == 2);
  for (int i = 0; i < 4; ++i) CHECK(statistic.value[i] == 3);
  CHECK(statistic.gradient == nullptr);
  for (std::size_t i = 0; i < 2 * parameters.size(); ++i) CHECK(parameters.moment(0)[i] == 0);
}

TEST_CASE("gradients: the first contribution of a step assigns, later ones add, none is zero") {
  Tape<Backend> tape{Backend(1)};
  Parameters<Backend> parameters(tape, "model");
  Weight<Backend, 1> touched, untouched;
  Variable<Backend, 1> leaf;
  parameters.declare(touched, "touched", {2}, {});
  parameters.declare(untouched, "untouched", {2}, {});
  parameters.declare(leaf, "leaf", {2}, {});
  parameters.allocate(seed(1), 0);
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters.gradients()[i] = 7;
  parameters.begin_step();
  CHECK(leaf.gradient[1] == 0);  // expressions add to it
  CHECK_FALSE(touched.accumulate());
  CHECK(touched.accumulate());
  parameters.complete_gradients();
  CHECK(touched.variable.gradient[0] == 7);
  CHECK(untouched.variable.gradient[0] == 0);
  parameters.begin_step();
  CHECK_FALSE(touched.accumulate());
}

TEST_CASE("a parameter starts the same whatever else is declared, and differently for another seed or name") {
  auto const start = [](std::vector<std::string> const& names, std::uint64_t seed_value) {
    Tape<Backend> tape{Backend(1)};
    Parameters<Backend> parameters(tape, "model");
    std::vector<Weight<Backend, 1>> weights(names.size());
    std::size_t found = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      parameters.declare(weights[i], names[i], {20}, Initialiser{Initialiser::Law::normal, 1});
      if (names[i] == "w") found = i;
    }
    parameters.allocate(seed(seed_value), 0);
    return std::vector<float>(weights[found].variable.value, weights[found].variable.value + 20);
  };
  auto const alone = start({"w"}, 3);
  CHECK(start({"other", "w", "third"}, 3) == alone);
  CHECK(start({"w"}, 4) != alone);
  CHECK(start({"v"}, 3) != alone);
}

TEST_CASE("names of a network's parameters") {
  Tape<Backend> tape{Backend(1)};
  Parameters<Backend> parameters(tape, "model");
  Network<Backend, ImageShape<8, 8, 1>, Conv<4>, Dense<3>> net;
  net.declare(parameters, "encoder", Initialisation::glorot_uniform);
  std::vector<std::string> names;
  for (auto const& block : parameters.blocks()) names.push_back(block.name);
  CHECK(names ==
        std::vector<std::string>{"encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.1.bias"});
}

TEST_CASE("the laws of initialisation") {
  auto const weights = [](Initialisation kind, int block) {
    Tape<Backend> tape{Backend(1)};
    Parameters<Backend> parameters(tape, "model");
    Network<Backend, FeatureShape<200>, Dense<300>> net;
    net.declare(parameters, "n", kind);
    parameters.allocate(seed(1), 0);
    auto const& b = parameters.blocks()[static_cast<std::size_t>(block)];
    return moments_of(*b.value, b.size);
  };
  using enum Initialisation;
  auto const uniform = [&](Moments const& m, double half_width) {
    CHECK(m.largest <= half_width);
    CHECK(m.largest > 0.999 * half_width);
    CHECK(std::abs(m.mean) < 0.01 * half_width);
    CHECK(m.deviation == doctest::Approx(half_width / std::sqrt(3.0)).epsilon(0.01));
  };
  auto const normal = [&](Moments const& m, double deviation) {
    CHECK(std::abs(m.mean) < 0.02 * deviation);
    CHECK(m.deviation == doctest::Approx(deviation).epsilon(0.01));
    CHECK(m.largest > 3.5 * deviation);
  };
  uniform(weights(glorot_uniform, 0), std::sqrt(6.0 / 500));
  uniform(weights(torch_default, 0), 1 / std::sqrt(200.0));
  normal(weights(he_normal, 0), std::sqrt(2.0 / 200));
  normal(weights(normal_002, 0), 0.02);
  CHECK(weights(glorot_uniform, 1).largest == 0);
  CHECK(weights(he_normal, 1).largest == 0);
  CHECK(weights(normal_002, 1).largest == 0);
  CHECK(weights(torch_default, 1).largest > 0.9 / std::sqrt(200.0));
}

TEST_CASE("fans of convolutions: PyTorch's, of the transposed one its output channels") {
  auto const largest = [](auto network) {
    Tape<Backend> tape{Backend(1)};
    Parameters<Backend> parameters(tape, "model");
    typename decltype(network)::type net;
    net.declare(parameters, "n", Initialisation::torch_default);
    parameters.allocate(seed(1), 0);
    return moments_of(*parameters.blocks()[0].value, parameters.blocks()[0].size).largest;
  };
  using Down = Network<Backend, ImageShape<8, 8, 16>, Conv<64>>;
  using Up = Network<Backend, ImageShape<8, 8, 16>, ConvTranspose<64>>;
  CHECK(largest(std::type_identity<Down>{}) == doctest::Approx(1 / std::sqrt(16.0 * 16)).epsilon(1e-3));
  CHECK(largest(std::type_identity<Up>{}) == doctest::Approx(1 / std::sqrt(16.0 * 64)).epsilon(1e-3));
}
