// SPDX-License-Identifier: Apache-2.0
// Training steps under Google Benchmark; the argument is the number of threads.
#include <benchmark/benchmark.h>

#include "step_setup.hpp"

namespace {

template <class Method, int Channels, long Multiplications>
void training_step(benchmark::State& state) {
  benchmarks::TrainingStep<Method, disentangle::ImageShape<64, 64, Channels>> step(
      static_cast<unsigned>(state.range(0)));
  for (auto _ : state) step();
  auto const images = static_cast<double>(state.iterations() * 64);
  state.counters["images/s"] = benchmark::Counter(images, benchmark::Counter::kIsRate);
  // multiplications and additions of the layers' three passes per image: spec of the comparison,
  // docs/results.md
  state.counters["GFLOP/s"] =
      benchmark::Counter(images * 2e-9 * static_cast<double>(Multiplications), benchmark::Counter::kIsRate);
}

}  // namespace

BENCHMARK(training_step<benchmarks::Mlp, 1, 37'644'000>)
    ->Name("training_step/mlp")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(training_step<benchmarks::Conv, 1, 48'257'536>)
    ->Name("training_step/conv1")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(training_step<benchmarks::Conv, 3, 53'500'416>)
    ->Name("training_step/conv3")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
