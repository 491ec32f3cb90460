// SPDX-License-Identifier: Apache-2.0
// The passes of every convolution of the 64x64 networks (batch 64) on 1 and 2 threads. Counters: GFLOP/s,
// padding counted, and its percentage of the multiply-add peak of the same run.
#include <map>
#include <vector>

#include <benchmark/benchmark.h>

#include <disentangle/backend/cpu/convolution.hpp>
#include <disentangle/core/philox.hpp>

#include "multiply_add_peak.hpp"

namespace {

using namespace disentangle::backend;
using namespace disentangle::backend::cpu;
using disentangle::Activation;
using disentangle::ThreadPool;

constexpr std::size_t batch = 64;

std::vector<float> numbers(std::size_t n) {
  disentangle::Philox const random{1, 2, 3};
  std::vector<float> r(n);
  for (std::size_t i = 0; i < n; ++i) r[i] = random.uniform(i) - 0.5f;
  return r;
}

double peak(ThreadPool& pool) {
  static std::map<unsigned, double> known;
  auto const [place, added] = known.try_emplace(pool.size(), 0.0);
  if (added) place->second = disentangle::benchmarks::multiply_add_peak(pool);
  return place->second;
}

template <class Geometry>
struct Layer {
  std::vector<float> in = numbers(batch * Geometry::in_size), weights = numbers(Geometry::weight_size),
                     bias = numbers(Geometry::bias_size), out = numbers(batch * Geometry::out_size),
                     d = numbers(batch * Geometry::out_size), din = in, dw = weights, db = bias,
                     workspace = numbers(convolution_workspace<Geometry>(batch));
};

template <class Geometry, class Pass>
void measure(benchmark::State& state, double passes, Pass pass) {
  ThreadPool pool(static_cast<unsigned>(state.range(0)));
  double const most = peak(pool);
  Layer<Geometry> layer;
  for (auto _ : state) pass(pool, layer);
  double const flops = passes * Geometry::flops * static_cast<double>(batch);
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(flops * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["%peak"] = Counter(100 * flops / most, Counter::kIsIterationInvariantRate);
}

template <class Geometry>
inline constexpr bool transposed = requires { typename Geometry::Adjoint; };

template <class Geometry>
void forward(benchmark::State& state) {
  measure<Geometry>(state, 1, [](ThreadPool& pool, Layer<Geometry>& l) {
    if constexpr (transposed<Geometry>)
      transposed_convolution_forward<Geometry, Activation::relu>(
          pool, batch, l.in.data(), l.weights.data(), l.bias.data(), l.out.data(), l.workspace.data());
    else
      convolution_forward<Geometry, Activation::relu>(pool, batch, l.in.data(), l.weights.data(),
                                                      l.bias.data(), l.out.data());
  });
}

template <class Geometry>
void input_adjoint(benchmark::State& state) {
  measure<Geometry>(state, 1, [](ThreadPool& pool, Layer<Geometry>& l) {
    if constexpr (transposed<Geometry>)
      transposed_convolution_input_adjoint<Geometry>(pool, batch, l.d.data(), l.weights.data(), l.din.data());
    else
      convolution_input_adjoint<Geometry>(pool, batch, l.d.data(), l.weights.data(), l.din.data(),
                                          l.workspace.data());
  });
}

template <class Geometry>
void weight_adjoint(benchmark::State& state) {
  measure<Geometry>(state, 1, [](ThreadPool& pool, Layer<Geometry>& l) {
    if constexpr (transposed<Geometry>)
      transposed_convolution_weight_adjoint<Geometry>(pool, batch, l.in.data(), l.d.data(), l.dw.data(),
                                                      l.db.data(), false, l.workspace.data());
    else
      convolution_weight_adjoint<Geometry>(pool, batch, l.in.data(), l.d.data(), l.dw.data(), l.db.data(),
                                           false, l.workspace.data());
  });
}

#define DISENTANGLE_BENCHMARK(...)                                               \
  BENCHMARK_TEMPLATE(forward, __VA_ARGS__)->Arg(1)->Arg(2)->UseRealTime();       \
  BENCHMARK_TEMPLATE(input_adjoint, __VA_ARGS__)->Arg(1)->Arg(2)->UseRealTime(); \
  BENCHMARK_TEMPLATE(weight_adjoint, __VA_ARGS__)->Arg(1)->Arg(2)->UseRealTime()

DISENTANGLE_BENCHMARK(ConvolutionGeometry<64, 64, 1, 32, 4, 2, 1>);
DISENTANGLE_BENCHMARK(ConvolutionGeometry<64, 64, 3, 32, 4, 2, 1>);
DISENTANGLE_BENCHMARK(ConvolutionGeometry<32, 32, 32, 32, 4, 2, 1>);
DISENTANGLE_BENCHMARK(ConvolutionGeometry<16, 16, 32, 64, 4, 2, 1>);
DISENTANGLE_BENCHMARK(ConvolutionGeometry<8, 8, 64, 64, 4, 2, 1>);
DISENTANGLE_BENCHMARK(ConvolutionGeometry<16, 16, 32, 32, 4, 2, 1>);
DISENTANGLE_BENCHMARK(ConvolutionGeometry<8, 8, 32, 32, 4, 2, 1>);
DISENTANGLE_BENCHMARK(TransposedConvolutionGeometry<4, 4, 64, 64, 4, 2, 1>);
DISENTANGLE_BENCHMARK(TransposedConvolutionGeometry<8, 8, 64, 32, 4, 2, 1>);
DISENTANGLE_BENCHMARK(TransposedConvolutionGeometry<16, 16, 32, 32, 4, 2, 1>);
DISENTANGLE_BENCHMARK(TransposedConvolutionGeometry<32, 32, 32, 1, 4, 2, 1>);
DISENTANGLE_BENCHMARK(TransposedConvolutionGeometry<32, 32, 32, 3, 4, 2, 1>);

}  // namespace

BENCHMARK_MAIN();
