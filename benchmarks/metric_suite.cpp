// SPDX-License-Identifier: Apache-2.0
// Times every metric of arrays known by name, with its defaults and all threads, on the first rows of two
// files:
//     metric_suite CODES.npy FACTORS.npy ROWS
// Metrics that compare rows of one kind (FactorVAE) draw their batches among these rows, as `disentangle
// score` does.
#include "scored_arrays.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <disentangle/core/philox.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/by_name.hpp>

namespace dis = disentangle;

int main(int count, char** words) try {
  if (count != 4) {
    std::fprintf(stderr, "usage: %s CODES.npy FACTORS.npy ROWS\n", words[0]);
    return 2;
  }
  benchmarks::ScoredArrays const arrays(words[1], words[2], std::strtoul(words[3], nullptr, 10));
  auto const codes = arrays.codes();
  auto const factors = arrays.factors();

  benchmarks::Seconds sum;
  for (std::string const& name : dis::metric_names()) {
    benchmarks::Seconds seconds;
    auto const score = dis::with_metric(name, [&](auto const& metric) {
      dis::metric::Score result;
      seconds = benchmarks::seconds_of([&] {
        if constexpr (requires { metric(codes, factors); }) {
          result = metric(codes, factors);
        } else {
          result = metric(dis::metric::ArraySource(codes, factors), dis::seed(0));
        }
      });
      return result;
    });
    sum.wall += seconds.wall;
    sum.user += seconds.user;
    std::printf("metric=%s wall_s=%.3f user_s=%.3f score=%.4f\n", name.c_str(), seconds.wall, seconds.user,
                score.value);
    std::fflush(stdout);
  }
  std::printf("metric=all wall_s=%.3f user_s=%.3f\n", sum.wall, sum.user);
} catch (std::exception const& error) {
  std::fprintf(stderr, "%s: %s\n", words[0], error.what());
  return 1;
}
