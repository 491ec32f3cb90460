// SPDX-License-Identifier: Apache-2.0
// The matrices that metrics accept as they are: MatrixView and Matrix of this library, Eigen's, xtensor's and
// whatever else has two extents and x(i, j). One value is read at a time, so any storage order will do.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric {

namespace detail {

template <class X>
concept has_extent_members = requires(X const& x) {
  { x.rows } -> std::convertible_to<std::size_t>;
  { x.columns } -> std::convertible_to<std::size_t>;
};
template <class X>
concept has_rows_and_cols = requires(X const& x) {
  { x.rows() } -> std::integral;
  { x.cols() } -> std::integral;
};
template <class X>
concept has_shape = requires(X const& x) {
  { x.dimension() } -> std::integral;
  { x.shape(std::size_t{}) } -> std::integral;
};

}  // namespace detail

/// A matrix of arithmetic values, a row per sample.
template <class X>
concept matrix_like =
    (detail::has_extent_members<X> || detail::has_rows_and_cols<X> || detail::has_shape<X>)&&requires(
        X const& x, std::size_t i) { requires std::is_arithmetic_v<std::remove_cvref_t<decltype(x(i, i))>>; };

/// The type of its values.
template <matrix_like X>
using value_of = std::remove_cvref_t<decltype(std::declval<X const&>()(std::size_t{}, std::size_t{}))>;

namespace detail {

/// A copy in T.
template <class T, matrix_like X>
Matrix<T> copy_of(X const& x) {
  std::size_t rows = 0;
  std::size_t columns = 0;
  if constexpr (has_extent_members<X>) {
    rows = static_cast<std::size_t>(x.rows);
    columns = static_cast<std::size_t>(x.columns);
  } else if constexpr (has_rows_and_cols<X>) {
    rows = static_cast<std::size_t>(x.rows());
    columns = static_cast<std::size_t>(x.cols());
  } else {
    rows = static_cast<std::size_t>(x.shape(0));
    columns = x.dimension() < 2 ? 1 : static_cast<std::size_t>(x.shape(1));
  }
  Matrix<T> copy(rows, columns);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) {
      if constexpr (has_rows_and_cols<X>) {
        copy(i, j) = static_cast<T>(x(static_cast<std::ptrdiff_t>(i), static_cast<std::ptrdiff_t>(j)));
      } else {
        copy(i, j) = static_cast<T>(x(i, j));
      }
    }
  return copy;
}

}  // namespace detail

}  // namespace disentangle::metric
