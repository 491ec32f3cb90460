// SPDX-License-Identifier: Apache-2.0
// Time of the accuracies of features, weighted nearest neighbours (k = 200) and the linear probe, on features
// of ten noisy classes of the given size.
//   feature_accuracy [training rows] [test rows] [features] [epochs of the probe] [threads]
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include <disentangle/core/philox.hpp>
#include <disentangle/metric/linear_probe.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>

namespace {

using namespace disentangle;

struct Features {
  metric::Matrix<float> x;
  std::vector<int> label;
};

Features draw(std::size_t rows, std::size_t d, std::uint64_t seed) {
  Features f{metric::Matrix<float>(rows, d), std::vector<int>(rows)};
  Philox const classes{seed, 1, 0}, centre{0, 2, 0}, noise{seed, 3, 0};
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint32_t const c = classes.integer(i, 10);
    f.label[i] = static_cast<int>(c);
    for (std::size_t j = 0; j < d; ++j)
      f.x(i, j) = 0.3f * (2 * centre.uniform(c * d + j) - 1) + 2 * noise.uniform(i * d + j) - 1;
  }
  return f;
}

template <class Metric>
void report(char const* name, Metric const& metric, Features const& train, Features const& test) {
  auto const begin = std::chrono::steady_clock::now();
  std::clock_t const clock = std::clock();
  metric::Score const s = metric(train.x.view(), train.label, test.x.view(), test.label);
  std::chrono::duration<double> const taken = std::chrono::steady_clock::now() - begin;
  double const processor = static_cast<double>(std::clock() - clock) / CLOCKS_PER_SEC;
  std::printf("%-22s %8.2f s, %8.2f s of processor time   top-1 %.4f\n", name, taken.count(), processor,
              s.value);
}

}  // namespace

int main(int count, char** arguments) {
  auto const number = [&](int i, std::size_t otherwise) {
    return i < count ? static_cast<std::size_t>(std::atol(arguments[i])) : otherwise;
  };
  std::size_t const d = number(3, 64);
  Features const train = draw(number(1, 60'000), d, 1), test = draw(number(2, 10'000), d, 2);
  auto const threads = static_cast<unsigned>(number(5, 0));
  std::printf("%zu training rows, %zu test rows, %zu features\n", train.x.rows, test.x.rows, d);
  report("nearest_neighbours", metric::NearestNeighbours{.threads = threads}, train, test);
  report("linear_probe", metric::LinearProbe{.epochs = number(4, 100), .threads = threads}, train, test);
}
