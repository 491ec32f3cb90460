// SPDX-License-Identifier: Apache-2.0
// A row-major matrix that owns its values: tables of scores, codes, labels, features.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <disentangle/core/matrix_view.hpp>

namespace disentangle {

/// rows x columns values, row-major, zero at first.
template <class T>
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<T> values;

  Matrix() = default;
  Matrix(std::size_t rows_, std::size_t columns_, T value = T{})
      : rows(rows_), columns(columns_), values(rows_ * columns_, value) {}

  T& operator()(std::size_t i, std::size_t j) { return values[i * columns + j]; }
  T const& operator()(std::size_t i, std::size_t j) const { return values[i * columns + j]; }
  std::span<T> row(std::size_t i) { return {values.data() + i * columns, columns}; }
  std::span<T const> row(std::size_t i) const { return {values.data() + i * columns, columns}; }
  MatrixView<T> view() { return {values.data(), rows, columns}; }
  MatrixView<T const> view() const { return {values.data(), rows, columns}; }
  friend bool operator==(Matrix const&, Matrix const&) = default;
};

}  // namespace disentangle
