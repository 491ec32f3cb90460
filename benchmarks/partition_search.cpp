// SPDX-License-Identifier: Apache-2.0
// Seconds and memory of a search for a partition, as IP-IRM makes one between epochs:
//   partition_search [SAMPLES [MINIBATCH [THREADS [SEARCH [SEED]]]]]
//       default 60000 512 0 (all of the machine)
//                                                                             plain 0
// Features of 128 numbers for two views of every sample, of which a coin, a digit and noise decide; it should
// find the coin.
// SEARCH: plain; mixed, that of the authors' CIFAR-100 script on mixtures of features (encoding costs nothing
// here); own, the same with the loss of their offline search.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/contrast/mixed_partition_search.hpp>
#include <disentangle/contrast/partition_search.hpp>
#include <disentangle/metric/matrix.hpp>

namespace dis = disentangle;

/// Rows of length 1 of some samples, mixed in pairs where a mixture is given.
dis::metric::Matrix<float> rows_of(std::vector<float> const& x, std::size_t d,
                                   std::span<std::size_t const> members,
                                   dis::contrast::ImageMixture const* mixture) {
  dis::metric::Matrix<float> rows(members.size(), d);
  for (std::size_t i = 0; i < members.size(); ++i) {
    float const share = mixture == nullptr ? 1 : mixture->share[i];
    std::size_t const other =
        mixture == nullptr ? members[i] : members[static_cast<std::size_t>(mixture->partner[i])];
    float square = 0;
    for (std::size_t k = 0; k < d; ++k) {
      rows(i, k) = share * x[members[i] * d + k] + (1 - share) * x[other * d + k];
      square += rows(i, k) * rows(i, k);
    }
    for (float& value : rows.row(i)) value /= std::sqrt(square);
  }
  return rows;
}

int main(int count, char** words) {
  std::size_t const n = count > 1 ? std::strtoul(words[1], nullptr, 10) : 60'000, d = 128;
  dis::contrast::PartitionSearch how;
  how.batch = count > 2 ? std::strtoul(words[2], nullptr, 10) : 512;
  how.threads = count > 3 ? static_cast<unsigned>(std::atoi(words[3])) : 0;
  std::string const search = count > 4 ? words[4] : "plain";
  auto const seed = dis::seed(count > 5 ? std::strtoul(words[5], nullptr, 10) : 0);
  std::vector<float> views[2];
  std::vector<int> coin;
  dis::Philox const kinds{1, 0, 0}, own{1, 1, 0};
  for (std::size_t i = 0; i < n; ++i) coin.push_back(static_cast<int>(kinds.integer(2 * i, 2)));
  for (std::uint32_t v = 0; v < 2; ++v) {
    views[v].assign(n * d, 0.0f);
    dis::Philox const noise{2, v, 0};
    for (std::size_t i = 0; i < n; ++i) {
      float* const x = views[v].data() + i * d;
      x[coin[i]] = 1;
      x[2 + kinds.integer(2 * i + 1, 10)] = 0.7f;
      float square = 0;
      for (std::size_t k = 0; k < d; ++k) {
        x[k] += 0.06f * own.normal(i * d + k) + 0.01f * noise.normal(i * d + k);
        square += x[k] * x[k];
      }
      for (std::size_t k = 0; k < d; ++k) x[k] /= std::sqrt(square);
    }
  }
  auto const start = std::chrono::steady_clock::now();
  auto const found = [&] {
    if (search == "plain") {
      return dis::contrast::find_partition<float>(dis::MatrixView<float const>(views[0].data(), n, d),
                                                  dis::MatrixView<float const>(views[1].data(), n, d), how,
                                                  seed);
    }
    dis::contrast::MixedPartitionSearch const mixed{
        .batch = how.batch,
        .labels = search == "own" ? dis::contrast::MixtureLabels::own : dis::contrast::MixtureLabels::both,
        .threads = how.threads};
    return dis::contrast::find_mixed_partition<float>(
        n,
        [&](int, std::span<std::size_t const> members, dis::contrast::ImageMixture const& mixture) {
          return std::pair(rows_of(views[0], d, members, &mixture), rows_of(views[1], d, members, nullptr));
        },
        mixed, seed);
  }();
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  auto const subsets = found.subsets();
  std::size_t same = 0;
  for (std::size_t i = 0; i < n; ++i) same += subsets[i] == coin[i];
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("search=%s samples=%zu minibatch=%zu epochs=%zu seconds=%.1f rss_mib=%ld (features %zu) "
              "agreement=%.3f risk=%.4f, %.4f in the first epoch\n",
              search.c_str(), n, how.batch, found.risks.size(), seconds, usage.ru_maxrss / 1024,
              2 * n * d * sizeof(float) >> 20,
              static_cast<double>(std::max(same, n - same)) / static_cast<double>(n), found.risk,
              found.risks.front());
}
