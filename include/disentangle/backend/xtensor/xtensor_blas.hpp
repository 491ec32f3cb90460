// SPDX-License-Identifier: Apache-2.0
// The xtensor backend with matrix products of the system's BLAS, through xtensor-blas. A class of its own, so
// that results do not change because a package was installed: link disentangle::xtensor_blas. Not in the
// umbrella header.
#pragma once

#include <array>
#include <cstddef>

#include <disentangle/backend/cpu/activation.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/xtensor/xtensor.hpp>

#include <xtensor-blas/xblas.hpp>

namespace disentangle::backend::inline DISENTANGLE_INSTRUCTION_SET {

/// As BasicXtensor, with matrix products and dense layers through xt::blas::gemm where the operands are whole
/// matrices, row-major or transposed, and through the CPU kernels otherwise. A product is one call of BLAS
/// from the calling thread, which may use threads of its own: results do not depend on the number of threads
/// of this backend, and depend on BLAS and its settings.
template <class T>
class BasicXtensorBlas : public BasicXtensor<T> {
 public:
  using typename BasicXtensor<T>::Strides;
  using BasicXtensor<T>::BasicXtensor;

  /// C (+)= A B with A (m, k), B (k, n), C (m, n), each with its row and column strides.
  void multiply(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, T const* a, Strides sa, T const* b,
                Strides sb, T* c, Strides sc, bool accumulate) {
    bool const known = whole(sa, m, k) && whole(sb, k, n) && sc == Strides{n, 1};
    if (!known || m == 0 || n == 0 || k == 0) {
      BasicXtensor<T>::multiply(m, n, k, a, sa, b, sb, c, sc, accumulate);
      return;
    }
    bool const a_rows = sa == Strides{k, 1}, b_rows = sb == Strides{n, 1};
    auto result = matrix(c, m, n);
    xt::blas::gemm(a_rows ? matrix(a, m, k) : matrix(a, k, m), b_rows ? matrix(b, k, n) : matrix(b, n, k),
                   result, !a_rows, !b_rows, T(1), accumulate ? T(1) : T(0));
  }

  /// out = f(x W + b), x (batch, inputs), W (inputs, features).
  template <Activation A>
  void dense(std::ptrdiff_t batch, std::ptrdiff_t inputs, std::ptrdiff_t features, T const* x,
             T const* weight, T const* bias, T* out, T slope) {
    multiply(batch, features, inputs, x, {inputs, 1}, weight, {features, 1}, out, {features, 1}, false);
    auto const n = static_cast<std::size_t>(features);
    std::array<std::size_t, 1> const shape{n};
    this->pool().for_each(static_cast<std::size_t>(batch), [&](std::size_t i) {
      T* const row = out + i * n;
      auto values = xt::adapt<xt::layout_type::row_major>(row + 0, n, xt::no_ownership(), shape);
      if (bias != nullptr)
        xt::noalias(values) += xt::adapt<xt::layout_type::row_major>(bias + 0, n, xt::no_ownership(), shape);
      cpu::apply_activation<A>(row, n, slope);
    });
  }

 private:
  static bool whole(Strides s, std::ptrdiff_t rows, std::ptrdiff_t columns) {
    return s == Strides{columns, 1} || s == Strides{1, rows};
  }
  template <class U>
  static auto matrix(U* p, std::ptrdiff_t rows, std::ptrdiff_t columns) {
    std::array<std::size_t, 2> const shape{static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)};
    return xt::adapt<xt::layout_type::row_major>(p + 0, shape[0] * shape[1], xt::no_ownership(), shape);
  }
};

/// The xtensor backend with BLAS in single precision.
using XtensorBlas = BasicXtensorBlas<float>;

}  // namespace disentangle::backend::inline DISENTANGLE_INSTRUCTION_SET
