// SPDX-License-Identifier: Apache-2.0
// disentangle udr DIR DIR ...: unsupervised model selection among runs.
#include "commands.hpp"
#include "run_config.hpp"
#include "usage_error.hpp"

#include <disentangle/metric/udr.hpp>
#include <disentangle/train/encoded_data.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

namespace dis = disentangle;

namespace {

/// Random different images of a data set, labelled or not; the same for the same seed.
std::vector<std::size_t> random_images(std::size_t size, std::size_t n, std::uint64_t seed) {
  dis::Permutation const order(dis::Philox{seed, dis::stream("udr/images"), 0}, size);
  std::vector<std::size_t> images(std::min(n, size));
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<std::size_t>(order(i));
  return images;
}

/// A run's means and divergences on the images of its own data set, which must be that of the first run.
dis::metric::UdrRun run_of(UdrArguments const& given, std::string const& folder, RunConfig const& first) {
  RunFiles const files{.folder = folder};
  RunConfig const config = read_config(files.config());
  if (config.data != first.data) {
    throw dis::FileError(files.config().string(), "found a run on " + config.data + ", expected " +
                                                      first.data + " as in " + given.folders.front());
  }
  OpenedData const data = open_data(config.data);
  return std::visit(
      [&]<class Data>(Data const& images) {
        long step = 0;
        auto const model = load_model<typename Data::image_shape_type>(files, config, given.threads, step);
        std::fprintf(stderr, "%s: %s, seed %llu, %ld steps\n", folder.c_str(), config.method.c_str(),
                     static_cast<unsigned long long>(config.seed), step);
        auto const q =
            dis::EncodedData(*model, images).posteriors(random_images(images.size(), given.rows, given.seed));
        return dis::metric::UdrRun{q.means, dis::metric::mean_kl(q.means, q.deviations)};
      },
      data);
}

}  // namespace

void udr_command(UdrArguments const& given) {
  RunConfig const first = read_config(RunFiles{.folder = given.folders.front()}.config());
  std::vector<dis::metric::UdrRun> runs;
  for (std::string const& folder : given.folders) runs.push_back(run_of(given, folder, first));
  dis::metric::Udr const udr{.spearman = given.spearman};
  auto const each = udr(runs).table("udr_per_run");
  std::vector<std::size_t> order(runs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return each(a, 0) > each(b, 0); });
  std::printf("   UDR  latents in use  run\n");
  for (std::size_t const i : order) {
    auto const used =
        std::count_if(runs[i].kl.begin(), runs[i].kl.end(), [&](double kl) { return kl > udr.kl_threshold; });
    std::printf("%.4f  %14ld  %s\n", each(i, 0), static_cast<long>(used), given.folders[i].c_str());
  }
}
