// SPDX-License-Identifier: Apache-2.0
// The boundary between lazy expressions and tensors: evaluating an expression in one pass, and its adjoint in
// another.
#pragma once

#include <disentangle/autodiff/bind.hpp>
#include <disentangle/autodiff/tape.hpp>
#include <disentangle/core/config.hpp>

namespace disentangle {

namespace detail {

/// A view of a variable's gradient as a constant.
template <class B, int R>
Variable<B, R> gradient_of(Variable<B, R> v) {
  v.value = v.gradient;
  v.gradient = nullptr;
  return v;
}

/// A variable seen as the memory that a loop writes to.
template <class T, class B, int R>
BoundVariable<T> bind_destination(Variable<B, R> v, Loop const& loop) {
  v.gradient = v.value;
  return bind<T>(v, loop);
}

}  // namespace detail

/// destination = expression, in one pass over memory; nothing is recorded. The extents must be the same, and
/// the expression may read the destination element by element: assign(x, 0.9 * x + 0.1 * y).
template <class B, int R, expression E>
DISENTANGLE_COLD void assign(Variable<B, R> const& destination, E const& e) {
  using T = typename B::scalar;
  backend::expression::Loop loop = backend::expression::loop_over<R>(destination.extents);
  auto to = detail::bind_destination<T>(destination, loop);
  auto from = detail::bind<T>(e, loop);
  backend::expression::merge_axes_of(loop, to, from);
  destination.tape->backend().map(loop, to, from);
}

/// The gradients of the expression's variables += its adjoint applied to `seed`, the gradient of the
/// expression, in one pass over memory. What a record does on the way back: tape.record([e, out] {
/// pull_back(e, gradient); }).
template <expression E, expression S>
DISENTANGLE_COLD void pull_back(E const& e, S const& seed) {
  using B = typename E::backend_type;
  using T = typename B::scalar;
  backend::expression::Loop loop = backend::expression::loop_over<E::rank>(extents_of(e));
  auto to = detail::bind<T>(e, loop);
  auto from = detail::bind<T>(seed, loop);
  backend::expression::merge_axes_of(loop, to, from);
  detail::tape_of(e)->backend().adjoint(loop, to, from);
}

/// The expression as a tensor: evaluated now, in one pass. A variable is returned as it is.
template <expression E>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, E::rank> materialise(E const& e) {
  if constexpr (is_variable<E>) {
    detail::check_generation(e);
    return e;
  } else {
    auto& tape = *detail::tape_of(e);
    auto const out = tape.variable(extents_of(e), detail::needs_gradient(e));
    assign(out, e);
    if (out.gradient != nullptr) {
      tape.record([e, out] { pull_back(e, detail::gradient_of(out)); });
    }
    return out;
  }
}

/// The value of an expression as a constant: no gradient flows back through it.
template <expression E>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, E::rank> stop_gradient(E const& e) {
  auto& tape = *detail::tape_of(e);
  if constexpr (is_variable<E>) {
    auto constant = e;
    constant.gradient = nullptr;
    return constant;
  } else {
    auto const out = tape.variable(extents_of(e), false);
    assign(out, e);
    return out;
  }
}

}  // namespace disentangle
