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
  auto const measured = step.measured();
  auto& seen = step.fresh_view();
  auto const codes = seen.own_codes();
  auto const c = step.numbers(codes), e = step.numbers(seen.encode(seen.generate(codes)));
  std::vector<double> error(latent);
  for (std::size_t k = 0; k < c.size(); ++k) error[k % latent] += (e[k] - c[k]) * (e[k] - c[k]) / 7;
  CHECK(found == doctest::Approx(2 * (error[0] + error[1] + error[2]) / 3));
  for (std::size_t k = 0; k < latent; ++k) CHECK(measured[k] == doctest::Approx(error[k]));
  CHECK(CodeRegression::measures(2) == std::vector<std::string>{"code_error_0", "code_error_1"});
}

TEST_CASE("gradients, with and without the generator") {
  Step both({}, 5);
  auto const report = both.check();
  CHECK_MESSAGE(report.ok, report.text);
  Step encoder_only({.trains_generator = false}, 5, {.held = {"decoder."}, .seed = 3});
  auto const own = encoder_only.check();
  CHECK_MESSAGE(own.ok, own.text);
  Step all({.trains_generator = false}, 5);
  CHECK(test::Trained(both).generator);
  CHECK(!test::Trained(all).generator);
  CHECK(test::Trained(all).others);
}

TEST_CASE("an encoder of a fixed generator learns its codes") {
  Step step({.trains_generator = false}, 64);
  for (int i = 0; i < 800; ++i) step.train(optim::Adam{.learning_rate = 1e-2});
  CHECK(step.value() < 0.05);  // a code that tells nothing: 1/3
}
