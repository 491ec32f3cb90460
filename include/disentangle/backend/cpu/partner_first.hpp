// SPDX-License-Identifier: Apache-2.0
// Rows of a square matrix of similarities without their diagonal, the partner's column first: what
// contrast/info_nce.hpp puts in order, as copies of the two or three runs that stay together.
#pragma once

#include <algorithm>
#include <cstddef>

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/core/thread_pool.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

namespace detail {

/// Columns of row i that stay beside each other: [0, low), (low, high), (high, n), low and high the row's own
/// and its partner's.
struct KeptRuns {
  std::ptrdiff_t partner, low, high;
  KeptRuns(std::ptrdiff_t i, std::ptrdiff_t n)
      : partner((i + n / 2) % n), low(std::min(i, partner)), high(std::max(i, partner)) {}
};

/// Rows of a task, so that one is worth a thread's attention.
inline constexpr std::ptrdiff_t similarity_rows = 32;

/// Calls body(first, end) for pieces of 0 .. n.
template <class Body>
void for_each_rows(ThreadPool& pool, std::ptrdiff_t n, Body const& body) {
  pool.for_each(static_cast<std::size_t>((n + similarity_rows - 1) / similarity_rows), [&](std::size_t task) {
    std::ptrdiff_t const first = static_cast<std::ptrdiff_t>(task) * similarity_rows;
    body(first, std::min(n, first + similarity_rows));
  });
}

}  // namespace detail

/// (n, n) -> (n, n - 1).
template <class T>
void partner_first(ThreadPool& pool, std::ptrdiff_t n, T const* similarity, T* out) {
  detail::for_each_rows(pool, n, [&](std::ptrdiff_t first, std::ptrdiff_t end) {
    for (std::ptrdiff_t i = first; i < end; ++i) {
      detail::KeptRuns const runs(i, n);
      T const* const row = similarity + i * n;
      T* to = out + i * (n - 1);
      *to++ = row[runs.partner];
      to = std::copy(row, row + runs.low, to);
      to = std::copy(row + runs.low + 1, row + runs.high, to);
      std::copy(row + runs.high + 1, row + n, to);
    }
  });
}

/// The way back, and the sum with its transpose: S = x x^T gives x the gradient (d + d^T) x. (n, n - 1) ->
/// (n, n).
/// @param place n * n scalars to work in
template <class T>
void partner_first_adjoint(ThreadPool& pool, std::ptrdiff_t n, T const* out_gradient, T* place, T* sum) {
  detail::for_each_rows(pool, n, [&](std::ptrdiff_t first, std::ptrdiff_t end) {
    for (std::ptrdiff_t i = first; i < end; ++i) {
      detail::KeptRuns const runs(i, n);
      T const* from = out_gradient + i * (n - 1);
      T* const row = place + i * n;
      row[i] = T(0);
      row[runs.partner] = *from++;
      std::copy_n(from, runs.low, row);
      from += runs.low;
      std::copy_n(from, runs.high - runs.low - 1, row + runs.low + 1);
      from += runs.high - runs.low - 1;
      std::copy_n(from, n - runs.high - 1, row + runs.high + 1);
    }
  });
  detail::for_each_rows(pool, n, [&](std::ptrdiff_t top, std::ptrdiff_t bottom) {
    constexpr std::ptrdiff_t tile =
        16;  // columns at a time, so that the cache lines of the transposed read are used whole
    for (std::ptrdiff_t left = 0; left < n; left += tile) {
      std::ptrdiff_t const right = std::min(n, left + tile);
      for (std::ptrdiff_t i = top; i < bottom; ++i) {
        for (std::ptrdiff_t j = left; j < right; ++j) sum[i * n + j] = place[i * n + j] + place[j * n + i];
      }
    }
  });
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
