// SPDX-License-Identifier: Apache-2.0
// Views: the same storage with other extents and strides. They copy nothing, and gradients flow through them
// because a view of a variable is a view of its gradient too. A lazy expression is materialised first.
#pragma once

#include <disentangle/autodiff/materialise.hpp>

namespace disentangle {

/// A compile-time axis: dis::sum(x, dis::axis<1>).
template <int Index>
struct Axis {
  static_assert(Index >= 0, "[disentangle] axes are counted from 0");
};
template <int Index>
inline constexpr Axis<Index> axis{};

/// (..., n, ...) -> (..., 1, n, ...): a new axis of extent 1 at the given place, ready to broadcast.
template <expression E, int A>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, E::rank + 1> insert_axis(E const& e,
                                                                                           Axis<A>) {
  static_assert(A <= E::rank, "[disentangle] insert_axis: the axis is beyond the rank of the expression");
  auto const v = materialise(e);
  Variable<typename E::backend_type, E::rank + 1> out;
  out.tape = v.tape;
  out.value = v.value;
  out.gradient = v.gradient;
  out.generation = v.generation;
  for (int i = 0, own = 0; i <= E::rank; ++i) {
    auto const to = static_cast<std::size_t>(i);
    out.extents[to] = i == A ? 1 : v.extents[static_cast<std::size_t>(own)];
    out.strides[to] = i == A ? 0 : v.strides[static_cast<std::size_t>(own)];
    if (i != A) ++own;
  }
  return out;
}

/// The columns and rows of a matrix exchanged.
template <matrix_expression E>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, 2> transpose(E const& e) {
  auto v = materialise(e);
  std::swap(v.extents[0], v.extents[1]);
  std::swap(v.strides[0], v.strides[1]);
  return v;
}

/// Elements begin .. end - 1 of one axis. @throws ShapeError if they are not there.
template <expression E, int A>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, E::rank>
slice(E const& e, Axis<A>, std::ptrdiff_t begin, std::ptrdiff_t end) {
  static_assert(A < E::rank, "[disentangle] slice: the axis is beyond the rank of the expression");
  auto v = materialise(e);
  if (begin < 0 || end < begin || end > v.extents[A]) {
    throw ShapeError("slice: found [" + std::to_string(begin) + ", " + std::to_string(end) +
                     "), expected a part of [0, " + std::to_string(v.extents[A]) + ")");
  }
  v.value += begin * v.strides[A];
  if (v.gradient != nullptr) v.gradient += begin * v.strides[A];
  v.extents[A] = end - begin;
  return v;
}

/// The diagonal of a square matrix, (n, n) -> (n).
template <matrix_expression E>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, 1> diagonal(E const& e) {
  auto const v = materialise(e);
  if (v.extents[0] != v.extents[1])
    throw ShapeError("diagonal: found " + extents_text(v.extents) + ", expected a square matrix");
  return {v.tape, v.value, v.gradient, {v.extents[0]}, {v.strides[0] + v.strides[1]}, v.generation};
}

/// The same scalars in row-major order with other extents. @throws ShapeError if the number of scalars
/// differs.
template <expression E, std::size_t Rank>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, static_cast<int>(Rank)>
reshape(E const& e, std::array<std::ptrdiff_t, Rank> const& extents) {
  auto v = materialise(e);
  if (!v.contiguous()) {  // a strided view is copied to contiguous storage
    auto const copy = v.tape->variable(v.extents, v.gradient != nullptr);
    assign(copy, v);
    if (copy.gradient != nullptr) v.tape->record([v, copy] { pull_back(v, detail::gradient_of(copy)); });
    v = copy;
  }
  if (product(extents) != v.size()) {
    throw ShapeError("reshape: found " + extents_text(v.extents) + ", expected as many scalars as " +
                     extents_text(extents));
  }
  return {v.tape, v.value, v.gradient, extents, contiguous_strides(extents), v.generation};
}

}  // namespace disentangle
