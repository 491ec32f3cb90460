// SPDX-License-Identifier: Apache-2.0
// Inputs of the rows: seeded numbers that a float holds exactly, so that every backend starts from the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <disentangle/backend/extents.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle::test {

/// A tensor on the host, row-major.
template <int Rank>
struct Numbers {
  Extents<Rank> extents{};
  std::vector<double> values;
};

/// Uniform numbers of [low, high), rounded to float.
template <int Rank>
Numbers<Rank> numbers(Extents<Rank> const& extents, std::uint64_t seed, double low = -1, double high = 1) {
  Philox const random{seed, stream("numbers"), 0};
  Numbers<Rank> result{extents, std::vector<double>(static_cast<std::size_t>(product(extents)))};
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    double const x = low + (high - low) * static_cast<double>(random.uniform(i));
    result.values[i] = static_cast<double>(static_cast<float>(x));
  }
  return result;
}

/// Whole numbers of 0 .. n - 1: many of them are equal.
template <int Rank>
Numbers<Rank> whole_numbers(Extents<Rank> const& extents, std::uint64_t seed, std::uint32_t n) {
  Philox const random{seed, stream("whole_numbers"), 0};
  Numbers<Rank> result{extents, std::vector<double>(static_cast<std::size_t>(product(extents)))};
  for (std::size_t i = 0; i < result.values.size(); ++i) result.values[i] = random.integer(i, n);
  return result;
}

/// A vector with the given numbers, rounded to float.
inline Numbers<1> given(std::vector<double> values) {
  for (double& x : values) x = static_cast<double>(static_cast<float>(x));
  auto const n = static_cast<std::ptrdiff_t>(values.size());
  return {{n}, std::move(values)};
}

}  // namespace disentangle::test
