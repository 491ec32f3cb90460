// SPDX-License-Identifier: Apache-2.0
// Times the step of WGAN-GP (five critic steps with their gradient penalties, then the generator's and its
// samples encoder's) that benchmarks/peers times in libtorch, for benchmarks/compare_with_libtorch.
#include "step_setup.hpp"
#include "step_times.hpp"

#include <disentangle/method/wgan_gp.hpp>

int main(int count, char** words) {
  auto const arguments = benchmarks::read_arguments(count, words, {"wgan_gp"});
  benchmarks::TrainingStep<disentangle::method::WganGp, disentangle::ImageShape<64, 64, 1>> step(
      static_cast<unsigned>(arguments.threads));
  benchmarks::report_steps("disentangle", arguments, step);
}
