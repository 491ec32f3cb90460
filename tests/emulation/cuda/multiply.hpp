// SPDX-License-Identifier: Apache-2.0
// The matrix product under both libraries: packed, row-major, each sum in the order of k.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace disentangle::emulation::detail {

/// Row-major, its extents rounded up with zeros so that the product needs no special cases.
template <class T>
struct Packed {
  static constexpr std::size_t row_unit = 4, column_unit = 32;
  static constexpr std::size_t round_up(std::size_t n, std::size_t unit) {
    return (n + unit - 1) / unit * unit;
  }
  Packed(std::size_t rows, std::size_t columns)
      : stride(round_up(columns, column_unit)), data(round_up(rows, row_unit) * stride) {}
  T& operator()(std::size_t i, std::size_t j) { return data[i * stride + j]; }
  T const& operator()(std::size_t i, std::size_t j) const { return data[i * stride + j]; }
  std::size_t stride;
  std::vector<T> data;
};

/// c (m, n) += a (m, k) b (k, n)
template <class T>
void multiply_add(std::size_t m, std::size_t n, std::size_t k, Packed<T> const& a, Packed<T> const& b,
                  Packed<T>& c) {
  constexpr std::size_t rows = Packed<T>::row_unit, columns = Packed<T>::column_unit;
  for (std::size_t j = 0; j < n; j += columns) {
    for (std::size_t i = 0; i < m; i += rows) {
      T sums[rows][columns] = {};
      for (std::size_t l = 0; l < k; ++l) {
        T const* const from = &b.data[l * b.stride + j];
        for (std::size_t r = 0; r < rows; ++r) {
          T const factor = a.data[(i + r) * a.stride + l];
          for (std::size_t s = 0; s < columns; ++s) sums[r][s] += factor * from[s];
        }
      }
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t s = 0; s < columns; ++s) c.data[(i + r) * c.stride + j + s] += sums[r][s];
    }
  }
}

/// To the 10 bits of mantissa that tensor cores keep of a float, ties to even.
inline float to_tf32(float value) {
  auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7F800000u) == 0x7F800000u) return value;
  bits += 0xFFFu + ((bits >> 13) & 1u);
  return std::bit_cast<float>(bits & ~0x1FFFu);
}

inline void round_to_tf32(Packed<float>& matrix) {
  std::transform(matrix.data.begin(), matrix.data.end(), matrix.data.begin(), to_tf32);
}
inline void round_to_tf32(Packed<double>&) {}

}  // namespace disentangle::emulation::detail
