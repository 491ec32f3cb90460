// SPDX-License-Identifier: Apache-2.0
// The discriminator of FactorVAE and RF-VAE: what it is shown, how it is trained, and that it tells codes
// that depend on each other from codes that do not.
#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/prior/relevance.hpp>
#include <disentangle/regularizer/relevance.hpp>

#include "tests/support/small_model.hpp"

using namespace disentangle;
using adversary::DiscriminatorBatches;
using Discriminator = adversary::TotalCorrelation<2, 32>;
using SmallFactorVae = Plus<test::SmallVae, Adversary<Discriminator>>;
using SmallRfVae0 =
    With<SmallFactorVae, Prior<prior::KnownRelevance>, Regularizer<regularizer::RelevanceWeightedKl>>;
using Image = test::SmallImage;

namespace {

template <class M>
auto small(M const& method = {}) {
  return Model{method, backend::Cpu{1}, Image{}, seed(5)};
}
template <class Model>
double train(Model& model, std::size_t steps) {
  double last = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    test::Bars const first(8, 11 * i), second(8, 11 * i + 5);
    Minibatch const batches[] = {first.batch(), second.batch()};
    last = model.step(batches).loss;
  }
  return last;
}
template <class Model>
std::vector<float> tensors(Model& model, std::string const& part = "") {
  std::vector<float> all;
  model.for_each_tensor([&](std::string const& name, auto const& extents, float* p) {
    std::size_t n = 1;
    for (auto extent : extents) n *= static_cast<std::size_t>(extent);
    if (name.find(part) != std::string::npos) all.insert(all.end(), p, p + n);
  });
  return all;
}

}  // namespace

TEST_CASE("every column is shuffled by itself and keeps its values") {
  Tape<backend::Cpu> tape{backend::Cpu(1)};
  std::vector<float> numbers(50 * 3);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  auto const x = tape.constant(Extents<2>{50, 3}, numbers.data());
  auto const y = adversary::detail::shuffle_columns(x, Philox{1, 2, 3});
  int together = 0;
  for (int j = 0; j < 3; ++j) {
    std::set<float> before, after;
    for (int i = 0; i < 50; ++i) {
      before.insert(x.value[i * 3 + j]);
      after.insert(y.value[i * 3 + j]);
      together += y.value[i * 3 + j] - static_cast<float>(j) == y.value[i * 3] ? 1 : 0;
    }
    CHECK(before == after);
  }
  CHECK(together < 60);  // 50 of column 0 with itself; rows of the others stay together by chance alone
}

TEST_CASE("the discriminator is trained by its own optimiser, the method's parameters by theirs") {
  SmallFactorVae method;
  method.get<Discriminator>().weight = 0;
  auto with = small(method);
  auto without = small(test::SmallVae{});
  auto const start = tensors(with, "discriminator");
  train(with, 4);
  for (std::size_t i = 0; i < 4; ++i) without.step(test::Bars(8, 11 * i).batch());
  CHECK(tensors(with, "discriminator") != start);
  auto const a = tensors(with, "encoder"), b = tensors(without, "encoder");
  CHECK(a == b);  // a discriminator that weighs nothing changes nothing, to the last bit
}

TEST_CASE("it learns to tell codes that depend on each other from shuffled ones") {
  // the discriminator alone, on z2 = z1: the total correlation is large, and the estimate grows towards it
  using Backend = backend::Cpu;
  Tape<Backend> tape{Backend(1)};
  nn::Parameters<Backend> main(tape, "model");
  std::vector<std::unique_ptr<nn::OwnParameters<Backend>>> own;
  nn::Builder<Backend> build(main, own);
  Discriminator policy;
  policy.initialisation = nn::Initialisation::he_normal;
  policy.optimizer.learning_rate = 1e-2;
  using Setting = nn::Setting<Backend, Image, 2>;
  Discriminator::State<Setting> state(build, policy);
  main.allocate(seed(0), 2);
  own[0]->parameters.allocate(seed(0), 2);

  struct Step {
    Tape<Backend>& tape_;
    Discriminator::State<Setting>& state_;
    Posterior<Backend> q;
    long number_;
    auto& state() const { return state_; }
    auto& tape() const { return tape_; }
    Posterior<Backend> const& posterior() const { return q; }
    Variable<Backend, 2> minibatch(int) const { return {}; }
    Posterior<Backend> infer(Variable<Backend, 2>, char const*) const { return q; }
    Philox random(char const* name) const { return {1, stream(name), static_cast<std::uint64_t>(number_)}; }
  };
  auto const estimate = [&](bool dependent, long number, bool learn) {
    tape.reset();
    std::vector<float> z(2 * 128);
    for (std::size_t i = 0; i < 128; ++i) {
      Philox const random{7, 8, static_cast<std::uint64_t>(number)};
      z[2 * i] = random.normal(i);
      z[2 * i + 1] = dependent ? z[2 * i] : random.normal(1000 + i);
    }
    Step step{tape, state, {}, number};
    step.q.sample = tape.constant(Extents<2>{128, 2}, z.data());
    auto const value = materialise(policy(step));
    double const found = *value.value / policy.weight;
    tape.reset();
    if (learn) {
      step.q.sample = tape.constant(Extents<2>{128, 2}, z.data());
      policy.after_step(step);
    }
    return found;
  };
  double const before = estimate(true, 1000, false);
  for (long i = 1; i <= 150; ++i) estimate(true, i, true);
  CHECK(estimate(true, 1000, false) > before + 1);
  CHECK(estimate(false, 1001, false) < estimate(true, 1001, false));
}

TEST_CASE("where relevance is known, the discriminator sees the relevant part and the decoder sees all") {
  SmallRfVae0 method;
  method.get<prior::KnownRelevance>().relevant = 0;  // r o z = 0: codes and shuffled codes are the same
  auto model = small(method);
  auto const start = tensors(model, "discriminator.layer.0.weight");
  train(model, 3);
  auto const after = tensors(model, "discriminator.layer.0.weight");
  CHECK(start == after);  // a weight on an input of zeros gets no gradient
}

TEST_CASE("all choices of batches train and repeat bit for bit") {
  for (auto const batches :
       {DiscriminatorBatches::first, DiscriminatorBatches::first_and_second, DiscriminatorBatches::second}) {
    SmallFactorVae method;
    method.get<Discriminator>().batches = batches;
    auto a = small(method), b = small(method);
    double const loss = train(a, 3);
    CHECK(std::isfinite(loss));
    CHECK(train(b, 3) == loss);
    CHECK(tensors(a) == tensors(b));
  }
}
