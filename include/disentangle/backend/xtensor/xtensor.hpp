// SPDX-License-Identifier: Apache-2.0
// The xtensor backend: xtensor evaluates the expressions of formulas, on the threads and with the SIMD packs
// of the CPU backend. Needs xtensor 0.24 or later: link disentangle::xtensor. Not in the umbrella header.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/expression/loop.hpp>
#include <disentangle/backend/expression/tree.hpp>
#include <disentangle/backend/xtensor/loops.hpp>

namespace disentangle::backend::inline DISENTANGLE_INSTRUCTION_SET {

/// As BasicCpu, with every element-wise formula, derivative and reduction evaluated by xtensor: a formula
/// becomes one xt::xfunction over adapted memory. Matrix products, convolutions, the optimiser's update and
/// random numbers are the CPU's. Results are the same bits for every number of threads, and differ from Cpu's
/// in rounding. A training step allocates nothing after the first ones.
template <class T>
class BasicXtensor : public BasicCpu<T> {
 public:
  using typename BasicCpu<T>::Pack;
  using BasicCpu<T>::BasicCpu;

  void fill(T* p, std::size_t n, T value, std::ptrdiff_t stride = 1) {
    std::array<std::size_t, 1> const shape{n};
    if (stride == 1) {
      xt::adapt(p, n, xt::no_ownership(), shape).fill(value);
    } else {
      std::array<std::ptrdiff_t, 1> const strides{stride};
      auto places = xt::adapt(p, n, xt::no_ownership(), shape, strides);
      std::fill(places.begin(), places.end(), value);
    }
  }

  // ---- loops over bound expressions ---------------------------------------------------------------------
  template <class Destination, expression::bound_expression<T> Bound>
  void map(expression::Loop const& loop, Destination const& destination, Bound const& bound) {
    xtensor::map<Pack>(this->pool(), loop, destination, bound);
  }
  template <expression::bound_expression<T> Bound, expression::bound_expression<T> Seed>
  void adjoint(expression::Loop const& loop, Bound const& bound, Seed const& seed) {
    xtensor::adjoint<Pack>(this->pool(), loop, bound, seed);
  }
  template <expression::bound_expression<T> Bound, class Scratch>
  void sum(expression::Loop const& loop, Bound const& bound, T* out, Scratch&& scratch) {
    T* const partials = scratch(xtensor::sum_partials(loop));
    *out = xtensor::sum<Pack>(this->pool(), loop, bound, partials);
  }
  template <class Destination, expression::bound_expression<T> Bound>
  void reduce(expression::Loop const& loop, Reduction kind, Destination const& destination,
              Bound const& bound) {
    xtensor::reduce<Pack>(this->pool(), loop, kind, destination, bound);
  }

  /// to (+)= the sums of the columns of a (rows, columns) matrix, row by row.
  void column_sums(std::ptrdiff_t rows, std::ptrdiff_t columns, T const* from, T* to, bool accumulate) {
    auto const n = static_cast<std::size_t>(columns);
    std::array<std::size_t, 1> const shape{n};
    auto total = xt::adapt(to, n, xt::no_ownership(), shape);
    if (!accumulate) total.fill(T(0));
    for (std::ptrdiff_t i = 0; i < rows; ++i)
      xt::noalias(total) += xt::adapt(from + i * columns, n, xt::no_ownership(), shape);
  }
};

/// The xtensor backend in single precision.
using Xtensor = BasicXtensor<float>;

}  // namespace disentangle::backend::inline DISENTANGLE_INSTRUCTION_SET
