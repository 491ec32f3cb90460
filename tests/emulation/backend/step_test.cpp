// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/cuda/cuda.hpp>
#include <disentangle/train/checkpoint_file.hpp>

#include "small_runs.hpp"
#include "tests/emulation/cuda/emulation.hpp"

namespace dis = disentangle;
namespace emulation = disentangle::emulation;
using dis::test::bars;
using dis::test::everything;
using dis::test::run;
using dis::test::SmallImage;
using dis::test::SmallTcVae;

namespace {

auto model_on(dis::backend::Cuda backend, SmallTcVae const& method = {}) {
  return dis::Model{method, backend, SmallImage{}, dis::seed(3)};
}
auto model_on_cpu(SmallTcVae const& method = {}) {
  return dis::Model{method, dis::backend::Cpu{1}, SmallImage{}, dis::seed(3)};
}
double largest_difference(std::vector<double> const& a, std::vector<double> const& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

}  // namespace

TEST_CASE("a replayed graph gives the bits that single launches give, and the CPU's numbers") {
  auto replayed = model_on(dis::backend::Cuda{});
  auto launched = model_on(dis::backend::Cuda{{.graphs = false}});
  auto cpu = model_on_cpu();
  emulation::reset();
  auto const a = run(replayed, 12);
  CHECK(emulation::counters().graph_launches >= 8);
  CHECK(emulation::counters().graph_instantiations == 1);
  emulation::reset();
  auto const b = run(launched, 12);
  CHECK(emulation::counters().graph_launches == 0);
  CHECK(a == b);
  CHECK(largest_difference(a, run(cpu, 12)) < 2e-4);
  CHECK(replayed.read_back().loss == doctest::Approx(cpu.read_back().loss).epsilon(1e-5));
  CHECK(replayed.read_back().step == 12);
}

TEST_CASE("a steady step is one graph, allocates nothing and waits for nothing that it queued") {
  auto model = model_on(dis::backend::Cuda{});
  run(model, 6);
  model.step(bars(6));  // what run() downloaded took memory: this step is launched once more
  emulation::reset();
  for (std::size_t i = 7; i < 17; ++i) model.step(bars(i));
  auto const& seen = emulation::counters();
  CHECK(seen.graph_launches == 10);
  CHECK(seen.graph_instantiations == 0);
  CHECK(seen.launches == 0);
  CHECK(seen.allocations == 0);
  CHECK(seen.pinned_allocations == 0);
  CHECK(seen.stream_synchronisations == 0);
  CHECK(seen.device_synchronisations == 0);
  CHECK(seen.synchronous_copies == 0);
  CHECK(model.read_back().step == 17);
  CHECK(emulation::counters().stream_synchronisations == 1);
}

TEST_CASE("the loss is read back when asked for and every so many steps") {
  auto model = model_on(dis::backend::Cuda{{.read_back_every = 4}});
  CHECK(model.step(bars(0)).step == 1);
  CHECK(model.step(bars(1)).step == 1);
  CHECK(model.step(bars(2), true).step == 3);
  CHECK(model.step(bars(3)).step == 4);
  CHECK(model.step(bars(4)).step == 4);
  CHECK(model.read_back().step == 5);
}

TEST_CASE("batch sizes may change between steps") {
  auto model = model_on(dis::backend::Cuda{});
  auto cpu = model_on_cpu();
  for (std::size_t i = 0; i < 12; ++i) {
    auto batch = bars(i);
    if (i / 3 % 2 == 1) {
      batch.size = 5;
      batch.images = batch.images.first(5 * SmallImage::size);
    }
    double const expected = cpu.step(batch).loss;
    CHECK(model.step(batch, true).loss == doctest::Approx(expected).epsilon(1e-5));
  }
}

TEST_CASE("uploads that run early wait for the step that still needs the buffer") {
  dis::backend::Cuda backend;
  auto model = model_on(backend);
  auto expected = model_on(dis::backend::Cuda{});
  auto const before = emulation::schedule();
  emulation::set_schedule(emulation::Schedule::early);
  emulation::defer(backend.stream());
  auto const found = run(model, 12);
  emulation::reset();
  emulation::set_schedule(before);
  CHECK(found == run(expected, 12));
}

namespace {

/// A term with host data of its own in every step: sum((mean - target)^2), the target another one in each.
struct MovingTarget {
  auto operator()(auto const& posterior) const {
    std::vector<float> const target(static_cast<std::size_t>(posterior.latent_size()),
                                    0.01f * static_cast<float>(posterior.step));
    auto& tape = *posterior.mean.tape;
    return dis::sum(
        dis::square(posterior.mean - tape.constant(dis::Extents<1>{posterior.latent_size()}, target.data())));
  }
};

}  // namespace

TEST_CASE("host data of a step reach it, however late it runs") {
  using Method = dis::Plus<SmallTcVae, dis::Regularizer<MovingTarget>>;
  dis::backend::Cuda backend;
  dis::Model model{Method{}, backend, SmallImage{}, dis::seed(3)};
  dis::Model launched{Method{}, dis::backend::Cuda{{.graphs = false}}, SmallImage{}, dis::seed(3)};
  dis::Model cpu{Method{}, dis::backend::Cpu{1}, SmallImage{}, dis::seed(3)};
  auto const found = run(model, 12);
  CHECK(found == run(launched, 12));
  CHECK(largest_difference(found, run(cpu, 12)) < 2e-4);
}

TEST_CASE("clipping by the norm keeps the norm on the device") {
  SmallTcVae method;
  method.get<dis::optim::Adam>().learning_rate = 1e-2;
  method.get<dis::optim::Adam>().clip_norm = 0.5;
  dis::Model model{method, dis::backend::Cuda{}, SmallImage{}, dis::seed(3)};
  dis::Model cpu{method, dis::backend::Cpu{1}, SmallImage{}, dis::seed(3)};
  run(model, 6);
  emulation::reset();
  for (std::size_t i = 6; i < 9; ++i) model.step(bars(i));
  CHECK(emulation::counters().stream_synchronisations == 0);
  run(cpu, 9);
  CHECK(model.read_back().loss == doctest::Approx(cpu.read_back().loss).epsilon(1e-4));
}

TEST_CASE("a loss that is not finite is found at the next reading, with the reading before it") {
  auto model = model_on(dis::backend::Cuda{});
  run(model, 3);
  std::vector<float> broken(8 * SmallImage::size, std::numeric_limits<float>::quiet_NaN());
  model.step({.images = broken, .labels = {}, .size = 8, .data_size = 48});
  model.step(bars(0));
  std::string message;
  try {
    model.read_back();
  } catch (dis::NumericalError const& error) {
    message = error.what();
  }
  CAPTURE(message);
  CHECK(message.find("step 5: the part Bernoulli of the loss is") == 0);
  CHECK(message.find("last read back, at step 3") != std::string::npos);
}

TEST_CASE("a run that goes on from a checkpoint equals one that was never interrupted") {
  auto whole = model_on(dis::backend::Cuda{});
  auto const expected = run(whole, 10);
  auto first = model_on(dis::backend::Cuda{});
  run(first, 5);
  dis::save_checkpoint(first, "half.safetensors", {});
  auto second = model_on(dis::backend::Cuda{});
  dis::load_checkpoint(second, "half.safetensors");
  CHECK(run(second, 5, 5) == expected);

  SUBCASE("on another backend it goes on too") {
    auto cpu = model_on_cpu();
    dis::load_checkpoint(cpu, "half.safetensors");
    CHECK(largest_difference(run(cpu, 5, 5), expected) < 2e-4);
  }
}

TEST_CASE("an expression, a reduction, an adjoint and an optimiser's update are one launch each") {
  dis::backend::Cuda backend;
  dis::Tape<dis::backend::Cuda> tape(backend);
  std::vector<float> const numbers(1000, 0.5f);
  auto x = tape.constant(dis::Extents<2>{20, 50}, numbers.data());
  auto y = tape.constant(dis::Extents<2>{20, 50}, numbers.data());
  auto const gradients = tape.variable(dis::Extents<2>{40, 50}, false);
  x.gradient = gradients.value;
  y.gradient = gradients.value + 1000;
  backend.fill(gradients.value, 2000, 0.0f);
  auto const launches = [&](auto&& work) {
    emulation::reset();
    work();
    return emulation::counters().launches;
  };
  auto const formula = dis::square(x) * dis::exp(y) - dis::softplus(x - y);
  CHECK(launches([&] { return dis::stop_gradient(formula); }) == 1);
  CHECK(launches([&] { return dis::sum(dis::stop_gradient(x) * dis::stop_gradient(y)); }) == 1);
  CHECK(launches([&] { return dis::sum(dis::stop_gradient(x) * dis::stop_gradient(y), dis::axis<0>); }) == 1);
  CHECK(launches([&] { return dis::sum(dis::stop_gradient(x) * dis::stop_gradient(y), dis::axis<1>); }) == 1);
  CHECK(launches([&] { dis::pull_back(formula, dis::stop_gradient(x)); }) == 1);
  auto* const state = tape.scratch(64);
  CHECK(launches([&] {
          backend.update(dis::optim::Adam{}.update(1, 1.0), 16, state, state + 16,
                         std::array<float*, 2>{state + 32, state + 48});
        }) == 1);
  backend.synchronise();
}
