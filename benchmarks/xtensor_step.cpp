// SPDX-License-Identifier: Apache-2.0
// Times training steps on backend::Xtensor against backend::Cpu, in turns, with the network of Locatello et
// al. 2019, 64 x 64 images of one channel, batch 64: beta-VAE and beta-TCVAE.
//     xtensor_step [THREADS] [STEPS]
//     name=beta_vae threads=2 cpu_ms=21.0 xtensor_ms=21.6 ratio=1.03          (medians)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <disentangle/backend/xtensor/xtensor.hpp>
#include <disentangle/method/beta_tc_vae.hpp>

#include "step_setup.hpp"

namespace {

template <class Step>
double milliseconds(Step& step) {
  auto const start = std::chrono::steady_clock::now();
  step();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

template <class Method>
void compare(char const* name, unsigned threads, int steps) {
  using Image = disentangle::ImageShape<64, 64, 1>;
  benchmarks::TrainingStep<Method, Image> cpu(threads);
  benchmarks::TrainingStep<Method, Image, disentangle::backend::Xtensor> xtensor(threads);
  std::vector<double> cpu_times, xtensor_times;
  for (int i = -5; i < steps; ++i) {
    double const a = milliseconds(cpu), b = milliseconds(xtensor);
    if (i < 0) continue;  // the first steps allocate
    cpu_times.push_back(a);
    xtensor_times.push_back(b);
  }
  double const a = median(cpu_times), b = median(xtensor_times);
  std::printf("name=%s threads=%u cpu_ms=%.2f xtensor_ms=%.2f ratio=%.3f\n", name, threads, a, b, b / a);
}

}  // namespace

int main(int count, char** words) {
  int const threads = count > 1 ? std::atoi(words[1]) : 2, steps = count > 2 ? std::atoi(words[2]) : 50;
  if (threads < 1 || steps < 1) {
    std::fprintf(stderr, "usage: %s [THREADS] [STEPS]\n", words[0]);
    return 2;
  }
  compare<disentangle::method::BetaVae>("beta_vae", static_cast<unsigned>(threads), steps);
  compare<disentangle::method::BetaTcVae>("beta_tc_vae", static_cast<unsigned>(threads), steps);
}
