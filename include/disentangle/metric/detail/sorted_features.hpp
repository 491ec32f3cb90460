// SPDX-License-Identifier: Apache-2.0
// Features sorted once, for all trees that are grown from them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>

namespace disentangle::metric::detail {

/// A value of one feature and the row that it belongs to.
struct SortedEntry {
  float value;
  std::uint32_t row;
};

/// Every feature of (rows, features) in ascending order, in float as scikit-learn's trees see it; equal
/// values in the order of their rows.
struct SortedFeatures {
  std::size_t rows = 0;
  std::size_t features = 0;
  std::vector<SortedEntry> entries;     // [feature][rank]
  std::vector<std::uint32_t> identity;  // per feature, of its order of rows; copies are counted up

  SortedFeatures() = default;
  template <class T>
  SortedFeatures(MatrixView<T const> x, unsigned threads)
      : rows(x.rows), features(x.columns), entries(x.rows * x.columns), identity(x.columns) {
    parallel_for(features, threads, [&](std::size_t f, std::size_t) {
      SortedEntry* const column = entries.data() + f * rows;
      for (std::size_t i = 0; i < rows; ++i)
        column[i] = {static_cast<float>(x(i, f)), static_cast<std::uint32_t>(i)};
      std::stable_sort(column, column + rows,
                       [](SortedEntry const& a, SortedEntry const& b) { return a.value < b.value; });
      identity[f] = identity_of(column);
    });
    for (std::size_t f = 1; f < features; ++f)
      while (std::find(identity.begin(), identity.begin() + static_cast<std::ptrdiff_t>(f), identity[f]) !=
             identity.begin() + static_cast<std::ptrdiff_t>(f))
        ++identity[f];
  }

 private:
  /// FNV-1a of the sorted rows and of where the value changes: the same after a monotone map of the feature.
  std::uint32_t identity_of(SortedEntry const* column) const {
    std::uint64_t hash = 14695981039346656037u;
    for (std::size_t i = 0; i < rows; ++i) {
      bool const changes = i > 0 && column[i].value != column[i - 1].value;
      hash = (hash ^ (std::uint64_t{column[i].row} << 1 | (changes ? 1 : 0))) * 1099511628211u;
    }
    return static_cast<std::uint32_t>(hash ^ hash >> 32);
  }
};

}  // namespace disentangle::metric::detail
