// SPDX-License-Identifier: Apache-2.0
// Adam, AdamW and SGD against plain loops in double over 50 steps; schedules; clipping by global norm.
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/reflection.hpp>
#include <disentangle/nn/update.hpp>
#include <disentangle/optim/adam.hpp>
#include <disentangle/optim/sgd.hpp>

using namespace disentangle;
using Backend = backend::Cpu;

namespace {

constexpr std::size_t count = 21;  // packs and a rest

/// The weights after `steps` updates with seeded gradients (of growing size, so that clipping begins), and
/// the references'.
template <class Optimiser>
std::vector<double> run(Optimiser const& optimiser, long steps) {
  Tape<Backend> tape{Backend(2)};
  nn::Parameters<Backend> parameters(tape, "p");
  Variable<Backend, 1> w;
  parameters.declare(w, "w", {count}, nn::Initialiser{nn::Initialiser::Law::constant, 0.5});
  parameters.allocate(seed(0), Optimiser::moments);
  for (long step = 1; step <= steps; ++step) {
    tape.reset();
    parameters.begin_step();
    for (std::size_t i = 0; i < count; ++i) {
      w.gradient[i] =
          0.02f * static_cast<float>(step) * Philox{1, 2, static_cast<std::uint64_t>(step)}.normal(i);
    }
    nn::update(parameters, optimiser, step);
  }
  return {w.value, w.value + count};
}

template <class Body>
std::vector<double> reference(long steps, double clip, Body&& body) {
  std::vector<double> w(count, 0.5);
  std::vector<std::array<double, 2>> m(count, {0, 0});
  for (long step = 1; step <= steps; ++step) {
    std::vector<double> g(count);
    double squares = 0;
    for (std::size_t i = 0; i < count; ++i) {
      g[i] = 0.02 * static_cast<double>(step) *
             static_cast<double>(Philox{1, 2, static_cast<std::uint64_t>(step)}.normal(i));
      squares += g[i] * g[i];
    }
    double const factor = clip > 0 && std::sqrt(squares) > clip ? clip / std::sqrt(squares) : 1;
    for (std::size_t i = 0; i < count; ++i) body(w[i], factor * g[i], m[i], static_cast<double>(step));
  }
  return w;
}

double distance(std::vector<double> const& a, std::vector<double> const& b) {
  double worst = 0;
  for (std::size_t i = 0; i < count; ++i) worst = std::fmax(worst, std::abs(a[i] - b[i]));
  return worst;
}

auto adam_body(double rate, double b1, double b2, double epsilon, double decay) {
  return [=](double& w, double g, std::array<double, 2>& m, double t) {
    w -= rate * decay * w;
    m[0] = b1 * m[0] + (1 - b1) * g;
    m[1] = b2 * m[1] + (1 - b2) * g * g;
    w -= rate * (m[0] / (1 - std::pow(b1, t))) / (std::sqrt(m[1] / (1 - std::pow(b2, t))) + epsilon);
  };
}

}  // namespace

TEST_CASE("Adam") {
  optim::Adam const adam{.learning_rate = 0.01};
  CHECK(distance(run(adam, 50), reference(50, 0, adam_body(0.01, 0.9, 0.999, 1e-8, 0))) < 2e-6);
  CHECK(distance(run(adam, 1), reference(1, 0, adam_body(0.01, 0.9, 0.999, 1e-8, 0))) < 2e-7);
  optim::Adam const other{.learning_rate = 0.01, .beta1 = 0.5, .beta2 = 0.9, .epsilon = 0.1};
  CHECK(distance(run(other, 50), reference(50, 0, adam_body(0.01, 0.5, 0.9, 0.1, 0))) < 2e-6);
  CHECK(distance(run(other, 50), run(adam, 50)) > 1e-2);
}

TEST_CASE("AdamW decays weights apart from the gradient") {
  optim::AdamW const adamw{.learning_rate = 0.01, .weight_decay = 0.3};
  CHECK(distance(run(adamw, 50), reference(50, 0, adam_body(0.01, 0.9, 0.999, 1e-8, 0.3))) < 2e-6);
}

TEST_CASE("SGD with momentum") {
  auto const body = [](double& w, double g, std::array<double, 2>& m, double) {
    m[0] = 0.8 * m[0] + g;
    w -= 0.05 * m[0];
  };
  CHECK(distance(run(optim::Sgd{.learning_rate = 0.05, .momentum = 0.8}, 50), reference(50, 0, body)) < 2e-5);
}

TEST_CASE("clipping by global norm") {
  optim::Sgd const sgd{.learning_rate = 0.05, .momentum = 0, .clip_norm = 2};
  auto const body = [](double& w, double g, std::array<double, 2>&, double) { w -= 0.05 * g; };
  CHECK(distance(run(sgd, 50), reference(50, 2, body)) < 1e-5);
  CHECK(distance(run(sgd, 50), reference(50, 0, body)) > 1e-2);
  CHECK(distance(run(optim::AdamW{.learning_rate = 0.01, .weight_decay = 0.3, .clip_norm = 1}, 50),
                 reference(50, 1, adam_body(0.01, 0.9, 0.999, 1e-8, 0.3))) < 2e-6);
}

TEST_CASE("a schedule multiplies the rate") {
  optim::Sgd const sgd{.learning_rate = 0.05, .momentum = 0, .schedule = {.warm_up = 10}};
  auto const body = [](double& w, double g, std::array<double, 2>&, double t) {
    w -= 0.05 * std::fmin(1, t / 10) * g;
  };
  CHECK(distance(run(sgd, 20), reference(20, 0, body)) < 1e-5);
}

TEST_CASE("schedules") {
  using optim::Schedule;
  using enum optim::ScheduleKind;
  CHECK(Schedule{}(1) == 1);
  CHECK(Schedule{}(100000) == 1);
  Schedule const warm{.warm_up = 4};
  CHECK(warm(1) == 0.25);
  CHECK(warm(4) == 1);
  CHECK(warm(5) == 1);
  Schedule const line{.kind = linear, .warm_up = 2, .steps = 10, .final_factor = 0.2};
  CHECK(line(1) == 0.5);
  CHECK(line(2) == 1);
  CHECK(line(7) == doctest::Approx(0.6));
  CHECK(line(12) == doctest::Approx(0.2));
  CHECK(line(500) == doctest::Approx(0.2));
  Schedule const wave{.kind = cosine, .steps = 10, .final_factor = 0.2};
  CHECK(wave(5) == doctest::Approx(0.6));
  CHECK(wave(2) == doctest::Approx(0.2 + 0.4 * (1 + std::cos(std::numbers::pi * 0.2))));
  CHECK(wave(11) == doctest::Approx(0.2));
  Schedule const power{.kind = exponential, .steps = 10, .final_factor = 0.01};
  CHECK(power(5) == doctest::Approx(0.1));
  CHECK(power(20) == doctest::Approx(0.01));
  Schedule const stairs{.kind = step_decay, .steps = 10, .final_factor = 0.5};
  CHECK(stairs(9) == 1);
  CHECK(stairs(10) == 0.5);
  CHECK(stairs(35) == 0.125);
}

TEST_CASE("own parameters minimise a loss with their own optimiser") {
  Tape<Backend> tape{Backend(1)};
  nn::detail::OptimisedParameters<Backend, optim::Sgd> own(tape, "own",
                                                           optim::Sgd{.learning_rate = 0.1, .momentum = 0});
  Variable<Backend, 1> w;
  own.parameters.declare(w, "w", {3}, nn::Initialiser{nn::Initialiser::Law::constant, 1});
  own.parameters.allocate(seed(0), own.moments());
  for (int i = 0; i < 100; ++i) {
    tape.reset();
    own.minimise(0.5 * sum(square(w - 3)));
  }
  CHECK(own.updates == 100);
  CHECK(w.value[0] == doctest::Approx(3).epsilon(1e-3));
}

TEST_CASE("a training loop of one's own is one call a step") {
  Tape<Backend> tape{Backend(1)};
  nn::Parameters<Backend> parameters(tape, "p");
  Variable<Backend, 1> w;
  parameters.declare(w, "w", {3}, nn::Initialiser{nn::Initialiser::Law::constant, 1});
  optim::Sgd const descent{.learning_rate = 0.1, .momentum = 0};
  parameters.allocate(seed(0), descent.moments);
  for (long step = 1; step <= 100; ++step) {
    tape.reset();
    nn::minimise(parameters, descent, step, 0.5 * sum(square(w - 3)));
  }
  CHECK(w.value[2] == doctest::Approx(3).epsilon(1e-3));
}
