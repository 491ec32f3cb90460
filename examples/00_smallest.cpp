// SPDX-License-Identifier: Apache-2.0
// Aim: the smallest program that trains and scores. It includes what it uses instead of the umbrella header,
//      which halves the time to compile (docs/results.md).
// Command: 00_smallest 2000      (steps)
// Expected output: a progress report, then MIG.
// test: 3
// prints: mig [0-9.]+
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/train/evaluate.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/progress_bar.hpp>
#include <disentangle/train/train.hpp>

#include <cstdio>
#include <cstdlib>

namespace dis = disentangle;

int main(int argc, char** argv) {
  auto const data = dis::data::dsprites();
  dis::Model model{dis::method::BetaTcVae{}, dis::backend::Cpu{}, data.image_shape(), dis::seed(0)};
  dis::train(model, data, {.steps = argc > 1 ? std::atol(argv[1]) : 2000}, dis::progress_bar());
  for (auto const& score : dis::evaluate<dis::metric::Mig>(model, data))
    std::printf("%s %.4f\n", score.metric.c_str(), score.value);
}
