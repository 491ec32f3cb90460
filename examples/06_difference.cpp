// SPDX-License-Identifier: Apache-2.0
// Aim: does it help to maximise how differently two numbers of a code change the image? DiD's difference term
//      on a generator, the same generator without it, and the term on beta-VAE's decoder, a variant of no
//      paper.
// Paper: Zhang et al., "Disentanglement in Difference", 2025; what is known of it and what is reconstructed:
// docs/methods/did.md.
// Command: 06_difference 2500 runs/difference 32 0  (steps of each, folder, image side 32 or 64, seed; 6.5
//        minutes at 32 on two cores. At 64 60 steps of each took 65 s, 73 s of processor time, on two cores
//        that others used too: 2500 are then three quarters of an hour. The settings of docs/methods/did.md
//        are 100,000 steps and more.)
//        It goes on from its checkpoints: give it the same folder again.
// Expected output: for each method progress reports, then its scores and how its critic and difference
//        encoder stood at the end; in the folder samples.png and traversals.png of each, and log.csv with
//        everything that was measured.
// test: 3 run 32
// prints: WGAN-GP.* MIG +[0-9.]+ +DCI disentanglement +[0-9.]+ +SAP
// prints: difference_accuracy +[0-9.]+
// prints: run/beta_vae_difference/traversals.png
#include <disentangle/disentangle.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

namespace dis = disentangle;
using Trunk = dis::encoder::InfoGanConv<>;
using Difference = dis::contrast::InterFactorDifference<Trunk>;
// Two critic steps instead of five: half the cost, and enough for white shapes on black.
using Critic = dis::adversary::WassersteinCritic<Trunk, 2>;
using WganGp = dis::With<dis::method::WganGp, dis::Adversary<Critic>>;
using Did = dis::Plus<WganGp, dis::Contrast<Difference>>;
using DifferenceBetaVae = dis::With<dis::method::BetaVae, dis::Contrast<Difference>>;

template <class Method, class Data>
bool study(char const* name, Method method, Data const& data, long steps, std::uint64_t seed,
           std::filesystem::path const& folder) {
  std::printf("\n%s\n%s", name, describe(method).c_str());
  dis::Model model{method, dis::backend::Cpu(), data.image_shape(), dis::seed(seed)};
  auto const run = dis::train(model, data, {.steps = steps, .batch_size = 32}, dis::progress_bar(),
                              dis::csv_log(folder / "log.csv"), dis::checkpoint(folder, {.resume = true}),
                              dis::stop_signal());
  if (!run.stopped.empty()) return false;

  // The representation of a generator is what its samples encoder says of real images.
  std::size_t const rows = steps < 100 ? 200 : 5000;
  dis::metric::Mig mig;
  mig.num_train = rows;
  dis::metric::Dci dci;
  dci.num_train = rows;
  dci.num_test = rows / 2;
  dis::metric::Sap sap;
  sap.num_train = rows;
  sap.num_test = rows / 2;
  auto const scores = dis::evaluate(model, data, {}, mig, dci, sap);
  std::printf("%s: MIG %.3f  DCI disentanglement %.3f  SAP %.3f\n", name, scores[0].value, scores[1].value,
              scores[2].value);
  auto const measures = model.measures();
  for (std::size_t i = 0; i < measures.size(); ++i)
    std::printf("  %-28s %.4f\n", model.measure_names()[i].c_str(), measures[i]);

  bool const generative = !Method::template has<dis::Role::reconstruction>;
  float const range = generative ? 1.0f : 2.0f;  // codes are uniform on (-1, 1), or standard normal
  dis::report::samples(model, folder / "samples.png", {.title = std::string(name) + ": samples"});
  dis::report::code_traversals(model, folder / "traversals.png",
                               {.low = -range, .high = range, .title = name});
  std::printf("%s\n", (folder / "traversals.png").string().c_str());
  return true;
}

template <class Data>
void all(Data const& data, long steps, std::uint64_t seed, std::filesystem::path const& folder) {
  // Larger learning rates than the papers': a few thousand steps instead of hundreds of thousands.
  auto const generative = [](auto method) {
    method.template get<dis::optim::WassersteinAdam>().learning_rate = 5e-4;
    method.template get<Critic>().optimizer.learning_rate = 5e-4;
    return method;
  };
  if (!study("WGAN-GP (control)", generative(WganGp{}), data, steps, seed, folder / "wgan_gp")) return;

  auto did = generative(Did{});
  auto& term = did.template get<Difference>();
  term.form = dis::contrast::DifferenceForm::distance;  // the literal squared form has a degenerate optimum
  term.pull = 1;
  if (!study("DiD, push-pull", did, data, steps, seed, folder / "did")) return;

  DifferenceBetaVae vae;
  vae.template get<dis::optim::Adam>().learning_rate = 5e-4;
  vae.template get<Difference>().weight = 10;  // beside a reconstruction that is a sum over pixels
  study("beta-VAE with the difference term", vae, data, steps, seed, folder / "beta_vae_difference");
}

int main(int argc, char** argv) {
  long const steps = argc > 1 ? std::stol(argv[1]) : 2500;
  std::filesystem::path const folder = argc > 2 ? argv[2] : "runs/06_difference";
  int const side = argc > 3 ? std::stoi(argv[3]) : 32;
  std::uint64_t const seed = argc > 4 ? std::stoull(argv[4]) : 0;
  if (side == 32) return all(dis::data::halved(dis::data::dsprites()), steps, seed, folder), 0;
  if (side == 64) return all(dis::data::dsprites(), steps, seed, folder), 0;
  std::fprintf(stderr, "06_difference: found image side %d, expected 32 or 64\n", side);
  return 1;
}
