// SPDX-License-Identifier: Apache-2.0
// The critic of WGAN-GP: what it measures against plain loops, the gradient of its whole loss against central
// differences, its steps, and that a generator follows it.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/adversary/wasserstein_critic.hpp>
#include <disentangle/nn/normalisation.hpp>

#include "tests/support/generator_step.hpp"

using namespace disentangle;
using adversary::WassersteinCritic;
using Double = backend::BasicCpu<double>;
using Image = ImageShape<4, 4, 1>;
constexpr int latent = 3;
constexpr std::ptrdiff_t batch = 4;

namespace {

struct Trunk {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  template <int Outputs>
  using network = nn::Sequential<nn::Conv<3, 4, 2, 1, nn::LeakyRelu<>>, nn::LayerNorm, nn::Flatten,
                                 nn::Dense<5, nn::LeakyRelu<>>, nn::Dense<Outputs>>;
};
template <int Steps>
using Critic = WassersteinCritic<Trunk, Steps>;
template <int Steps>
using Step = test::GeneratorStep<Double, Critic<Steps>, latent, Image>;

template <class S>
void give_images(S& step) {
  Philox const random{5, 6, 7};
  for (std::size_t i = 0; i < batch * Image::size; ++i) step.images_.push_back(random.uniform(i));
}

}  // namespace

static_assert(step_policy<WassersteinCritic<>>);
static_assert(WassersteinCritic<>::minibatches == 5);

TEST_CASE("gap, penalty and norm against plain loops, the inner gradient by central differences") {
  Critic<1> policy;
  policy.optimizer.learning_rate = 0;
  Step<1> step(policy, batch);
  give_images(step);
  step.policy.before_step(step);
  auto const measured = step.measured;

  step.begin();
  RecordingOff<Double> const guard(step.tape());
  auto const fake = step.generate(step.codes(batch, "critic.codes"));
  std::vector<double> u(batch);
  step.tape().backend().uniform(step.random("critic.mixture"), u.data(), u.size());
  auto const value = [&](std::vector<double> const& image) {
    return *step.state().critic(step.tape().constant(Extents<2>{1, Image::size}, image.data())).value;
  };
  double gap = 0, penalty = 0, norm = 0;
  for (std::size_t r = 0; r < batch; ++r) {
    std::vector<double> real(Image::size), generated(Image::size), mixed(Image::size);
    for (std::size_t k = 0; k < Image::size; ++k) {
      real[k] = static_cast<double>(step.images_[r * Image::size + k]);
      generated[k] = fake.value[r * Image::size + k];
      mixed[k] = real[k] + u[r] * (generated[k] - real[k]);
    }
    gap += (value(real) - value(generated)) / batch;
    double squared = 0;
    for (std::size_t k = 0; k < Image::size; ++k) {
      double const at = mixed[k];
      mixed[k] = at + 1e-6;
      double const high = value(mixed);
      mixed[k] = at - 1e-6;
      double const slope = (high - value(mixed)) / 2e-6;
      mixed[k] = at;
      squared += slope * slope;
    }
    norm += std::sqrt(squared) / batch;
    penalty += policy.penalty * (std::sqrt(squared) - 1) * (std::sqrt(squared) - 1) / batch;
  }
  CHECK(measured[0] == doctest::Approx(gap).epsilon(1e-9));
  CHECK(measured[1] == doctest::Approx(penalty).epsilon(1e-6));
  CHECK(measured[2] == doctest::Approx(norm).epsilon(1e-6));
}

TEST_CASE("the gradient of the critic's whole loss, penalty and all, with respect to every weight") {
  Critic<1> policy;
  policy.optimizer.learning_rate = 0;  // a step then leaves its gradient and the weights
  Step<1> step(policy, batch);
  give_images(step);
  auto const loss = [&] {
    step.policy.before_step(step);
    return step.measured[1] - step.measured[0];
  };
  loss();
  auto& set = step.own()[0]->parameters;
  std::vector<double> const gradient(set.gradients(), set.gradients() + set.size());
  double largest = 0;
  for (auto const& block : set.blocks()) {
    for (std::size_t i = block.offset; i < block.offset + block.size; ++i) {
      double& w = set.values()[i];
      double const at = w;
      w = at + 1e-6;
      double const high = loss();
      w = at - 1e-6;
      double const numerical = (high - loss()) / 2e-6;
      w = at;
      CHECK(gradient[i] == doctest::Approx(numerical).epsilon(1e-6));
      largest = std::max(largest, std::abs(numerical));
    }
  }
  CHECK(largest > 0.1);
}

TEST_CASE("it makes its steps with its own optimiser; the generator's term leaves it alone") {
  Step<3> step({}, batch);
  give_images(step);
  auto const copy = [](auto& set) { return std::vector<double>(set.values(), set.values() + set.size()); };
  auto& critic = step.own()[0]->parameters;
  auto const critic_before = copy(critic), generator_before = copy(step.generator_set());
  for (auto& image : step.images_) image *= 0.5f;
  step.policy.before_step(step);
  CHECK(step.own()[0]->updates == 3);
  CHECK(copy(critic) != critic_before);
  CHECK(copy(step.generator_set()) == generator_before);

  auto const trained = copy(critic);
  step.train(1, true);
  CHECK(copy(critic) == trained);
  CHECK(copy(step.generator_set()) != generator_before);
  auto const report = test::check_generator_term(step);  // the generator's gradient through a frozen critic
  CHECK_MESSAGE(report.ok, report.text);
}

TEST_CASE("a generator follows the critic to the images, and the gap closes") {
  Critic<5> policy;
  policy.optimizer.learning_rate = 3e-3;
  test::GeneratorStep<backend::Cpu, Critic<5>, latent, Image> step(
      policy, 32, {.learning_rate = 3e-3, .beta1 = 0, .beta2 = 0.9});
  // images: a bright line whose brightness is a number, so the law of the data has one dimension
  Philox const random{5, 6, 7};
  for (std::size_t i = 0; i < 32; ++i) {
    for (std::size_t k = 0; k < Image::size; ++k)
      step.images_.push_back(k / 4 == 1 ? 1 + random.uniform(i) : 0.0f);
  }
  double first = 0, last = 0;
  for (int i = 0; i < 800; ++i) {
    step.policy.before_step(step);
    step.train(1, true);
    if (i == 100) first = step.measured[0];
    if (i >= 790) last += step.measured[0] / 10;
  }
  CHECK(first > 1);
  CHECK(std::abs(last) < 0.1 * first);
  step.begin();
  auto const images = step.generated();
  double line = 0, rest = 0;
  for (std::ptrdiff_t i = 0; i < images.size(); ++i)
    (i % 16 / 4 == 1 ? line : rest) += images.value[i] / (32 * (i % 16 / 4 == 1 ? 4 : 12));
  CHECK(line == doctest::Approx(1.5).epsilon(0.15));
  CHECK(std::abs(rest) < 0.15);
}
