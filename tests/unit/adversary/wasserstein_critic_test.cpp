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

StepArrays before_step() { return {.part = StepPart::before_step, .seed = 3}; }

}  // namespace

static_assert(step_policy<WassersteinCritic<>>);
static_assert(WassersteinCritic<>::minibatches == 5);

TEST_CASE("gap, penalty and norm against plain loops, the inner gradient by central differences") {
  Critic<1> const policy;
  Step<1> step(policy, batch, before_step());
  double const loss = step.value();
  auto const measured = step.measured();
  CHECK(loss == doctest::Approx(measured[1] - measured[0]));

  auto& seen = step.fresh_view();
  RecordingOff<Double> const guard(seen.tape());
  auto const images = step.numbers(seen.minibatch(0));
  auto const fake = step.numbers(seen.generate(seen.codes(batch, "critic.codes")));
  std::vector<double> u(batch);
  seen.tape().backend().uniform(seen.random("critic.mixture"), u.data(), u.size());
  auto const value = [&](std::vector<double> const& image) {
    return *seen.state().critic(seen.tape().constant(Extents<2>{1, Image::size}, image.data())).value;
  };
  double gap = 0, penalty = 0, norm = 0;
  for (std::size_t r = 0; r < batch; ++r) {
    std::vector<double> real(Image::size), generated(Image::size), mixed(Image::size);
    for (std::size_t k = 0; k < Image::size; ++k) {
      real[k] = images[r * Image::size + k];
      generated[k] = fake[r * Image::size + k];
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
  CHECK(measured[0] == doctest::Approx(gap).epsilon(1e-6));  // the critic's images are floats
  CHECK(measured[1] == doctest::Approx(penalty).epsilon(1e-6));
  CHECK(measured[2] == doctest::Approx(norm).epsilon(1e-6));
}

TEST_CASE("the gradient of the critic's whole loss, penalty and all, with respect to every weight") {
  Step<1> step({}, batch, before_step());
  auto const report = step.check();
  CHECK_MESSAGE(report.ok, report.text);
  double largest = 0;
  for (auto const& gradient : step.value_and_gradient().gradients) {
    for (double const g : gradient.values) largest = std::max(largest, std::abs(g));
  }
  CHECK(largest > 0.1);
}

TEST_CASE("it makes its steps with its own optimiser; the generator's term leaves it alone") {
  Step<3> step({}, batch, {.held = {"decoder."}, .seed = 3});
  auto const critic = step.parameter("layer.0.weight"), generator = step.parameter("decoder.0.weight");
  step.train();
  CHECK(step.parameter("layer.0.weight") != critic);
  CHECK(step.parameter("decoder.0.weight") == generator);
  auto const once = step.parameter("layer.0.weight");
  step.train();
  CHECK(step.parameter("layer.0.weight") != once);

  Critic<3> still;
  still.optimizer.learning_rate = 0;
  Step<3> generates(still, batch);
  generates.train();
  CHECK(generates.parameter("layer.0.weight") == critic);
  CHECK(generates.parameter("decoder.0.weight") != generator);
  auto const report = generates.check();  // the generator's gradient through a frozen critic
  CHECK_MESSAGE(report.ok, report.text);
}

TEST_CASE("a generator follows the critic to the images, and the gap closes") {
  Critic<5> policy;
  policy.optimizer.learning_rate = 3e-3;
  // images: a bright line whose brightness is a number, so the law of the data has one dimension
  Philox const random{5, 6, 7};
  HostArray<2> lines{{32, Image::size}, {}};
  for (std::size_t i = 0; i < 32; ++i) {
    for (std::size_t k = 0; k < Image::size; ++k)
      lines.values.push_back(k / 4 == 1 ? 1 + static_cast<double>(random.uniform(i)) : 0.0);
  }
  test::GeneratorStep<backend::Cpu, Critic<5>, latent, Image> step(
      policy, 32, {.images = lines, .minibatches = {lines, lines, lines, lines}, .seed = 3});
  double first = 0, last = 0;
  for (int i = 0; i < 800; ++i) {
    step.train(optim::Adam{.learning_rate = 3e-3, .beta1 = 0, .beta2 = 0.9});
    if (i == 100) first = step.measured()[0];
    if (i >= 790) last += step.measured()[0] / 10;
  }
  CHECK(first > 1);
  CHECK(std::abs(last) < 0.1 * first);
  auto const images = step.numbers(step.fresh_view().generated());
  double line = 0, rest = 0;
  for (std::size_t i = 0; i < images.size(); ++i)
    (i % 16 / 4 == 1 ? line : rest) += images[i] / (32 * (i % 16 / 4 == 1 ? 4 : 12));
  CHECK(line == doctest::Approx(1.5).epsilon(0.15));
  CHECK(std::abs(rest) < 0.15);
}
