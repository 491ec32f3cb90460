// SPDX-License-Identifier: Apache-2.0
// The most multiply-adds a second that this machine does in float32, for the share of the peak beside a time.
// usage: fma_peak [THREADS], which prints a line for each of 1 .. THREADS (default 2) threads:
//   fma_gflops threads=1 best=102.5 median=101.9
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr std::size_t vector_bytes = 64;
#elif defined(__AVX__)
constexpr std::size_t vector_bytes = 32;
#else
constexpr std::size_t vector_bytes = 16;
#endif
using Vector = float __attribute__((vector_size(vector_bytes)));

// Enough independent chains to hide the latency (4 or 5 cycles, two a cycle), few enough for 16 registers.
constexpr std::size_t chains = 12;
constexpr long iterations = 8'000'000;
constexpr double flop = 2.0 * chains * (vector_bytes / sizeof(float)) * iterations;

volatile float factor_source = 0.9999999f;  // read at run time, so that nothing is known in advance
volatile float term_source = 1e-9f;
volatile float sink;

void multiply_add() {
  Vector const factor = Vector{} + factor_source;
  Vector const term = Vector{} + term_source;
  Vector sums[chains];
  for (Vector& sum : sums) sum = term;
  for (long i = 0; i < iterations; ++i) {
    [&]<std::size_t... chain>(std::index_sequence<chain...>) {
      ((sums[chain] = sums[chain] * factor + term), ...);
    }(std::make_index_sequence<chains>{});
  }
  Vector total{};
  for (Vector const& sum : sums) total += sum;
  sink = total[0];
}

// GFLOP/s of every trial, in ascending order. All trials run in the same threads, which the scheduler has
// spread then.
std::vector<double> trials(int threads, std::size_t count) {
  using Clock = std::chrono::steady_clock;
  using Times = std::vector<Clock::time_point>;
  std::barrier start(threads);
  std::vector<Times> begins(static_cast<std::size_t>(threads), Times(count)), ends(begins);
  std::vector<std::thread> workers;
  for (std::size_t t = 0; t < begins.size(); ++t) {
    workers.emplace_back([&, t] {
      for (std::size_t trial = 0; trial < count; ++trial) {
        start.arrive_and_wait();
        begins[t][trial] = Clock::now();
        multiply_add();
        ends[t][trial] = Clock::now();
      }
    });
  }
  for (auto& worker : workers) worker.join();
  std::vector<double> result;
  for (std::size_t trial = 0; trial < count; ++trial) {
    auto begin = begins[0][trial], end = ends[0][trial];
    for (std::size_t t = 1; t < begins.size(); ++t) {
      begin = std::min(begin, begins[t][trial]);
      end = std::max(end, ends[t][trial]);
    }
    result.push_back(threads * flop / std::chrono::duration<double>(end - begin).count() / 1e9);
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

int main(int count, char** words) {
  int const most = count > 1 ? std::atoi(words[1]) : 2;
  if (most < 1) {
    std::fprintf(stderr, "usage: %s [THREADS]\n", words[0]);
    return 2;
  }
  for (int threads = 1; threads <= most; ++threads) {
    auto const gflops = trials(threads, 40);
    std::printf("fma_gflops threads=%d best=%.1f median=%.1f\n", threads, gflops.back(),
                gflops[gflops.size() / 2]);
  }
}
