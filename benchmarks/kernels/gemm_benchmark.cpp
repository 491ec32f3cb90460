// SPDX-License-Identifier: Apache-2.0
// The matrix products of the MLP step (batch 64) and of cubes, our own kernel and Eigen's, on 1 and 2
// threads.
// Counters: GFLOP/s and its percentage of the multiply-add peak of the same run.
#include <array>
#include <map>
#include <vector>

#include <benchmark/benchmark.h>

#include <disentangle/backend/cpu/gemm.hpp>
#include <disentangle/backend/eigen/gemm.hpp>
#include <disentangle/core/philox.hpp>

#include "multiply_add_peak.hpp"

namespace {

using namespace disentangle::backend;
using cpu::Operand;
using cpu::row_major;
using disentangle::ThreadPool;

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

enum class Product { forward, input_adjoint, weight_adjoint };

// A layer of `inputs` x `outputs` weights and a batch: Y = X W, dX = dY W^T or dW = X^T dY.
template <bool use_eigen, Product product>
void layer(benchmark::State& state) {
  ThreadPool pool(static_cast<unsigned>(state.range(3)));
  double const most = peak(pool);
  auto const batch = static_cast<std::size_t>(state.range(0)),
             inputs = static_cast<std::size_t>(state.range(1)),
             outputs = static_cast<std::size_t>(state.range(2));
  std::vector<float> x = numbers(batch * inputs), w = numbers(inputs * outputs), y = numbers(batch * outputs);
  auto const multiply = [&](std::size_t m, std::size_t n, std::size_t k, Operand<float> a, Operand<float> b,
                            float* c) {
    if constexpr (use_eigen) eigen::gemm(pool, m, n, k, a, b, c, n);
    else cpu::gemm(pool, m, n, k, a, b, c, n);
  };
  auto const of_x = row_major(x.data(), inputs), of_w = row_major(w.data(), outputs),
             of_y = row_major(y.data(), outputs);
  for (auto _ : state) {
    if constexpr (product == Product::forward) multiply(batch, outputs, inputs, of_x, of_w, y.data());
    if constexpr (product == Product::input_adjoint)
      multiply(batch, inputs, outputs, of_y, of_w.transposed(), x.data());
    if constexpr (product == Product::weight_adjoint)
      multiply(inputs, outputs, batch, of_x.transposed(), of_y, w.data());
    benchmark::ClobberMemory();
  }
  double const flops =
      2.0 * static_cast<double>(batch) * static_cast<double>(inputs) * static_cast<double>(outputs);
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(flops * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["%peak"] = Counter(100 * flops / most, Counter::kIsIterationInvariantRate);
}

void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"batch", "inputs", "outputs", "threads"})->UseRealTime();
  for (int threads : {1, 2}) {
    for (auto [m, in, out] : {std::array{64, 4096, 1200},
                              {64, 1200, 1200},
                              {64, 1200, 4096},
                              {64, 1024, 256},
                              {64, 10, 1200},
                              {1, 1024, 256},
                              {256, 256, 256},
                              {1024, 1024, 1024}})
      b->Args({m, in, out, threads});
  }
}

BENCHMARK_TEMPLATE(layer, false, Product::forward)->Apply(shapes);
BENCHMARK_TEMPLATE(layer, true, Product::forward)->Apply(shapes);
BENCHMARK_TEMPLATE(layer, false, Product::input_adjoint)->Apply(shapes);
BENCHMARK_TEMPLATE(layer, true, Product::input_adjoint)->Apply(shapes);
BENCHMARK_TEMPLATE(layer, false, Product::weight_adjoint)->Apply(shapes);
BENCHMARK_TEMPLATE(layer, true, Product::weight_adjoint)->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
