// SPDX-License-Identifier: Apache-2.0
// Time of every metric on codes like a trained model's on dSprites: 5 factors (3, 6, 40, 32, 32 values), 10
// latents, of which five follow a factor with noise, one mixes two and the rest are noise.
#include <cstddef>
#include <cstdint>

#include <benchmark/benchmark.h>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/beta_vae.hpp>
#include <disentangle/metric/dci.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/factor_vae.hpp>
#include <disentangle/metric/function_source.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/sap.hpp>

namespace {

using namespace disentangle;

auto dsprites_like() {
  return metric::FunctionSource({{"shape", 3}, {"scale", 6}, {"orientation", 40}, {"x", 32}, {"y", 32}}, 10,
                                [](MatrixView<int const> factors, MatrixView<double> codes) {
                                  int const sizes[5] = {3, 6, 40, 32, 32};
                                  for (std::size_t i = 0; i < factors.rows; ++i) {
                                    std::uint64_t point = 0;
                                    for (std::size_t k = 0; k < 5; ++k)
                                      point = point * 64 + static_cast<std::uint64_t>(factors(i, k));
                                    Philox const noise{1, 2, point};
                                    for (std::size_t l = 0; l < 10; ++l)
                                      codes(i, l) =
                                          (l < 5 ? 0.05 : 0.5) * static_cast<double>(noise.normal(l));
                                    for (std::size_t l = 0; l < 5; ++l)
                                      codes(i, l) +=
                                          static_cast<double>(factors(i, l)) / (sizes[l] - 1) - 0.5;
                                    codes(i, 0) += codes(i, 1);
                                  }
                                });
}

/// Rows drawn once; two thirds of them train.
metric::detail::Rows rows(std::size_t n) {
  metric::RandomIntegers rng(seed(0), "benchmark");
  return metric::detail::draw_rows(dsprites_like(), n, rng);
}

template <class Metric>
void on_arrays(benchmark::State& state, Metric metric) {
  auto const sample = rows(static_cast<std::size_t>(state.range(0)));
  double value = 0;
  for (auto _ : state) value = metric(sample.codes.view(), sample.factors.view()).value;
  state.counters["score"] = value;
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

template <class Metric>
void on_source(benchmark::State& state, Metric metric) {
  auto const source = dsprites_like();
  double value = 0;
  for (auto _ : state) value = metric(source, seed(0)).value;
  state.counters["score"] = value;
}

}  // namespace

BENCHMARK_CAPTURE(on_arrays, mig, metric::Mig{})
    ->Arg(2000)
    ->Arg(10000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(on_arrays, sap, metric::Sap{})
    ->Arg(2000)
    ->Arg(15000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(on_arrays, sap_continuous, metric::Sap{.continuous = true})
    ->Arg(15000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(on_arrays, dci, metric::Dci{})
    ->Arg(2000)
    ->Arg(15000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->UseRealTime();
BENCHMARK_CAPTURE(on_arrays, dci_one_thread, metric::Dci{.threads = 1})
    ->Arg(2000)
    ->Arg(15000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->UseRealTime();
// With the published counts; the encoder here is a formula, so this is the metric's own cost.
BENCHMARK_CAPTURE(on_source, factor_vae, metric::FactorVae{})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->UseRealTime();
BENCHMARK_CAPTURE(on_source, beta_vae, metric::BetaVae{})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->UseRealTime();

BENCHMARK_MAIN();
