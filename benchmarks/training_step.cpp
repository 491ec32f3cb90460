// SPDX-License-Identifier: Apache-2.0
// Times the training steps that benchmarks/peers times in libtorch, for benchmarks/compare_with_libtorch.
#include "step_setup.hpp"
#include "step_times.hpp"

namespace {

template <class Method, int Channels>
void run(benchmarks::StepArguments const& arguments) {
  benchmarks::TrainingStep<Method, disentangle::ImageShape<64, 64, Channels>> step(
      static_cast<unsigned>(arguments.threads));
  benchmarks::report_steps("disentangle", arguments, step);
}

}  // namespace

int main(int count, char** words) {
  auto const arguments = benchmarks::read_arguments(count, words, {"mlp", "conv1", "conv3"});
  if (arguments.model == "mlp") run<benchmarks::Mlp, 1>(arguments);
  if (arguments.model == "conv1") run<benchmarks::Conv, 1>(arguments);
  if (arguments.model == "conv3") run<benchmarks::Conv, 3>(arguments);
}
