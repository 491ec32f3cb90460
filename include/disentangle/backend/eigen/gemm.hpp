// SPDX-License-Identifier: Apache-2.0
// Matrix products through Eigen, with the signature of backend/cpu/gemm.hpp. Each task is one single-threaded
// Eigen product on a fixed block of columns, so the results do not depend on the number of threads. Eigen
// allocates its packing buffers on the heap when a product is large.
#pragma once

#include <algorithm>
#include <cstddef>

#include <Eigen/Core>

#include <disentangle/backend/cpu/activation.hpp>
#include <disentangle/backend/cpu/gemm.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/core/thread_pool.hpp>

namespace disentangle::backend::eigen::inline DISENTANGLE_INSTRUCTION_SET {

/// As backend::cpu::gemm. One stride of each operand must be 1.
template <Activation activation = Activation::identity, class T>
void gemm(ThreadPool& pool, std::size_t m, std::size_t n, std::size_t k, cpu::Operand<T> a, cpu::Operand<T> b,
          T* c, std::size_t c_stride, bool accumulate = false, T const* bias = nullptr, T slope = T(0)) {
  using Index = Eigen::Index;
  using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using ColumnMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  using Stride = Eigen::OuterStride<>;
  if (m == 0 || n == 0) return;
  auto const rows = static_cast<Index>(m), length = static_cast<Index>(k);
  std::size_t const block = std::clamp<std::size_t>((n / 8 + 31) / 32 * 32, 32, 512);
  pool.for_each((n + block - 1) / block, [&](std::size_t task) {
    std::size_t const begin = task * block;
    auto const columns = static_cast<Index>(std::min(block, n - begin));
    Eigen::Map<RowMajor, 0, Stride> result(c + begin, rows, columns, Stride(static_cast<Index>(c_stride)));
    if (!accumulate) result.setZero();
    T const* const b_data = b.data + static_cast<std::ptrdiff_t>(begin) * b.column_stride;
    auto const with_b = [&](auto const& left) {
      if (b.column_stride == 1)
        result.noalias() +=
            left * Eigen::Map<RowMajor const, 0, Stride>(b_data, length, columns, Stride(b.row_stride));
      else
        result.noalias() +=
            left * Eigen::Map<ColumnMajor const, 0, Stride>(b_data, length, columns, Stride(b.column_stride));
    };
    if (k != 0) {
      if (a.column_stride == 1)
        with_b(Eigen::Map<RowMajor const, 0, Stride>(a.data, rows, length, Stride(a.row_stride)));
      else with_b(Eigen::Map<ColumnMajor const, 0, Stride>(a.data, rows, length, Stride(a.column_stride)));
    }
    for (std::size_t i = 0; i < m; ++i) {
      T* const row = c + i * c_stride + begin;
      if (bias != nullptr)
        for (Index j = 0; j < columns; ++j) row[j] += bias[begin + static_cast<std::size_t>(j)];
      cpu::apply_activation<activation>(row, static_cast<std::size_t>(columns), slope);
    }
  });
}

}  // namespace disentangle::backend::eigen::inline DISENTANGLE_INSTRUCTION_SET
