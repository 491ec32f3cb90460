// SPDX-License-Identifier: Apache-2.0
// InfoGAN-CR's regulariser: value against plain loops, gradient, and that H learns which number two images
// share.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/contrast/kept_factor.hpp>

#include "tests/support/generator_step.hpp"

using namespace disentangle;
using namespace disentangle::contrast;
using Image = ImageShape<2, 3, 1>;
using Double = backend::BasicCpu<double>;
constexpr int latent = 4;
using Term = KeptFactor<test::DenseTrunk<6, nn::Tanh>>;

static_assert(step_policy<KeptFactor<>>);

TEST_CASE("the cross entropy of the kept number, and its gradient") {
  test::GeneratorStep<Double, Term, latent, Image> step({.weight = 1.5}, 5);
  double const found = step.value();
  auto const measured = step.measured();
  double expected = 0, right = 0;
  {
    auto& seen = step.fresh_view();
    RecordingOff<Double> const guard(seen.tape());
    auto const c = seen.own_codes();
    auto const kept =
        contrast::detail::choose_dimensions(seen.tape(), 5, latent, seen.random("kept_factor.dimension"))
            .first;
    auto const other = seen.redraw(c, 0, "kept_factor.others");
    for (std::ptrdiff_t r = 0; r < 5; ++r) {
      std::vector<double> mixed(latent);
      int which = -1, shared = 0;
      for (int k = 0; k < latent; ++k) {
        bool const keeps = kept.value[r * latent + k] == 1;
        if (keeps) which = k;
        mixed[static_cast<std::size_t>(k)] = keeps ? c.value[r * latent + k] : other.value[r * latent + k];
        shared += mixed[static_cast<std::size_t>(k)] == c.value[r * latent + k] ? 1 : 0;
      }
      CHECK(shared == 1);
      auto const partner = seen.tape().constant(Extents<2>{1, latent}, mixed.data());
      auto const logits = seen.state()(seen.generate(slice(c, axis<0>, r, r + 1)), seen.generate(partner),
                                       step.policy().trains);
      double total = 0, best = logits.value[0];
      for (int k = 0; k < latent; ++k) {
        total += std::exp(logits.value[k]);
        best = std::max(best, logits.value[k]);
      }
      expected -= 1.5 / 5 * (logits.value[which] - std::log(total));
      right += logits.value[which] == best ? 0.2 : 0;
    }
  }
  CHECK(found == doctest::Approx(expected).epsilon(1e-9));
  CHECK(measured[0] == doctest::Approx(right));
  auto const report = step.check();
  CHECK_MESSAGE(report.ok, report.text);
}

TEST_CASE("before its first step it weighs nothing") {
  test::GeneratorStep<Double, Term, latent, Image> step({.first_step = 10}, 5);
  step.go_to(9);
  CHECK(step.value() == 0);
  step.go_to(10);
  CHECK(step.value() > 0);
}

TEST_CASE("on a linear generator H learns to name the kept number") {
  test::GeneratorStep<backend::Cpu, KeptFactor<test::DenseTrunk<48>, SubtractedPair>, latent, Image> step(
      {.minimum = 0.3}, 64, {.held = {"decoder."}, .seed = 3});
  for (int i = 0; i < 600; ++i) step.train(optim::Adam{.learning_rate = 1e-2});
  CHECK(step.measured()[0] > 0.9);  // chance: 0.25
}
