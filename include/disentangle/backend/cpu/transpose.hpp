// SPDX-License-Identifier: Apache-2.0
// Transposes of matrices in memory, in registers where a square of them is whole.
#pragma once

#include <cstddef>
#include <utility>

#include <disentangle/backend/cpu/activation.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET::detail {

template <class T, std::size_t... I>
DISENTANGLE_INLINE void interleave(Vector<T, sizeof...(I)>& a, Vector<T, sizeof...(I)>& b,
                                   std::index_sequence<I...>) {
  constexpr std::size_t n = sizeof...(I);
  auto const low = shuffle<(I / 2 + (I % 2) * n)...>(a, b);
  auto const high = shuffle<(n / 2 + I / 2 + (I % 2) * n)...>(a, b);
  a = low;
  b = high;
}

/// Transposes a square whose sides have as many scalars as a pack: to[j * to_row + i] = from[i * from_row +
/// j].
template <class T>
DISENTANGLE_OUT_OF_LINE void transpose_square(T const* from, std::ptrdiff_t from_row, T* to,
                                              std::ptrdiff_t to_row) {
  constexpr int n = static_cast<int>(simd::Pack<T>::size);
  using Vec = Vector<T, n>;
  Vec row[n], shuffled[n];
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i) row[i] = load<T, n>(from + i * from_row);
#pragma GCC unroll 8
  for (int stage = 1; stage < n; stage *= 2) {
#pragma GCC unroll 16
    for (int i = 0; i < n / 2; ++i) {
      shuffled[2 * i] = row[i];
      shuffled[2 * i + 1] = row[i + n / 2];
      interleave<T>(shuffled[2 * i], shuffled[2 * i + 1], std::make_index_sequence<n>());
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) row[i] = shuffled[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i) store<T, n>(to + i * to_row, row[i]);
}

/// to[j * to_row + i] = from[i * from_row + j] for i < rows, j < columns.
template <class T>
DISENTANGLE_OUT_OF_LINE void transpose_block(std::ptrdiff_t rows, std::ptrdiff_t columns, T const* from,
                                             std::ptrdiff_t from_row, T* to, std::ptrdiff_t to_row) {
  constexpr std::ptrdiff_t n = static_cast<std::ptrdiff_t>(simd::Pack<T>::size);
  for (std::ptrdiff_t j = 0; j < columns; j += n) {
    std::ptrdiff_t const j_end = j + n < columns ? j + n : columns;
    std::ptrdiff_t i = 0;
    if (j + n <= columns)
      for (; i + n <= rows; i += n)
        transpose_square<T>(from + i * from_row + j, from_row, to + j * to_row + i, to_row);
    for (; i < rows; ++i)
      for (std::ptrdiff_t jj = j; jj < j_end; ++jj) to[jj * to_row + i] = from[i * from_row + jj];
  }
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET::detail
