// SPDX-License-Identifier: Apache-2.0
// A view of a row-major matrix that somebody else owns: codes (samples, latents), factors (samples, factors).
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

namespace disentangle {

template <class T>
struct MatrixView {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;

  constexpr MatrixView() = default;
  constexpr MatrixView(T* data_, std::size_t rows_, std::size_t columns_)
      : data(data_), rows(rows_), columns(columns_) {}
  /// A read-only view of a mutable one.
  template <class U>
    requires(std::is_same_v<U const, T>)
  constexpr MatrixView(MatrixView<U> other) : data(other.data), rows(other.rows), columns(other.columns) {}

  constexpr T& operator()(std::size_t i, std::size_t j) const { return data[i * columns + j]; }
  constexpr std::span<T> row(std::size_t i) const { return {data + i * columns, columns}; }
  constexpr std::size_t size() const { return rows * columns; }
};

}  // namespace disentangle
