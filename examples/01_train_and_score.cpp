// SPDX-License-Identifier: Apache-2.0
// Aim: train beta-TCVAE on dSprites, score the representation, draw what each latent does.
// Paper: Chen, Li, Grosse, Duvenaud, "Isolating sources of disentanglement in variational autoencoders",
//        NeurIPS 2018; network and optimiser of Locatello et al., ICML 2019.
// Command: 01_train_and_score 20000 runs/beta_tc_vae      (steps, folder; half an hour on two cores)
// Expected output: a progress report, then a table of scores of this form (docs/results.md has the values to
// expect)
//        mig  <value>  disentanglement_lib  10000  bins 20, seed 0
//   and in the folder checkpoint.safetensors, log.csv, scores.json, traversals.png, reconstructions.png.
// test: 3 run
// prints: mig +[0-9.]+ +disentanglement_lib
// prints: run/traversals.png
#include <disentangle/disentangle.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

namespace dis = disentangle;

int main(int argc, char** argv) {
  long const steps = argc > 1 ? std::stol(argv[1]) : 20'000;
  std::filesystem::path const folder = argc > 2 ? argv[2] : "runs/01_train_and_score";

  // The 737,280 images are rendered on demand; dsprites("dsprites.npz") reads the published file instead.
  auto data = dis::data::dsprites();

  // A method is a value: every hyper-parameter is a plain member, with a published default.
  auto method = dis::method::BetaTcVae{};
  method.get<dis::regularizer::TotalCorrelation>().beta = 6;
  std::printf("%s", describe(method).c_str());

  // A model binds the method to a backend and an image shape. Equal seeds give equal runs, whatever the
  // threads.
  dis::Model model{method, dis::backend::Cpu(), data.image_shape(), dis::seed(0)};

  // Run again with more steps, this goes on from the checkpoint.
  auto const run = dis::train(model, data, {.steps = steps, .batch_size = 64}, dis::progress_bar(),
                              dis::csv_log(folder / "log.csv"), dis::checkpoint(folder, {.resume = true}),
                              dis::stop_signal());
  if (!run.stopped.empty()) return 0;

  auto scores = dis::evaluate<dis::metric::Mig, dis::metric::Sap>(model, data);
  std::printf("%s", dis::report::score_table(scores).c_str());
  dis::report::write_scores(folder / "scores.json", scores);

  dis::report::traversals(model, data, folder / "traversals.png");
  dis::report::reconstructions(model, data, folder / "reconstructions.png");
  std::printf("%s\n", (folder / "traversals.png").string().c_str());
}
