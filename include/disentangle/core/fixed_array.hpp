// SPDX-License-Identifier: Apache-2.0
// FixedArray<T, N>: what std::array is, for code that runs on a device too, where functions of the standard
// library cannot be called.
#pragma once

#include <cstddef>

#include <disentangle/core/config.hpp>

namespace disentangle {

template <class T, std::size_t N>
struct FixedArray {
  T values[N == 0 ? 1 : N];

  DISENTANGLE_HD constexpr T& operator[](std::size_t i) { return values[i]; }
  DISENTANGLE_HD constexpr T const& operator[](std::size_t i) const { return values[i]; }
  [[nodiscard]] static constexpr std::size_t size() { return N; }
  friend constexpr bool operator==(FixedArray const& a, FixedArray const& b) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!(a[i] == b[i])) return false;
    }
    return true;
  }
};

}  // namespace disentangle
