// SPDX-License-Identifier: Apache-2.0
// Expression templates: element-wise formulas as types, built lazily. Nodes hold variables by value and no
// storage. Shapes broadcast as in NumPy: axes are aligned from the last, an extent of 1 or a missing axis
// stretches.
#pragma once

#include <algorithm>
#include <concepts>
#include <type_traits>
#include <utility>

#include <disentangle/autodiff/variable.hpp>
#include <disentangle/core/config.hpp>

namespace disentangle {

/// A number inside an expression; takes the scalar type of the backend when evaluated.
struct Constant {
  using expression_tag = void;
  using backend_type = void;
  static constexpr int rank = 0;
  double value = 0;
};

namespace detail {

template <class A, class B>
struct CommonBackend {
  static_assert(std::is_same_v<A, B>,
                "[disentangle] the variables of one expression must live on one backend");
  using type = A;
};
template <class A>
struct CommonBackend<A, void> {
  using type = A;
};
template <class B>
  requires(!std::is_void_v<B>)
struct CommonBackend<void, B> {
  using type = B;
};
template <class A, class B>
using common_backend = typename CommonBackend<A, B>::type;

}  // namespace detail

/// op(a)
template <class Op, class A>
struct Unary {
  using expression_tag = void;
  using backend_type = typename A::backend_type;
  static constexpr int rank = A::rank;
  A a;
};

/// op(a, b) with broadcasting
template <class Op, class A, class B>
struct Binary {
  using expression_tag = void;
  using backend_type = detail::common_backend<typename A::backend_type, typename B::backend_type>;
  static constexpr int rank = A::rank > B::rank ? A::rank : B::rank;
  A a;
  B b;
};

/// condition != 0 ? a : b with broadcasting; no gradient flows into the condition
template <class C, class A, class B>
struct Choice {
  using expression_tag = void;
  using backend_type =
      detail::common_backend<typename C::backend_type,
                             detail::common_backend<typename A::backend_type, typename B::backend_type>>;
  static constexpr int rank = std::max({C::rank, A::rank, B::rank});
  C condition;
  A a;
  B b;
};

/// An expression or a plain number.
template <class E>
concept operand = expression<E> || std::is_arithmetic_v<std::remove_cvref_t<E>>;

namespace detail {

template <operand E>
constexpr auto as_expression(E const& e) {
  if constexpr (expression<E>) {
    return e;
  } else {
    return Constant{static_cast<double>(e)};
  }
}
template <operand E>
using expression_of = decltype(as_expression(std::declval<E const&>()));

// ---- walking an expression ------------------------------------------------------------------------------

// declared before any is defined: they call each other
template <class Op, class A, class Visitor>
constexpr void for_each_variable(Unary<Op, A> const& e, Visitor&& visit);
template <class Op, class A, class B, class Visitor>
constexpr void for_each_variable(Binary<Op, A, B> const& e, Visitor&& visit);
template <class C, class A, class B, class Visitor>
constexpr void for_each_variable(Choice<C, A, B> const& e, Visitor&& visit);

template <class Visitor>
constexpr void for_each_variable(Constant const&, Visitor&&) {}
template <class B, int R, class Visitor>
constexpr void for_each_variable(Variable<B, R> const& v, Visitor&& visit) {
  visit(v);
}
template <class Op, class A, class Visitor>
constexpr void for_each_variable(Unary<Op, A> const& e, Visitor&& visit) {
  for_each_variable(e.a, visit);
}
template <class Op, class A, class B, class Visitor>
constexpr void for_each_variable(Binary<Op, A, B> const& e, Visitor&& visit) {
  for_each_variable(e.a, visit);
  for_each_variable(e.b, visit);
}
template <class C, class A, class B, class Visitor>
constexpr void for_each_variable(Choice<C, A, B> const& e, Visitor&& visit) {
  for_each_variable(e.condition, visit);
  for_each_variable(e.a, visit);
  for_each_variable(e.b, visit);
}

/// The tape of the first variable.
template <class E>
auto* tape_of(E const& e) {
  Tape<typename E::backend_type>* tape = nullptr;
  for_each_variable(e, [&](auto const& v) {
    if (tape == nullptr) tape = v.tape;
  });
  return tape;
}

template <class E>
bool needs_gradient(E const& e) {
  bool needed = false;
  for_each_variable(e, [&](auto const& v) { needed = needed || v.gradient != nullptr; });
  return needed;
}

/// Stretches `extents` (rank axes) to what they broadcast to with those of a variable, axes aligned from the
/// last.
DISENTANGLE_OUT_OF_LINE inline void broadcast_extents(std::ptrdiff_t* extents, int rank,
                                                      std::ptrdiff_t const* own, int own_rank) {
  for (int axis = 0; axis < own_rank; ++axis) {
    std::ptrdiff_t& target = extents[rank - own_rank + axis];
    if (own[axis] == target || own[axis] == 1) continue;
    if (target != 1) {
      throw ShapeError("expression: extents " + extents_text(own, static_cast<std::size_t>(own_rank)) +
                       " do not broadcast with " + extents_text(extents, static_cast<std::size_t>(rank)));
    }
    target = own[axis];
  }
}

}  // namespace detail

/// The extents of an expression after broadcasting. @throws ShapeError where two extents fit neither each
/// other nor 1.
template <expression E>
[[nodiscard]] Extents<E::rank> extents_of(E const& e) {
  Extents<E::rank> result;
  result.fill(1);
  detail::for_each_variable(e, [&](auto const& v) {
    detail::broadcast_extents(result.data(), E::rank, v.extents.data(),
                              std::remove_cvref_t<decltype(v)>::rank);
  });
  return result;
}

}  // namespace disentangle
