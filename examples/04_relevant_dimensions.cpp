// SPDX-License-Identifier: Apache-2.0
// Aim: which latents matter? FactorVAE and RF-VAE on the ellipses of dSprites, whose images have four
//      factors: RF-VAE learns a relevance r of each latent beside the rest, and allows the relevant ones a
//      large KL.
// Paper: Kim, Wang, Sahu, Pavlovic, "Relevance Factor VAE", 2019, as the authors' code runs it; Kim, Mnih,
// ICML 2018.
// Command: 04_relevant_dimensions 20000 runs/relevance 0  (steps of each, folder, seed; about an hour
//          on two cores)
// Expected output: for each method, its latents with their KL in nats, the factor they tell most of and their
//        relevance, how many are in use, Metrics I and II of the RF-VAE paper (docs/results.md has values to
//        expect); and in the folder a picture of KL and relevance over training.
// test: 3 run
// prints: RF-VAE: [0-9]+ latents with a KL above 0.1 nats, [0-9]+ relevant
// prints: rf_vae_metric_ii +[0-9.]+
// prints: run/rf_vae/latents.png
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/oval_dsprites.hpp>
#include <disentangle/method/factor_vae.hpp>
#include <disentangle/method/rf_vae.hpp>
#include <disentangle/metric/rf_vae.hpp>
#include <disentangle/report/latent_history.hpp>
#include <disentangle/report/latents.hpp>
#include <disentangle/report/score_table.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/evaluate.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/progress_bar.hpp>
#include <disentangle/train/relevance.hpp>
#include <disentangle/train/stop_signal.hpp>
#include <disentangle/train/train.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

namespace dis = disentangle;

template <class Method, class Data>
void study(char const* name, Method const& method, Data const& data, long steps, std::uint64_t seed,
           std::filesystem::path const& folder) {
  dis::Model model{method, dis::backend::Cpu(), data.image_shape(), dis::seed(seed)};
  auto const run =
      dis::train(model, data, {.steps = steps}, dis::progress_bar(), dis::csv_log(folder / "log.csv"),
                 dis::checkpoint(folder, {.resume = true}), dis::stop_signal());
  if (!run.stopped.empty()) return;

  auto const latents = dis::report::summarise_latents(model, data, steps < 100 ? 200 : 5000);
  std::size_t used = 0;
  for (auto const& latent : latents) used += latent.kl > 0.1;
  std::string relevant;
  if constexpr (dis::knows_relevance<decltype(model)>) {
    relevant = ", " + std::to_string(dis::relevance(model).relevant.size()) + " relevant";
  }
  std::printf("\n%s: %zu latents with a KL above 0.1 nats%s\n", name, used, relevant.c_str());
  for (auto const& latent : latents) {
    std::printf("  z%zu  KL %7.3f  %-12s", latent.latent, latent.kl, latent.factor.c_str());
    if constexpr (dis::knows_relevance<decltype(model)>)
      std::printf("  r %.3f", dis::relevance(model).values[latent.latent]);
    std::printf("\n");
  }
  if constexpr (dis::knows_relevance<decltype(model)>) {
    dis::report::latent_history(folder / "log.csv", folder / "latents.png");
    std::printf("%s\n", (folder / "latents.png").string().c_str());
  }
  bool const tiny = steps < 100;
  std::size_t const votes = tiny ? 80 : 800, repeats = tiny ? 1 : 10;
  auto const scores =
      dis::evaluate(model, data, {}, dis::metric::RfVaeMetricI{.votes = votes, .repeats = repeats},
                    dis::metric::RfVaeMetricII{.votes = votes, .repeats = repeats});
  std::printf("%s", dis::report::score_table(scores).c_str());
}

int main(int argc, char** argv) {
  long const steps = argc > 1 ? std::stol(argv[1]) : 20'000;
  std::filesystem::path const folder = argc > 2 ? argv[2] : "runs/04_relevant_dimensions";
  std::uint64_t const seed = argc > 3 ? std::stoull(argv[3]) : 0;

  auto const data = dis::data::oval_dsprites();  // scale, orientation, x, y: 245,760 images
  study("FactorVAE", dis::method::FactorVae{}, data, steps, seed, folder / "factor_vae");
  study("RF-VAE", dis::method::rf_vae_oval_dsprites(), data, steps, seed, folder / "rf_vae");
}
