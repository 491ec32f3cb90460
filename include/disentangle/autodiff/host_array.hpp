// SPDX-License-Identifier: Apache-2.0
// HostArray<Rank>: numbers with extents on the host, in which formulas and terms are given what they read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <disentangle/backend/extents.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle {

/// A tensor on the host, row-major: one input of a formula or of a term. From somebody's memory:
///
///     dis::HostArray<2> const codes{{n, d}, {data, data + n * d}};      // float or double, row by row
///     auto const same = dis::host_matrix({{1, 2, 3}, {4, 5, 6}});       // or written out
///
/// One without values counts as not given.
template <int Rank>
struct HostArray {
  Extents<Rank> extents{};
  std::vector<double> values{};

  bool empty() const { return values.empty(); }
};

/// A matrix from its rows. @throws ShapeError if they differ in length.
[[nodiscard]] inline HostArray<2> host_matrix(std::initializer_list<std::initializer_list<double>> rows) {
  std::size_t const columns = rows.size() == 0 ? 0 : rows.begin()->size();
  HostArray<2> matrix{{static_cast<std::ptrdiff_t>(rows.size()), static_cast<std::ptrdiff_t>(columns)}, {}};
  for (auto const& row : rows) {
    if (row.size() != columns) {
      throw ShapeError("host_matrix: found a row of " + std::to_string(row.size()) + " numbers, expected " +
                       std::to_string(columns) + " as in the first");
    }
    matrix.values.insert(matrix.values.end(), row.begin(), row.end());
  }
  return matrix;
}

/// A vector from its numbers.
[[nodiscard]] inline HostArray<1> host_vector(std::initializer_list<double> numbers) {
  return {{static_cast<std::ptrdiff_t>(numbers.size())}, numbers};
}

/// Uniform numbers of [low, high), another array for every seed.
template <std::size_t Rank>
[[nodiscard]] HostArray<static_cast<int>(Rank)> random_array(std::array<std::ptrdiff_t, Rank> const& extents,
                                                             std::uint64_t seed, double low = -1,
                                                             double high = 1) {
  Philox const random{seed, stream("random_array"), 0};
  HostArray<static_cast<int>(Rank)> array{extents,
                                          std::vector<double>(static_cast<std::size_t>(product(extents)))};
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    array.values[i] = low + (high - low) * static_cast<double>(random.uniform(i));
  }
  return array;
}

}  // namespace disentangle
