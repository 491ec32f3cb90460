// SPDX-License-Identifier: Apache-2.0
// Anybody's arrays of codes and factors as a source for the sampled metrics.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/labelled_source.hpp>

namespace disentangle::metric {

namespace detail {

/// Copies the codes of the asked rows.
template <class T>
struct GatherRows {
  MatrixView<T const> codes;
  void operator()(std::span<std::size_t const> rows, MatrixView<double> out) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t l = 0; l < codes.columns; ++l) out(i, l) = static_cast<double>(codes(rows[i], l));
  }
};

}  // namespace detail

/// A factor_source over (rows, latents) codes, float or double, and the (rows, factors) labels of the same
/// rows. The codes must outlive the source; the labels are copied. Sampling with replacement, see
/// LabelledSource. Throws ShapeError where rows differ, ValueError for a NaN code or a label below 0.
template <class T>
class ArraySource : public LabelledSource<detail::GatherRows<T>> {
 public:
  ArraySource(MatrixView<T const> codes, MatrixView<int const> factors, std::vector<std::string> names = {})
      : LabelledSource<detail::GatherRows<T>>(checked(codes, factors), std::move(names), codes.columns,
                                              detail::GatherRows<T>{codes}) {}

 private:
  [[nodiscard]] static MatrixView<int const> checked(MatrixView<T const> codes,
                                                     MatrixView<int const> factors) {
    detail::check_codes("ArraySource", codes);
    detail::check_factors("ArraySource", codes.rows, factors, 1, detail::why_sources_need_labels);
    return factors;
  }
};

template <class T, class I>
ArraySource(MatrixView<T>, MatrixView<I>) -> ArraySource<std::remove_const_t<T>>;
template <class T, class I>
ArraySource(MatrixView<T>, MatrixView<I>, std::vector<std::string>) -> ArraySource<std::remove_const_t<T>>;

}  // namespace disentangle::metric
