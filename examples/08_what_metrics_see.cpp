// SPDX-License-Identifier: Apache-2.0
// Aim: what each metric can and cannot see. Codes whose faults are known are scored by every metric, on a
// grid of four factors.
//        perfect    one latent per factor, equal to it    rotated   two pairs of latents turned by 45 degrees
//        duplicated  every factor in two latents  two in 1  two factors in one latent, without loss;
//                    noise in the other
//        dead        perfect, and a latent that never changes    random    latents that know nothing
// Paper: Locatello et al., "Challenging common assumptions in the unsupervised learning of disentangled
// representations", ICML 2019
// Command: 08_what_metrics_see 4000      (rows; the table of docs/metrics.md; most of a minute on two cores)
// Expected output: a table in Markdown, a metric per line. Lower is better where the name says so.
// test: 600
// prints: metric +\| perfect \| rotated \| duplicated \| two in 1 \| dead +\| random
// prints: mig +\| +0\.9[0-9]+ \| +0\.[01]
// prints: gaussian_total_correlation \(lower\) .* inf
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/by_name.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace dis = disentangle;
namespace metric = dis::metric;

namespace {

constexpr std::array<int, 4> values{3, 5, 6, 8};
using Codes = std::vector<std::pair<std::string, metric::Matrix<double>>>;

/// Factors of random rows, and the codes of each kind.
Codes codes_of(metric::Matrix<int> const& y) {
  dis::Philox const random{.seed = 0, .stream = dis::stream("codes"), .step = 0};
  std::size_t const rows = y.rows;
  auto const table = [&](std::size_t latents) { return metric::Matrix<double>(rows, latents); };
  Codes codes{{"perfect", table(4)},  {"rotated", table(4)}, {"duplicated", table(8)},
              {"two in 1", table(4)}, {"dead", table(5)},    {"random", table(4)}};
  for (std::size_t i = 0; i < rows; ++i) {
    std::array<double, 4> x{};  // the factors, centred, in -0.5 .. 0.5
    for (std::size_t k = 0; k < 4; ++k) x[k] = y(i, k) / (values[k] - 1.0) - 0.5;
    for (std::size_t l = 0; l < 4; ++l) {
      double const noise = static_cast<double>(random.normal(4 * i + l));
      codes[0].second(i, l) = codes[4].second(i, l) = x[l];
      codes[2].second(i, l) = codes[2].second(i, 4 + l) = x[l];
      codes[3].second(i, l) = l == 0 ? (5.0 * y(i, 0) + y(i, 1)) / 14 - 0.5 : l == 1 ? 0.3 * noise : x[l];
      codes[5].second(i, l) = 0.3 * noise;
    }
    for (std::size_t pair = 0; pair < 4; pair += 2) {
      codes[1].second(i, pair) = std::sqrt(0.5) * (x[pair] - x[pair + 1]);
      codes[1].second(i, pair + 1) = std::sqrt(0.5) * (x[pair] + x[pair + 1]);
    }
  }
  return codes;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t const rows = argc > 1 ? std::stoul(argv[1]) : 4000;
  metric::Matrix<int> factors(rows, 4);
  dis::Philox const random{.seed = 0, .stream = dis::stream("factors"), .step = 0};
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t k = 0; k < 4; ++k)
      factors(i, k) = static_cast<int>(random.integer(4 * i + k, static_cast<std::uint32_t>(values[k])));
  Codes const codes = codes_of(factors);

  std::printf("| %-40s |", "metric");
  for (auto const& [name, z] : codes) std::printf(" %-7s |", name.c_str());
  std::printf("\n| --- |");
  for (std::size_t c = 0; c < codes.size(); ++c) std::printf(" --- |");
  std::printf("\n");
  for (std::string const& name : dis::metric_names()) {
    std::string line, label = name;
    for (auto const& [kind, z] : codes) {
      metric::Score const score = dis::with_metric(name, [&, &z = z](auto const& m) {
        // Metrics of rows take arrays; the others draw batches among them.
        if constexpr (requires { m(z, factors); }) {
          return m(z, factors);
        } else {
          return m(metric::ArraySource(z.view(), factors.view()), dis::seed(0));
        }
      });
      if (score.lower_is_better) label = name + " (lower)";
      std::array<char, 32> text{};
      std::snprintf(text.data(), text.size(), " %7.2f |", score.value);
      line += text.data();
    }
    std::printf("| %-40s |%s\n", label.c_str(), line.c_str());
    std::fflush(stdout);
  }
}
