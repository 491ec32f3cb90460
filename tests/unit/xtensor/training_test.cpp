// SPDX-License-Identifier: Apache-2.0
// Models on the xtensor backend train as on the CPU's, to the same bits for any threads and in every run, and
// a step allocates nothing.
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/xtensor/xtensor.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/support/small_model.hpp"

using namespace disentangle;
using test::Bars;
using test::SmallImage;
using test::SmallTcVae;
using test::SmallVae;

namespace {

struct Run {
  std::vector<double> losses;
  std::map<std::string, std::vector<float>> tensors;
  friend bool operator==(Run const&, Run const&) = default;
};

template <class Backend, class Method>
Run run(unsigned threads, int steps) {
  Method method;
  method.template get<optim::Adam>().learning_rate = 3e-3;
  Model model{method, Backend(threads), SmallImage{}, seed(3)};
  Run result;
  for (int i = 0; i < steps; ++i) {
    Bars const bars(32, static_cast<std::size_t>(i));
    result.losses.push_back(model.step(bars.batch()).loss);
  }
  model.for_each_tensor(
      [&](std::string const& name, std::vector<std::ptrdiff_t> const& extents, float const* p) {
        std::size_t n = 1;
        for (auto e : extents) n *= static_cast<std::size_t>(e);
        result.tensors[name] = std::vector<float>(p, p + n);
      });
  return result;
}

template <class Method>
void compare_with_cpu() {
  // After one step the parameters differ by rounding alone, but where a gradient is nearly zero: Adam's first
  // step has the size of the learning rate whatever the gradient's. So the first moments are compared, which
  // are gradients.
  Run const cpu = run<backend::Cpu, Method>(2, 1), xtensor = run<backend::Xtensor, Method>(2, 1);
  CHECK(xtensor.losses[0] == doctest::Approx(cpu.losses[0]).epsilon(1e-5));
  std::size_t compared = 0;
  for (auto const& [name, values] : cpu.tensors) {
    if (name.find("moment0.") != 0) continue;
    auto const& others = xtensor.tensors.at(name);
    REQUIRE(others.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i, ++compared)
      CHECK(std::abs(others[i] - values[i]) < 1e-5f * (1 + std::abs(values[i])));
  }
  CHECK(compared > 1000);
  Run const longer = run<backend::Cpu, Method>(2, 30), same = run<backend::Xtensor, Method>(2, 30);
  for (std::size_t i = 0; i < longer.losses.size(); ++i)
    CHECK(same.losses[i] == doctest::Approx(longer.losses[i]).epsilon(1e-3));
  CHECK(same.losses.back() < same.losses.front());
}

}  // namespace

TEST_CASE("a VAE on Xtensor trains as on Cpu") { compare_with_cpu<SmallVae>(); }
TEST_CASE("a beta-TCVAE on Xtensor trains as on Cpu") { compare_with_cpu<SmallTcVae>(); }

TEST_CASE("the same bits for 1, 2 and 3 threads, and again") {
  Run const one = run<backend::Xtensor, SmallTcVae>(1, 10);
  CHECK(one == run<backend::Xtensor, SmallTcVae>(2, 10));
  CHECK(one == run<backend::Xtensor, SmallTcVae>(3, 10));
  CHECK(one == run<backend::Xtensor, SmallTcVae>(1, 10));
}

TEST_CASE("a step allocates nothing after the first ones") {
  Model model{SmallTcVae{}, backend::Xtensor(2), SmallImage{}, seed(1)};
  Bars const bars(32);
  for (int i = 0; i < 3; ++i) model.step(bars.batch());
  std::size_t const before = test::allocations();
  for (int i = 0; i < 10; ++i) model.step(bars.batch());
  CHECK(test::allocations() == before);
}
