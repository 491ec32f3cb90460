// SPDX-License-Identifier: Apache-2.0
// Variable<Backend, Rank>: a tensor on a tape. What the formulas of a term are made of, and the leaf of every
// expression.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>

#include <disentangle/backend/extents.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>

namespace disentangle {

template <class Backend>
class Tape;

namespace detail {

/// The pass of a tape that a variable is of, where that is checked (DISENTANGLE_CHECKED).
struct Generation {
#if DISENTANGLE_CHECKED
  unsigned long number = 0;  ///< 0: memory that outlives passes (parameters, inputs)
#endif
};

}  // namespace detail

/// A view of a tensor and of its gradient; copying it copies no data. Storage belongs to the tape or to a
/// parameter store: what is the tape's is gone once the tape is reset, and where DISENTANGLE_CHECKED is on
/// (debug builds) its use is then refused in words. `gradient` is null where no gradient is wanted (data,
/// random numbers, what stop_gradient returned). Slices, transposes and diagonals are variables over the same
/// storage with other strides, so their gradients need no record.
template <class Backend, int Rank>
struct Variable {
  static_assert(Rank >= 0 && Rank <= max_rank, "[disentangle] a tensor has at most five axes");
  using expression_tag = void;
  using backend_type = Backend;
  using scalar = typename Backend::scalar;
  static constexpr int rank = Rank;

  Tape<Backend>* tape = nullptr;
  scalar* value = nullptr;
  scalar* gradient = nullptr;
  Extents<Rank> extents{};
  Extents<Rank> strides{};
  [[no_unique_address]] detail::Generation generation{};

  /// Length of one axis.
  std::ptrdiff_t extent(int axis) const { return extents[static_cast<std::size_t>(axis)]; }
  /// Number of scalars.
  std::ptrdiff_t size() const { return product(extents); }
  bool contiguous() const { return strides == contiguous_strides(extents); }
};

/// Anything that a formula can be made of: a Variable, or a lazily built element-wise expression over
/// variables.
template <class E>
concept expression = requires { typename std::remove_cvref_t<E>::expression_tag; };

/// An expression of rank 0: what a term returns.
template <class E>
concept scalar_expression = expression<E> && std::remove_cvref_t<E>::rank == 0;

/// An expression of rank 2, (rows, columns).
template <class E>
concept matrix_expression = expression<E> && std::remove_cvref_t<E>::rank == 2;

namespace detail {

[[noreturn]] DISENTANGLE_COLD inline void
refuse_generation(std::string const& extents, unsigned long long found, unsigned long long expected) {
  throw ValueError(
      "variable " + extents + ": found one of pass " + std::to_string(found) +
      " of its tape, expected one of pass " + std::to_string(expected) +
      ": the tape was reset after it was made, and its memory holds other things now; make it anew "
      "after Tape::reset()");
}

/// @throws ValueError, where that is checked, for a variable whose tape was reset after it was made
template <class Backend, int Rank>
void check_generation([[maybe_unused]] Variable<Backend, Rank> const& v) {
#if DISENTANGLE_CHECKED
  if (v.generation.number != 0 && v.tape != nullptr && v.generation.number != v.tape->generation().number)
    refuse_generation(extents_text(v.extents), v.generation.number, v.tape->generation().number);
#endif
}

}  // namespace detail

template <class E>
inline constexpr bool is_variable = false;
template <class Backend, int Rank>
inline constexpr bool is_variable<Variable<Backend, Rank>> = true;

}  // namespace disentangle
