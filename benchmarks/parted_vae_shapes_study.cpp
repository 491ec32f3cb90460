// SPDX-License-Identifier: Apache-2.0
// PartedVAE on dSprites with 1,000 labels of the shape beside beta-VAE and FactorVAE, by the three metrics of
// its authors:
//   parted_vae_shapes_study METHOD STEPS SEED [THREADS]
// METHOD: parted_vae, beta_vae, factor_vae; one thread unless told. All have images of half the size, 32 x
// 32, the network that PartedVAE's authors have for these, six latents, minibatches of 64 and Adam at 5e-4;
// PartedVAE the authors' settings for dSprites with its schedules scaled to the number of steps (capacities
// full after a third, kappa after 3.8 %, as 300,000 and 35,000 of their 921,600), beta-VAE beta = 4,
// FactorVAE gamma = 35 and its own discriminator. The labelled images are those of the authors' choice, a new
// choice for each seed.
// Prints lines of CSV, "method,steps,seed,what,value" (docs/results.md).
//
// beta-VAE's score: 100 pairs in a point, 10,000 + 5,000 points. FactorVAE's: votes of 100 images, latents
// below a standard deviation of 0.1 take no part, 10,000 + 5,000 votes. Both draw among 50,000 images. SAP:
// 20,000 + 5,000 images, C = 0.01. The authors take their pairs and votes from all images and give each
// factor's value its own; where a vote falls on a pruned latent they drop it.
#include <algorithm>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/dsprites_labels.hpp>
#include <disentangle/data/halved.hpp>
#include <disentangle/data/labelled.hpp>
#include <disentangle/decoder/dupont_conv.hpp>
#include <disentangle/encoder/dupont_conv.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/method/factor_vae.hpp>
#include <disentangle/method/parted_vae.hpp>
#include <disentangle/metric/beta_vae.hpp>
#include <disentangle/metric/factor_vae.hpp>
#include <disentangle/metric/sap.hpp>
#include <disentangle/train/class_scores.hpp>
#include <disentangle/train/evaluate.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>

namespace dis = disentangle;
namespace method = dis::method;

namespace {

template <class M>
using OnNetwork = dis::With<M, dis::Encoder<dis::encoder::DupontConv<method::ShapeCode::size>>,
                            dis::Decoder<dis::decoder::DupontConv>>;
using Parted = method::PartedVaeOf<method::ShapeCode>;

struct Run {
  std::string method;
  long steps;
  std::uint64_t seed;
  unsigned threads;
  void print(std::string const& what, double value) const {
    std::printf("%s,%ld,%llu,%s,%.5f\n", method.c_str(), steps, static_cast<unsigned long long>(seed),
                what.c_str(), value);
    std::fflush(stdout);
  }
};

template <class M>
M settings(long steps) {
  if constexpr (std::is_same_v<M, Parted>) {
    auto parted = method::parted_vae_dsprites();
    parted.for_each_policy([&]<class Policy>(dis::Role, Policy& policy) {
      if constexpr (requires { policy.term.capacity_end; }) policy.term.steps = steps / 3;
      if constexpr (requires { policy.attention.per_step; })
        policy.attention.per_step = 7 / (0.038 * static_cast<double>(steps));
    });
    return parted;
  } else {
    M other;
    other.template get<dis::optim::Adam>().learning_rate = 5e-4;
    return other;
  }
}

template <class M>
void study(Run const& run) {
  auto const images = dis::data::halved(dis::data::dsprites());
  auto const shapes = dis::data::with_factors(images, {"shape"});
  auto const chosen = dis::data::parted_vae_choice(1000, dis::seed(run.seed));
  auto const data = dis::data::keep_labels(shapes, chosen);

  dis::Model model{settings<M>(run.steps), dis::backend::Cpu{run.threads}, images.image_shape(),
                   dis::seed(run.seed)};
  auto const summary = dis::train(model, data, {.steps = run.steps, .batch_size = 64});
  run.print("train seconds", summary.seconds);
  auto const& names = decltype(model)::part_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name = names[i];
    std::replace(name.begin(), name.end(), ',', ';');
    run.print("last " + name, static_cast<double>(model.read_back().parts[i]));
  }

  namespace metric = dis::metric;
  auto const scores = dis::evaluate(model, images, {.seed = run.seed, .threads = run.threads},
                                    metric::BetaVae{.batch_size = 100},
                                    metric::FactorVae{.batch_size = 100, .threshold = 0.1},
                                    metric::Sap{.num_train = 20'000, .num_test = 5'000});
  for (auto const& score : scores) run.print(score.metric, score.value);
  run.print("latents not pruned", scores[1].part("active_latents"));

  if constexpr (std::is_same_v<M, Parted>) {
    std::vector<bool> seen(images.size());
    for (std::size_t i : chosen) seen[i] = true;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (!seen[i]) others.push_back(i);
    }
    auto const classes = dis::class_scores(model, dis::data::keep_labels(shapes, others),
                                           {.seed = run.seed, .threads = run.threads});
    run.print("accuracy of classes", classes.accuracy);
    run.print("purity of u", classes.purity);
    run.print("leakage into z", classes.leakage);
    run.print("probe on u", classes.related_probe);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5) {
    std::fprintf(stderr,
                 "usage: parted_vae_shapes_study parted_vae|beta_vae|factor_vae STEPS SEED [THREADS]\n");
    return 2;
  }
  try {
    Run const run{argv[1], std::stol(argv[2]), std::stoull(argv[3]),
                  argc > 4 ? static_cast<unsigned>(std::stoul(argv[4])) : 1};
    if (run.method == "parted_vae") study<Parted>(run);
    else if (run.method == "beta_vae") study<OnNetwork<method::BetaVae>>(run);
    else if (run.method == "factor_vae") study<OnNetwork<method::FactorVae>>(run);
    else {
      std::fprintf(stderr, "parted_vae_shapes_study: no method '%s'\n", argv[1]);
      return 2;
    }
  } catch (std::exception const& error) {
    std::fprintf(stderr, "parted_vae_shapes_study: %s\n", error.what());
    return 1;
  }
}
