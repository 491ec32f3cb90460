// SPDX-License-Identifier: Apache-2.0
// A small model trains: the loss falls, threads do not matter, a step allocates nothing, bad images are
// named, and policies bring networks, states and optimisers of their own.
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/adversary/adversary.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/optim/sgd.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/support/small_model.hpp"

using namespace disentangle;
using test::Bars;
using test::SmallImage;
using test::SmallTcVae;
using test::SmallVae;

namespace {

/// All tensors of a model by name.
template <class M>
std::map<std::string, std::vector<float>> tensors(M& model) {
  std::map<std::string, std::vector<float>> all;
  model.for_each_tensor(
      [&](std::string const& name, std::vector<std::ptrdiff_t> const& extents, float const* p) {
        std::size_t n = 1;
        for (auto e : extents) n *= static_cast<std::size_t>(e);
        CHECK(all.count(name) == 0);
        all[name] = std::vector<float>(p, p + n);
      });
  return all;
}

template <class Method>
Method quick() {
  Method method;
  method.template get<optim::Adam>().learning_rate = 3e-3;
  return method;
}

/// Two classes, latents as drawn and latents shuffled over the batch, told apart by a discriminator that is
/// trained on a second minibatch: a small FactorVAE.
struct SmallAdversary {
  double weight = 2;
  static constexpr int minibatches = 2;

  template <class Setting>
  struct State {
    using Backend = typename Setting::backend_type;
    nn::OwnParameters<Backend>& own;
    nn::Network<Backend, FeatureShape<Setting::latent_size>, nn::Dense<16, nn::LeakyRelu<>>, nn::Dense<1>>
        discriminator;
    Variable<Backend, 1> scale;  // trained by the method's own optimiser

    explicit State(auto& build)
        : own(build.own_parameters("discriminator", optim::Sgd{.learning_rate = 0.05})) {
      discriminator.declare(own.parameters, "net", nn::Initialisation::he_normal);
      build.parameters().declare(scale, "adversary.scale", Extents<1>{1},
                                 nn::Initialiser{nn::Initialiser::Law::constant, 1});
    }
  };
  auto operator()(auto& step) const {
    auto const logit = step.state().discriminator(step.posterior().sample, {.frozen = true});
    return weight * mean(logit) + 0.1 * sum(square(step.state().scale));
  }
  void after_step(auto& step) const {
    auto& state = step.state();
    auto const real = stop_gradient(step.posterior().sample);
    auto const other = step.infer(step.minibatch(1), "second").sample;
    auto const fake =
        concatenate(axis<1>, slice(stop_gradient(other), axis<1>, 0, 1), slice(real, axis<1>, 1, 3));
    state.own.minimise(mean(softplus(-state.discriminator(real))) +
                       mean(softplus(state.discriminator(fake))));
  }
};
using Adversarial = Plus<SmallVae, Adversary<SmallAdversary>>;

}  // namespace

TEST_CASE("the loss falls, its parts add up, the report names them") {
  Model model{quick<SmallTcVae>(), backend::Cpu(2), SmallImage{}, seed(1)};
  using M = decltype(model);
  CHECK(M::part_names() == std::vector<std::string>{"Bernoulli", "TotalCorrelation"});
  static_assert(M::latent_size == 3 && M::part_count == 2 && M::minibatches == 1);
  CHECK(model.parameter_count() ==
        (8 * 16 + 8) + (128 * 32 + 32) + (32 * 6 + 6) + (3 * 32 + 32) + (32 * 128 + 128) + (8 * 16 + 1));
  Bars const bars(48);
  double const first = model.step(bars.batch()).parts[0];
  for (int i = 0; i < 300; ++i) model.step(bars.batch());
  auto const& last = model.step(bars.batch());
  CHECK(first == doctest::Approx(64 * std::log(2)).epsilon(0.2));
  CHECK(last.parts[0] < 0.5 * first);
  CHECK(last.loss == doctest::Approx(last.parts[0] + last.parts[1]));
  CHECK(last.step == 302);
  CHECK(model.steps() == 302);
  CHECK(last.images == 48);
  CHECK(last.kl[0] + last.kl[1] + last.kl[2] > 0.5f);

  std::vector<float> mean(48 * 3), log_variance(48 * 3), pictures(48 * 64), again(48 * 3);
  model.encode(bars.images, mean, log_variance);
  model.decode(mean, pictures);
  double wrong = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    CHECK((pictures[i] >= 0 && pictures[i] <= 1));
    wrong +=
        static_cast<double>(std::abs(pictures[i] - bars.images[i])) / static_cast<double>(pictures.size());
  }
  CHECK(wrong < 0.25);
  // one image alone gives what it gives in a crowd, and inference changes nothing
  auto const before = tensors(model);
  model.encode(std::span<float const>(bars.images).subspan(7 * 64, 64), std::span<float>(again).subspan(0, 3),
               {});
  for (std::size_t d = 0; d < 3; ++d) CHECK(again[d] == doctest::Approx(mean[7 * 3 + d]).epsilon(1e-4));
  CHECK(tensors(model) == before);
  CHECK_THROWS_AS(model.encode(std::span<float const>(bars.images).subspan(1), mean, {}), ShapeError);
  CHECK_THROWS_AS(model.decode(mean, std::span<float>(pictures).subspan(1)), ShapeError);
}

TEST_CASE("more images than one chunk of inference") {
  Model model{SmallVae{}, backend::Cpu(1), SmallImage{}, seed(1)};
  Bars const bars(150);
  std::vector<float> all(150 * 3), part(10 * 3);
  model.encode(bars.images, all, {});
  model.encode(std::span<float const>(bars.images).subspan(140 * 64), part, {});
  for (std::size_t i = 0; i < part.size(); ++i)
    CHECK(part[i] == doctest::Approx(all[140 * 3 + i]).epsilon(1e-4));
}

TEST_CASE("1, 2 and 3 threads: the same parameters, bit for bit, after 20 steps; another seed: others") {
  auto const train = [](unsigned threads, std::uint64_t seed_value, auto method, int minibatches) {
    Model model{method, backend::Cpu(threads), SmallImage{}, seed(seed_value)};
    for (std::size_t i = 0; i < 20; ++i) {
      Bars const a(32, i), b(32, i + 3);
      Minibatch const both[]{a.batch(), b.batch()};
      model.step(std::span<Minibatch const>(both, static_cast<std::size_t>(minibatches)));
    }
    return tensors(model);
  };
  auto const one = train(1, 1, quick<SmallTcVae>(), 1);
  CHECK(train(2, 1, quick<SmallTcVae>(), 1) == one);
  CHECK(train(3, 1, quick<SmallTcVae>(), 1) == one);
  CHECK(train(1, 2, quick<SmallTcVae>(), 1) != one);
  CHECK(train(2, 1, quick<Adversarial>(), 2) == train(3, 1, quick<Adversarial>(), 2));
}

TEST_CASE("a step allocates nothing after the first ones") {
  auto const check = [](auto method, std::size_t minibatches) {
    Model model{method, backend::Cpu(2), SmallImage{}, seed(1)};
    Bars const a(32, 0), b(32, 3);
    Minibatch const both[]{a.batch(), b.batch()};
    std::span<Minibatch const> const batches(both, minibatches);
    for (int i = 0; i < 3; ++i) model.step(batches);
    std::size_t const before = test::allocations();
    for (int i = 0; i < 10; ++i) model.step(batches);
    CHECK(test::allocations() == before);
  };
  check(SmallTcVae{}, 1);
  check(Adversarial{}, 2);
}

TEST_CASE("a loss that is not finite names the step and the part, and leaves the parameters") {
  Model model{SmallTcVae{}, backend::Cpu(1), SmallImage{}, seed(1)};
  Bars const good(16);
  Bars bad(16);
  bad.images[100] = std::numeric_limits<float>::quiet_NaN();
  model.step(good.batch());
  auto const before = tensors(model);
  CHECK_THROWS_AS(model.step(bad.batch()), NumericalError);
  try {
    model.step(bad.batch());
  } catch (NumericalError const& e) {
    std::string const what = e.what();
    CHECK(what.find("step 2") != std::string::npos);
    CHECK(what.find("Bernoulli") != std::string::npos);
  }
  CHECK(tensors(model) == before);
  CHECK(model.steps() == 1);
  CHECK(model.step(good.batch()).step == 2);
}

TEST_CASE("minibatches of a wrong size are named") {
  Model model{SmallVae{}, backend::Cpu(1), SmallImage{}, seed(1)};
  Bars const bars(4);
  Minibatch short_one = bars.batch();
  short_one.images = short_one.images.subspan(1);
  CHECK_THROWS_WITH_AS(model.step(short_one),
                       "step: found 255 scalars for 4 images, expected 64 each and at least one image",
                       ShapeError);
  CHECK_THROWS_AS(model.step(Minibatch{}), ShapeError);
  Minibatch const both[]{bars.batch(), bars.batch()};
  CHECK_THROWS_WITH_AS(model.step(both), "step: found 2 minibatches, expected 1", ShapeError);
}

TEST_CASE("batches of other sizes in between, as at the end of an epoch") {
  Model model{SmallVae{}, backend::Cpu(2), SmallImage{}, seed(1)};
  for (std::size_t n : {32u, 5u, 1u, 32u, 48u}) CHECK(std::isfinite(model.step(Bars(n).batch()).loss));
}

TEST_CASE("an adversary with a network, an optimiser and a second minibatch of its own") {
  Model model{quick<Adversarial>(), backend::Cpu(2), SmallImage{}, seed(1)};
  using M = decltype(model);
  static_assert(M::minibatches == 2);
  CHECK(M::part_names() == std::vector<std::string>{"Bernoulli", "Kl", "SmallAdversary"});
  auto const start = tensors(model);
  REQUIRE(start.count("discriminator.net.0.weight") == 1);
  REQUIRE(start.count("moment0.discriminator.net.0.weight") == 1);
  REQUIRE(start.count("adversary.scale") == 1);
  Bars const a(32, 0), b(32, 3);
  Minibatch const both[]{a.batch(), b.batch()};
  for (int i = 0; i < 10; ++i) model.step(both);
  auto const end = tensors(model);
  CHECK(end.at("discriminator.net.0.weight") != start.at("discriminator.net.0.weight"));
  CHECK(end.at("adversary.scale")[0] < 1);
  CHECK(model.counters() == std::vector<long>{10, 10});

  // the term sees the discriminator and does not train it: without after_step's optimiser it stays where it
  // was
  auto still = quick<Adversarial>();
  still.get<SmallAdversary>().weight = 100;
  Model strong{still, backend::Cpu(2), SmallImage{}, seed(1)};
  auto const first = strong.step(both);
  CHECK(std::abs(first.parts[2] - 0.1) > 1e-3);
}

TEST_CASE("a policy's state leaves the start of all others where it was") {
  Model plain{SmallVae{}, backend::Cpu(1), SmallImage{}, seed(4)};
  Model more{Adversarial{}, backend::Cpu(1), SmallImage{}, seed(4)};
  auto const with = tensors(more);
  for (auto const& [name, values] : tensors(plain)) CHECK(with.at(name) == values);
}
