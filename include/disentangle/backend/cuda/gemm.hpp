// SPDX-License-Identifier: Apache-2.0
// Row-major matrix products through cuBLAS, which is column-major: a row-major matrix is its transpose there,
// so C = A B is asked for as C' = B' A'.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <disentangle/backend/cuda/context.hpp>
#include <disentangle/backend/cuda/kernels.hpp>
#include <disentangle/backend/cuda/launch.hpp>

namespace disentangle::backend::cuda {

using Strides = std::array<std::ptrdiff_t, 2>;

namespace detail {

inline cublasStatus_t cublas_gemm(cublasHandle_t handle, cublasOperation_t left, cublasOperation_t right,
                                  int m, int n, int k, float const* alpha, float const* a, int lda,
                                  float const* b, int ldb, float const* beta, float* c, int ldc) {
  return cublasSgemm(handle, left, right, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
inline cublasStatus_t cublas_gemm(cublasHandle_t handle, cublasOperation_t left, cublasOperation_t right,
                                  int m, int n, int k, double const* alpha, double const* a, int lda,
                                  double const* b, int ldb, double const* beta, double* c, int ldc) {
  return cublasDgemm(handle, left, right, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/// How cuBLAS reads a matrix with the given strides: the leading dimension, and whether it is stored by
/// columns.
struct Storage {
  bool possible, by_columns;
  std::ptrdiff_t leading;

  Storage(Strides s, std::ptrdiff_t rows, std::ptrdiff_t columns) {
    bool const row_major = (s[1] == 1 || columns == 1) && (s[0] >= columns || rows == 1);
    bool const column_major = (s[0] == 1 || rows == 1) && (s[1] >= rows || columns == 1);
    possible = row_major || column_major;
    by_columns = !row_major;
    leading = row_major ? (rows == 1 ? columns : s[0]) : (columns == 1 ? rows : s[1]);
    leading = std::max<std::ptrdiff_t>(leading, 1);
  }
};

}  // namespace detail

/// C (+)= A B with A (m, k), B (k, n), C (m, n), each with its row and column strides.
template <class T>
void multiply(Context& context, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, T const* a, Strides sa,
              T const* b, Strides sb, T* c, Strides sc, bool accumulate) {
  if (m == 0 || n == 0) return;
  detail::Storage const left(sa, m, k), right(sb, k, n), target(sc, m, n);
  if (!left.possible || !right.possible || !target.possible || k == 0) {
    for_each_index(
        context.stream(), static_cast<std::size_t>(m * n),
        detail::ProductKernel<T>{a, b, c, n, k, {sa[0], sa[1]}, {sb[0], sb[1]}, {sc[0], sc[1]}, accumulate});
    return;
  }
  if (target.by_columns) {  // C stored by columns: its transpose is the product of the transposes
    multiply(context, n, m, k, b, Strides{sb[1], sb[0]}, a, Strides{sa[1], sa[0]}, c, Strides{sc[1], sc[0]},
             accumulate);
    return;
  }
  T const alpha = 1, beta = accumulate ? 1 : 0;
  auto const operation = [](detail::Storage const& s) { return s.by_columns ? CUBLAS_OP_T : CUBLAS_OP_N; };
  auto const i = [](std::ptrdiff_t x) { return static_cast<int>(x); };
  DISENTANGLE_CUDA_CALL(detail::cublas_gemm(context.cublas(), operation(right), operation(left), i(n), i(m),
                                            i(k), &alpha, b, i(right.leading), a, i(left.leading), &beta, c,
                                            i(target.leading)));
}

}  // namespace disentangle::backend::cuda
