// SPDX-License-Identifier: Apache-2.0
// Binding: a formula as the tree of backend/expression/tree.hpp, its variables as pointers and strides
// aligned with a loop's axes.
#pragma once

#include <disentangle/autodiff/expression.hpp>
#include <disentangle/backend/expression/loop.hpp>
#include <disentangle/backend/expression/tree.hpp>

namespace disentangle::detail {

using backend::expression::BoundBinary;
using backend::expression::BoundChoice;
using backend::expression::BoundConstant;
using backend::expression::BoundUnary;
using backend::expression::BoundVariable;
using backend::expression::Loop;

/// The bound tree of an expression E whose scalars are T, and how it is made.
template <class T, class E>
struct Bind;

template <class T>
struct Bind<T, Constant> {
  using type = BoundConstant<T>;
  static type of(Constant c, Loop const&) { return {static_cast<T>(c.value)}; }
};
template <class T, class B, int R>
struct Bind<T, Variable<B, R>> {
  using type = BoundVariable<T>;
  static type of(Variable<B, R> const& v, Loop const&) {
    check_generation(v);
    type bound{};
    bound.data = v.value;
    bound.gradient = v.gradient;
    backend::expression::align_strides(bound.strides, v.extents.data(), v.strides.data(), R);
    return bound;
  }
};
template <class T, class Op, class A>
struct Bind<T, Unary<Op, A>> {
  using type = BoundUnary<Op, typename Bind<T, A>::type>;
  static type of(Unary<Op, A> const& e, Loop const& loop) { return {Bind<T, A>::of(e.a, loop)}; }
};
template <class T, class Op, class A, class B>
struct Bind<T, Binary<Op, A, B>> {
  using type = BoundBinary<Op, typename Bind<T, A>::type, typename Bind<T, B>::type>;
  static type of(Binary<Op, A, B> const& e, Loop const& loop) {
    return {Bind<T, A>::of(e.a, loop), Bind<T, B>::of(e.b, loop)};
  }
};
template <class T, class C, class A, class B>
struct Bind<T, Choice<C, A, B>> {
  using type = BoundChoice<typename Bind<T, C>::type, typename Bind<T, A>::type, typename Bind<T, B>::type>;
  static type of(Choice<C, A, B> const& e, Loop const& loop) {
    return {Bind<T, C>::of(e.condition, loop), Bind<T, A>::of(e.a, loop), Bind<T, B>::of(e.b, loop)};
  }
};

template <class T, class E>
typename Bind<T, E>::type bind(E const& e, Loop const& loop) {
  return Bind<T, E>::of(e, loop);
}

}  // namespace disentangle::detail
