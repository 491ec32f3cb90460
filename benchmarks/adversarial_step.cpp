// SPDX-License-Identifier: Apache-2.0
// Times the steps of FactorVAE and RF-VAE (the update of the discriminator included) that benchmarks/peers
// times in libtorch, for benchmarks/compare_with_libtorch.
#include "step_setup.hpp"
#include "step_times.hpp"

#include <disentangle/method/factor_vae.hpp>
#include <disentangle/method/rf_vae.hpp>

namespace {

template <class Method>
void run(benchmarks::StepArguments const& arguments) {
  benchmarks::TrainingStep<Method, disentangle::ImageShape<64, 64, 1>> step(
      static_cast<unsigned>(arguments.threads));
  benchmarks::report_steps("disentangle", arguments, step);
}

}  // namespace

int main(int count, char** words) {
  auto const arguments = benchmarks::read_arguments(count, words, {"factor_vae", "rf_vae"});
  if (arguments.model == "factor_vae") run<disentangle::method::FactorVae>(arguments);
  if (arguments.model == "rf_vae") run<disentangle::method::RfVae>(arguments);
}
