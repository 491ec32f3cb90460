// SPDX-License-Identifier: Apache-2.0
// The boundary between lazy expressions and tensors: evaluating an expression in one pass, and its adjoint in
// another.
#pragma once

#include <disentangle/autodiff/bind.hpp>
#include <disentangle/autodiff/tape.hpp>

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

/// destination = expression, in one pass.
template <class B, int R, expression E>
void assign(Variable<B, R> const& destination, E const& e) {
  using T = typename B::scalar;
  Loop loop = backend::expression::loop_over<R>(destination.extents);
  auto to = bind_destination<T>(destination, loop);
  auto from = bind<T>(e, loop);
  backend::expression::merge_axes_of(loop, to, from);
  destination.tape->backend().map(loop, to, from);
}

/// The gradients of the expression's variables += its adjoint applied to `seed`, in one pass.
template <expression E, expression S>
void pull(E const& e, S const& seed) {
  using B = typename E::backend_type;
  using T = typename B::scalar;
  Loop loop = backend::expression::loop_over<E::rank>(extents_of(e));
  auto to = bind<T>(e, loop);
  auto from = bind<T>(seed, loop);
  backend::expression::merge_axes_of(loop, to, from);
  tape_of(e)->backend().adjoint(loop, to, from);
}

}  // namespace detail

/// The expression as a tensor: evaluated now, in one pass. A variable is returned as it is.
template <expression E>
Variable<typename E::backend_type, E::rank> materialise(E const& e) {
  if constexpr (is_variable<E>) {
    return e;
  } else {
    auto& tape = *detail::tape_of(e);
    auto const out = tape.variable(extents_of(e), detail::needs_gradient(e));
    detail::assign(out, e);
    if (out.gradient != nullptr) {
      tape.record([e, out] { detail::pull(e, detail::gradient_of(out)); });
    }
    return out;
  }
}

/// The value of an expression as a constant: no gradient flows back through it.
template <expression E>
Variable<typename E::backend_type, E::rank> stop_gradient(E const& e) {
  auto& tape = *detail::tape_of(e);
  if constexpr (is_variable<E>) {
    auto constant = e;
    constant.gradient = nullptr;
    return constant;
  } else {
    auto const out = tape.variable(extents_of(e), false);
    detail::assign(out, e);
    return out;
  }
}

}  // namespace disentangle
