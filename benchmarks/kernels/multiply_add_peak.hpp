// SPDX-License-Identifier: Apache-2.0
// The most multiply-adds a second that the kernels could reach on this machine, measured beside them.
#pragma once

#include <algorithm>
#include <chrono>

#include <disentangle/backend/cpu/simd.hpp>
#include <disentangle/core/thread_pool.hpp>

namespace disentangle::benchmarks {

/// Floating point operations a second, float, of 16 independent multiply-adds in a loop on all threads of the
/// pool; the best of several trials.
inline double multiply_add_peak(ThreadPool& pool) {
  using Pack = backend::cpu::simd::Pack<float>;
  constexpr int chains = 16, rounds = 400'000, trials = 30;
  auto const work = [](std::size_t task) {
    Pack::Vector factor = Pack(0.9999999f).v, term = Pack(1e-9f).v, sum[chains];
    for (int i = 0; i < chains; ++i) sum[i] = Pack(static_cast<float>(i) + static_cast<float>(task)).v;
    for (int round = 0; round < rounds; ++round)
#pragma GCC unroll 16
      for (int i = 0; i < chains; ++i) sum[i] = sum[i] * factor + term;
    for (int i = 1; i < chains; ++i) sum[0] += sum[i];
    float volatile const sink = Pack(sum[0])[0];
    static_cast<void>(sink);
  };
  double best = 0;
  for (int trial = 0; trial < trials; ++trial) {
    auto const begin = std::chrono::steady_clock::now();
    pool.for_each(pool.size(), work);
    std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - begin;
    best = std::max(best, 2.0 * chains * rounds * Pack::size * pool.size() / seconds.count());
  }
  return best;
}

}  // namespace disentangle::benchmarks
