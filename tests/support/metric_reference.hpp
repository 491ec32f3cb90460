// SPDX-License-Identifier: Apache-2.0
// The synthetic cases of tests/data/metric_reference: their factors and codes, regenerated bit for bit, and
// the values that other libraries computed from them. The recipe is in that folder's README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/function_source.hpp>
#include <disentangle/metric/matrix.hpp>

// Compiled once, in metric_reference.cpp: it takes longer than most tests that read these values.
extern template class nlohmann::basic_json<>;

namespace disentangle::test {

/// The random stream of the reference values.
struct SplitMix64 {
  std::uint64_t state = 0;
  std::uint64_t next() {
    state += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::uint32_t integer(std::uint32_t n) { return static_cast<std::uint32_t>((next() >> 32) % n); }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Sum of 12 uniforms less 6: mean 0, standard deviation 1, the same bits on every machine.
  double noise() {
    double sum = uniform();
    for (int i = 1; i < 12; ++i) sum = sum + uniform();
    return sum - 6.0;
  }
};

/// Codes of one row from its factors f and their centred values x, noise drawn from the stream.
using RowEncoder =
    std::function<std::vector<double>(std::span<int const> f, std::span<double const> x, SplitMix64& stream)>;

struct ReferenceCase {
  std::string name;
  std::vector<int> sizes;
  std::uint64_t factor_seed;
  std::uint64_t noise_seed;
  std::size_t latents;
  RowEncoder row;

  /// (rows, latents) codes of (rows, factors), noise from the stream row by row.
  void encode(MatrixView<int const> factors, MatrixView<double> codes, SplitMix64& stream) const {
    std::vector<double> x(sizes.size());
    for (std::size_t i = 0; i < factors.rows; ++i) {
      for (std::size_t k = 0; k < x.size(); ++k)
        x[k] = factors(i, k) / static_cast<double>(sizes[k] - 1) - 0.5;
      std::vector<double> const z = row(factors.row(i), x, stream);
      for (std::size_t l = 0; l < latents; ++l) codes(i, l) = z[l];
    }
  }

  std::vector<Factor> factors() const {
    std::vector<Factor> result;
    for (std::size_t k = 0; k < sizes.size(); ++k) result.push_back({"f" + std::to_string(k), sizes[k]});
    return result;
  }

  /// The case as a source whose noise comes from the stream that the metric draws from.
  auto source(SplitMix64& stream) const {
    auto const function = [this, &stream](MatrixView<int const> f, MatrixView<double> codes) {
      encode(f, codes, stream);
    };
    return metric::FunctionSource(factors(), latents, function);
  }
};

std::vector<ReferenceCase> const& reference_cases();

ReferenceCase const& reference_case(std::string const& name);

/// The 2000 rows of a case; the first 1400 are for training.
struct ReferenceArrays {
  metric::Matrix<int> factors;
  metric::Matrix<double> codes;
  MatrixView<int const> train_factors() const { return {factors.values.data(), 1400, factors.columns}; }
  MatrixView<double const> train_codes() const { return {codes.values.data(), 1400, codes.columns}; }
  MatrixView<int const> test_factors() const { return {factors.row(1400).data(), 600, factors.columns}; }
  MatrixView<double const> test_codes() const { return {codes.row(1400).data(), 600, codes.columns}; }
};

ReferenceArrays reference_arrays(ReferenceCase const& c);

/// The case of continuous factors, whose integer factors are floor(10 c).
ReferenceArrays continuous_reference_arrays();

/// All names, cont_C included.
std::vector<std::string> reference_names();

ReferenceArrays reference_arrays(std::string const& name);

std::filesystem::path metric_reference_folder();

nlohmann::json read_json(std::filesystem::path const& path);

nlohmann::json reference_values(std::string const& name);

/// A matrix of the reference values, an array of rows.
metric::Matrix<double> reference_matrix(nlohmann::json const& rows);

/// The largest absolute difference; infinite where the extents differ.
double largest_difference(metric::Matrix<double> const& a, metric::Matrix<double> const& b);

/// FNV-1a-64 of bytes.
inline std::uint64_t fnv1a64(void const* data, std::size_t size) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  auto const* bytes = static_cast<unsigned char const*>(data);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001B3u;
  return hash;
}

}  // namespace disentangle::test
