// SPDX-License-Identifier: Apache-2.0
// Matrices in formulas: product, covariance, off-diagonal part, pairwise differences.
#pragma once

#include <disentangle/autodiff/reductions.hpp>

namespace disentangle {

/// (m, k) x (k, n) -> (m, n). Transposed and sliced views are read in place. @throws ShapeError if the inner
/// extents differ.
template <matrix_expression E, matrix_expression F>
[[nodiscard]] Variable<typename E::backend_type, 2> matmul(E const& left, F const& right) {
  auto const a = materialise(left);
  auto const b = materialise(right);
  if (a.extents[1] != b.extents[0]) {
    throw ShapeError("matmul: found " + extents_text(a.extents) + " x " + extents_text(b.extents) +
                     ", expected equal inner extents");
  }
  auto& tape = *a.tape;
  auto const out =
      tape.variable(Extents<2>{a.extents[0], b.extents[1]}, a.gradient != nullptr || b.gradient != nullptr);
  auto const product_into = [&tape](auto const& target, auto* to, auto const& x, auto const* px,
                                    auto const& y, auto const* py, bool accumulate) {
    tape.backend().multiply(target.extents[0], target.extents[1], x.extents[1], px, x.strides, py, y.strides,
                            to, target.strides, accumulate);
  };
  product_into(out, out.value, a, a.value, b, b.value, false);
  if (out.gradient != nullptr) {
    tape.record([product_into, a, b, out] {
      auto const at = transpose(a), bt = transpose(b);
      if (a.gradient != nullptr) product_into(a, a.gradient, out, out.gradient, bt, bt.value, true);
      if (b.gradient != nullptr) product_into(b, b.gradient, at, at.value, out, out.gradient, true);
    });
  }
  return out;
}

/// The covariance of the columns, (samples, d) -> (d, d): mean over samples of the products of deviations
/// (divided by the number of samples, not by one less, as the papers do).
template <matrix_expression E>
[[nodiscard]] auto covariance(E const& e) {
  auto const x = materialise(e);
  auto const centred = materialise(x - mean(x, axis<0>));
  return matmul(transpose(centred), centred) * (1.0 / static_cast<double>(x.extents[0]));
}

/// A square matrix with zeros on its diagonal.
template <matrix_expression E>
[[nodiscard]] auto off_diagonal(E const& e) {
  auto const extents = extents_of(e);
  if (extents[0] != extents[1]) {
    throw ShapeError("off_diagonal: found " + extents_text(extents) + ", expected a square matrix");
  }
  auto& tape = *detail::tape_of(e);
  auto const identity = tape.variable(extents, false);
  tape.backend().fill(identity.value, static_cast<std::size_t>(identity.size()),
                      typename E::backend_type::scalar(0));
  tape.backend().fill(identity.value, static_cast<std::size_t>(extents[0]),
                      typename E::backend_type::scalar(1), extents[0] + 1);
  return where(identity, 0.0, e);
}

/// All differences of rows, (n, d), (m, d) -> (n, m, d): element (i, j) is a_i - b_j.
template <matrix_expression E, matrix_expression F>
[[nodiscard]] auto pairwise_differences(E const& a, F const& b) {
  return insert_axis(a, axis<1>) - insert_axis(b, axis<0>);
}

}  // namespace disentangle
