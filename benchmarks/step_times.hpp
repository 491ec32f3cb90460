// SPDX-License-Identifier: Apache-2.0
// What the programs that time training steps share, ours and the peers': the command line, the clock and the
// line that each prints for benchmarks/compare_with_libtorch. C++17, as which the peers are compiled.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace benchmarks {

/// PROGRAM MODEL THREADS [STEPS]
struct StepArguments {
  std::string model;
  int threads = 2;
  int steps = 20;
};

/// Reads the command line; prints the usage and exits where it is wrong.
inline StepArguments read_arguments(int count, char** words, std::vector<std::string> const& models) {
  StepArguments arguments;
  bool right = count >= 3;
  if (right) {
    arguments.model = words[1];
    arguments.threads = std::atoi(words[2]);
    if (count > 3) arguments.steps = std::atoi(words[3]);
    right = std::find(models.begin(), models.end(), arguments.model) != models.end() &&
            arguments.threads > 0 && arguments.steps > 0;
  }
  if (!right) {
    std::string names;
    for (std::string const& model : models) names += (names.empty() ? "" : "|") + model;
    std::fprintf(stderr, "usage: %s %s THREADS [STEPS]\n", words[0], names.c_str());
    std::exit(2);
  }
  return arguments;
}

/// Images in a minibatch of all step benchmarks.
inline constexpr int batch_size = 64;

/// Runs `step` five times, then `steps` times with the clock on, and prints one line:
/// name=conv1 program=disentangle threads=2 best_ms=60.1 median_ms=62.3 rss_mib=98
template <class Step>
void report_steps(char const* program, StepArguments const& arguments, Step&& step) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < 5; ++i) step();
  std::vector<double> times;
  for (int i = 0; i < arguments.steps; ++i) {
    auto const start = Clock::now();
    step();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("name=%s program=%s threads=%d best_ms=%.3f median_ms=%.3f rss_mib=%ld\n",
              arguments.model.c_str(), program, arguments.threads, times.front(), times[times.size() / 2],
              usage.ru_maxrss / 1024);
}

}  // namespace benchmarks
