// SPDX-License-Identifier: Apache-2.0
// The samples encoder: its loss and measures, its gradient, whom it trains.
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/supervision/code_regression.hpp>

#include "tests/support/generator_step.hpp"

using namespace disentangle;
using Double = backend::BasicCpu<double>;
using Image = ImageShape<2, 3, 1>;
using supervision::CodeRegression;
constexpr int latent = 3;
using Step = test::GeneratorStep<Double, CodeRegression, latent, Image>;

static_assert(step_policy<CodeRegression>);

TEST_CASE("the mean squared error over the batch and dimensions; its parts by dimension are measured") {
  Step step({.weight = 2}, 7);
  double const found = step.value();
  step.begin();
  RecordingOff<Double> const guard(step.tape());
  auto const c = step.own_codes(), e = step.encode(step.generate(c));
  std::vector<double> error(latent);
  for (std::ptrdiff_t k = 0; k < c.size(); ++k)
    error[static_cast<std::size_t>(k % latent)] += (e.value[k] - c.value[k]) * (e.value[k] - c.value[k]) / 7;
  CHECK(found == doctest::Approx(2 * (error[0] + error[1] + error[2]) / 3));
  for (std::size_t k = 0; k < latent; ++k) CHECK(step.measured[k] == doctest::Approx(error[k]));
  CHECK(CodeRegression::measures(2) == std::vector<std::string>{"code_error_0", "code_error_1"});
}

TEST_CASE("gradients, with and without the generator") {
  Step both({}, 5);
  auto const report = test::check_generator_term(both);
  CHECK_MESSAGE(report.ok, report.text);
  Step encoder_only({.trains_generator = false}, 5);
  auto const own = test::check_generator_term(encoder_only, true);
  CHECK_MESSAGE(own.ok, own.text);
  auto const generator_norm = [](Step& step) {
    step.begin();
    step.set().begin_step();
    step.generator_set().begin_step();
    auto const loss = materialise(step.policy(step));
    step.tape().backend().fill(loss.gradient, 1, 1.0);
    step.tape().backward();
    step.generator_set().complete_gradients();
    return nn::gradient_norm(step.generator_set());
  };
  CHECK(generator_norm(encoder_only) == 0);
  CHECK(generator_norm(both) > 0);
}

TEST_CASE("an encoder of a fixed generator learns its codes") {
  Step step({.trains_generator = false}, 64);
  step.train(800, false);
  CHECK(step.value() < 0.05);  // a code that tells nothing: 1/3
}
