// SPDX-License-Identifier: Apache-2.0
// Does DiD's difference term help? Seven methods on dSprites at equal budget:
//   did_study METHOD STEPS SEED OUT [THREADS]
// METHOD: did_literal (squared distance, unit length, no pull), did_push_pull (distance, pull 1),
// did_supervised (the contrastive form), wgan_gp (no term: the control), info_gan_cr (InfoGAN-CR's term),
// beta_vae, factor_vae. THREADS: default 1. Prints lines of CSV, "method,steps,seed,what,value": MIG, DCI,
// SAP of the codes of real images, as disentanglement_lib samples them; processor seconds of the steps; the
// parts of the loss and what the policies measure, means over the last 200 steps. In OUT: samples.png,
// traversals.png, log.csv, and the checkpoint, from which an interrupted run goes on.
//
// STEPS are updates of generator or encoder with 32 images each; a critic makes two steps before each, of 32
// other images. All networks have convolutions of 32, 32, 64, 64 channels and a dense layer of 128, ten
// latents. Settings are ours: learning rates of 5e-4, for a few thousand steps; beta 4 and gamma 10, for
// images of 32 x 32, whose reconstruction is a sum over a quarter of the usual pixels: 16 and 40 there.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/halved.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/method/did.hpp>
#include <disentangle/method/factor_vae.hpp>
#include <disentangle/method/info_gan_cr.hpp>
#include <disentangle/method/wgan_gp.hpp>
#include <disentangle/metric/dci.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/sap.hpp>
#include <disentangle/report/generated.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/encoded_data.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>

namespace dis = disentangle;
using Critic = dis::adversary::WassersteinCritic<dis::encoder::InfoGanConv<>, 2>;
using Difference = dis::contrast::InterFactorDifference<>;
/// The start with which docs/results.md was made: N(0, 0.02) for the transposed convolutions, too.
constexpr dis::decoder::KimMnihConv measured_decoder() { return {dis::nn::Initialisation::normal_002}; }
template <class M>
using OneNetwork = dis::With<M, dis::Encoder<dis::encoder::KimMnihConv<>>,
                             dis::Preset<dis::Decoder<dis::decoder::KimMnihConv>, &measured_decoder>>;

namespace {

struct Run {
  std::string method;
  long steps;
  std::uint64_t seed;
  std::filesystem::path out;
  unsigned threads;
  void print(std::string const& what, double value) const {
    std::printf("%s,%ld,%llu,%s,%.5f\n", method.c_str(), steps, static_cast<unsigned long long>(seed),
                what.c_str(), value);
    std::fflush(stdout);
  }
};

/// Seconds and means of a run, kept as notes of the model, so that they too go on after an interruption.
struct Tally {
  static constexpr long last = 200;  // steps in the means
  double before = 0;
  std::clock_t start = 0;

  static std::vector<double>& seconds(auto& model) { return model.note("processor_seconds"); }
  static std::vector<double>& means(auto& model, long steps) {
    return model.note("means_to_" + std::to_string(steps));
  }
  void on_begin(auto& run) {
    before = seconds(run.model()).empty() ? 0 : seconds(run.model())[0];
    start = std::clock();
  }
  void on_step(auto& run, auto const& report) {
    seconds(run.model()) = {before + static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC};
    long const steps = run.options().steps;
    if (run.step() <= steps - last) return;
    std::vector<double> now(report.parts.begin(), report.parts.end());
    for (double const value : run.model().measures()) now.push_back(value);
    auto& sum = means(run.model(), steps);
    sum.resize(now.size());
    for (std::size_t i = 0; i < now.size(); ++i)
      sum[i] += now[i] / static_cast<double>(std::min(last, steps));
  }
};

template <class M>
void study(Run const& run, M const& method) {
  auto const data = dis::data::halved(dis::data::dsprites());
  dis::Model model{method, dis::backend::Cpu(run.threads), data.image_shape(), dis::seed(run.seed)};
  // the tally comes before the checkpoint, which saves it
  dis::train(model, data, {.steps = run.steps, .batch_size = 32}, Tally{}, dis::csv_log(run.out / "log.csv"),
             dis::checkpoint(run.out, {.every = 500, .resume = true}));
  if (run.steps > 0) run.print("seconds", Tally::seconds(model).at(0));
  auto names = model.part_names();
  names.insert(names.end(), model.measure_names().begin(), model.measure_names().end());
  auto const& means = Tally::means(model, run.steps);
  // of a policy's name the part before its arguments, whose commas would be columns
  for (std::size_t i = 0; i < means.size(); ++i) run.print(names[i].substr(0, names[i].find('<')), means[i]);

  bool const generative = !M::template has<dis::Role::reconstruction>;
  float const range = generative ? 1.0f : 2.0f;  // codes are uniform on (-1, 1), or standard normal
  dis::report::samples(model, run.out / "samples.png", {.title = run.method + ": samples"});
  dis::report::code_traversals(model, run.out / "traversals.png",
                               {.low = -range, .high = range, .title = run.method});

  dis::EncodedData encoded(model, data);  // a generative method's codes are those of its samples encoder
  dis::metric::Dci dci;
  dis::metric::Sap sap;
  dci.threads = sap.threads = run.threads;
  auto const seed = dis::seed(0);  // of the images that are scored, the same for all
  run.print("MIG", dis::metric::Mig{}(encoded.grid_source(), seed).value);
  run.print("SAP", sap(encoded.grid_source(), seed).value);
  auto const score = dci(encoded.grid_source(), seed);
  run.print("DCI disentanglement", score.value);
  run.print("DCI completeness", score.part("completeness"));
  run.print("DCI informativeness", score.part("informativeness_test"));
}

void study(Run const& run) {
  namespace m = dis::method;
  auto const generative = [](auto method) {
    method.template get<dis::optim::WassersteinAdam>().learning_rate = 5e-4;
    method.template get<Critic>().optimizer.learning_rate = 5e-4;
    return method;
  };
  auto const variational = [](auto method) {
    method.template get<dis::optim::Adam>().learning_rate = 5e-4;
    return method;
  };
  if (run.method == "wgan_gp") return study(run, generative(dis::With<m::WganGp, dis::Adversary<Critic>>{}));
  if (run.method == "info_gan_cr") {
    return study(run, generative(dis::With<m::InfoGanCr, dis::Adversary<Critic>>{}));
  }
  if (run.method == "beta_vae") return study(run, variational(OneNetwork<m::BetaVae>{}));
  if (run.method == "factor_vae") {
    auto method = variational(m::FactorVae{});
    method.get<dis::adversary::TotalCorrelation<>>().weight = 10;
    return study(run, method);
  }
  auto method = generative(dis::With<m::Did, dis::Adversary<Critic>>{});
  auto& term = method.template get<Difference>();
  if (run.method == "did_push_pull") {
    term.form = dis::contrast::DifferenceForm::distance;
    term.pull = 1;
  } else if (run.method == "did_supervised") {
    term.form = dis::contrast::DifferenceForm::contrastive;
  } else if (run.method != "did_literal") {
    throw dis::ValueError("did_study: no method '" + run.method + "'");
  }
  study(run, method);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 6) {
    std::fprintf(
        stderr,
        "usage: did_study METHOD STEPS SEED OUT [THREADS]; see the head of benchmarks/did_study.cpp\n");
    return 2;
  }
  try {
    study({argv[1], std::stol(argv[2]), std::stoull(argv[3]), argv[4],
           argc > 5 ? static_cast<unsigned>(std::stoul(argv[5])) : 1u});
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
