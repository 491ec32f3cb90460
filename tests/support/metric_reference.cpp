// SPDX-License-Identifier: Apache-2.0
// What metric_reference.hpp declares, compiled once for all tests.
#include "tests/support/metric_reference.hpp"

#include <cmath>
#include <fstream>
#include <stdexcept>

namespace disentangle::test {

std::vector<ReferenceCase> const& reference_cases() {
  using F = std::span<int const>;
  using X = std::span<double const>;
  using S = SplitMix64&;
  using V = std::vector<double>;
  static std::vector<int> const d{3, 6, 40, 32, 32};
  static std::vector<int> const s{4, 5, 6, 8};
  static double const c = std::sqrt(0.5);
  static std::vector<ReferenceCase> const cases{
      {"perfect_D", d, 101, 0, 5,
       [](F, X x, S) {
         return V{x[2], -2.0 * x[4], 4.0 * x[0], 0.5 * x[1], -x[3]};
       }},
      {"rotated45_D", d, 101, 0, 5,
       [](F, X x, S) {
         return V{x[0], (x[1] - x[2]) * c, (x[1] + x[2]) * c, (x[3] - x[4]) * c, (x[3] + x[4]) * c};
       }},
      {"noise_D", d, 101, 201, 10,
       [](F, X, S stream) {
         V z(10);
         for (double& v : z) v = stream.uniform() - 0.5;
         return z;
       }},
      {"perfect_S", s, 102, 0, 4,
       [](F, X x, S) {
         return V{-x[3], 2.0 * x[0], x[2], 0.5 * x[1]};
       }},
      {"rotated45_S", s, 102, 0, 4,
       [](F, X x, S) {
         return V{(x[0] - x[1]) * c, (x[0] + x[1]) * c, (x[2] - x[3]) * c, (x[2] + x[3]) * c};
       }},
      {"rotated45_noisy_S", s, 102, 208, 4,
       [](F, X x, S stream) {
         double g[4];
         for (double& v : g) v = stream.noise();
         return V{(x[0] - x[1]) + 0.0625 * g[0], (x[0] + x[1]) + 0.0625 * g[1], (x[2] - x[3]) + 0.0625 * g[2],
                  (x[2] + x[3]) + 0.0625 * g[3]};
       }},
      {"duplicate_noisy_S", s, 102, 205, 5,
       [](F, X x, S stream) {
         return V{x[0], x[1], x[2], x[3], x[0] + 0.125 * stream.noise()};
       }},
      {"two_in_one_S", s, 102, 206, 4,
       [](F f, X x, S stream) {
         return V{static_cast<double>(f[0] * 5 + f[1]) / 19.0 - 0.5, stream.uniform() - 0.5, x[2], x[3]};
       }},
      {"dead_S", s, 102, 0, 5,
       [](F, X x, S) {
         return V{x[0], x[1], x[2], x[3], 0.25};
       }},
  };
  return cases;
}

ReferenceCase const& reference_case(std::string const& name) {
  for (ReferenceCase const& c : reference_cases())
    if (c.name == name) return c;
  throw std::runtime_error("no reference case is named " + name);
}

ReferenceArrays reference_arrays(ReferenceCase const& c) {
  ReferenceArrays a{metric::Matrix<int>(2000, c.sizes.size()), metric::Matrix<double>(2000, c.latents)};
  SplitMix64 factor_stream{c.factor_seed};
  for (std::size_t k = 0; k < c.sizes.size(); ++k)
    for (std::size_t i = 0; i < 2000; ++i)
      a.factors(i, k) = static_cast<int>(factor_stream.integer(static_cast<std::uint32_t>(c.sizes[k])));
  SplitMix64 noise_stream{c.noise_seed};
  c.encode(a.factors.view(), a.codes.view(), noise_stream);
  return a;
}

ReferenceArrays continuous_reference_arrays() {
  ReferenceArrays a{metric::Matrix<int>(2000, 3), metric::Matrix<double>(2000, 4)};
  metric::Matrix<double> c(2000, 3);
  SplitMix64 factor_stream{103};
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t i = 0; i < 2000; ++i) c(i, k) = factor_stream.uniform();
  SplitMix64 noise_stream{207};
  for (std::size_t i = 0; i < 2000; ++i) {
    double g[4];
    for (double& v : g) v = noise_stream.noise();
    a.codes(i, 0) = c(i, 0) - 0.5;
    a.codes(i, 1) = (c(i, 1) + c(i, 2)) * 0.5;
    a.codes(i, 2) = (c(i, 2) - 0.5) + 0.125 * g[2];
    a.codes(i, 3) = 0.25 * g[3];
    for (std::size_t k = 0; k < 3; ++k) a.factors(i, k) = static_cast<int>(std::floor(10.0 * c(i, k)));
  }
  return a;
}

std::vector<std::string> reference_names() {
  std::vector<std::string> names;
  for (ReferenceCase const& c : reference_cases()) names.push_back(c.name);
  names.push_back("cont_C");
  return names;
}

ReferenceArrays reference_arrays(std::string const& name) {
  return name == "cont_C" ? continuous_reference_arrays() : reference_arrays(reference_case(name));
}

std::filesystem::path metric_reference_folder() {
#if defined(DISENTANGLE_TEST_DATA_DIR)
  return std::filesystem::path(DISENTANGLE_TEST_DATA_DIR) / "metric_reference";
#else
  return std::filesystem::path(__FILE__).parent_path().parent_path() / "data" / "metric_reference";
#endif
}

nlohmann::json read_json(std::filesystem::path const& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return nlohmann::json::parse(file);
}

nlohmann::json reference_values(std::string const& name) {
  return read_json(metric_reference_folder() / "expected" / (name + ".json"));
}

metric::Matrix<double> reference_matrix(nlohmann::json const& rows) {
  metric::Matrix<double> m(rows.size(), rows.empty() ? 0 : rows[0].size());
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) m(i, j) = rows[i][j].get<double>();
  return m;
}

double largest_difference(metric::Matrix<double> const& a, metric::Matrix<double> const& b) {
  if (a.rows != b.rows || a.columns != b.columns) return INFINITY;
  double largest = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    double const d = std::abs(a.values[i] - b.values[i]);
    largest = d <= largest ? largest : d;  // a NaN stays
  }
  return largest;
}

}  // namespace disentangle::test

template class nlohmann::basic_json<>;
