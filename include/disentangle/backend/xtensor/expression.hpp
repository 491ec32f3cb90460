// SPDX-License-Identifier: Apache-2.0
// Bound expressions (autodiff/bound.hpp) as xtensor expressions: the tree is translated node by node at compile time. The
// derivative is too: for every leaf one xtensor expression of the adjoint that reaches it.
#pragma once

#include <cstddef>
#include <utility>

#include <disentangle/backend/xtensor/line.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle::detail {

// The nodes of autodiff/bound.hpp, which lies a floor above.
template <class T>
struct BoundConstant;
template <class T>
struct BoundVariable;
template <class Op, class A>
struct BoundUnary;
template <class Op, class A, class B>
struct BoundBinary;
template <class C, class A, class B>
struct BoundChoice;

}  // namespace disentangle::detail

namespace disentangle::backend::xtensor {

namespace detail {

using disentangle::detail::BoundBinary;
using disentangle::detail::BoundChoice;
using disentangle::detail::BoundConstant;
using disentangle::detail::BoundUnary;
using disentangle::detail::BoundVariable;

// What the nodes of the xtensor expressions compute, pack by pack.
template <class Op>
struct Value {
  template <class... P>
  auto operator()(P... arguments) const {
    return Op::value(arguments...);
  }
};
template <class Op>
struct UnaryAdjoint {
  template <class P>
  P operator()(P g, P y, P a) const {
    return Op::adjoint(g, y, a);
  }
};
template <class Op>
struct FirstAdjoint {
  template <class P>
  P operator()(P g, P y, P a, P b) const {
    return Op::adjoint(g, y, a, b).a;
  }
};
template <class Op>
struct SecondAdjoint {
  template <class P>
  P operator()(P g, P y, P a, P b) const {
    return Op::adjoint(g, y, a, b).b;
  }
};
struct Choose {
  template <class P>
  P operator()(P condition, P a, P b) const {
    using math::select;
    return select(condition != P(0), a, b);
  }
};

/// An xtensor expression of a function object of one's own.
template <class F, class... E>
auto node(F f, E&&... arguments) {
  return xt::make_lambda_xfunction(std::move(f), std::forward<E>(arguments)...);
}

// declared before any is defined: they call each other
template <class P, class Op, class A>
auto express(BoundUnary<Op, A> const& tree, Window window);
template <class P, class Op, class A, class B>
auto express(BoundBinary<Op, A, B> const& tree, Window window);
template <class P, class C, class A, class B>
auto express(BoundChoice<C, A, B> const& tree, Window window);

/// The values of a window of the line at which the tree stands, as an xtensor expression of packs. It points to the
/// leaves of the tree, which must stay where they are: moving them to another line moves the expression there.
template <class P, class T>
xt::xscalar<P> express(BoundConstant<T> const& tree, Window) {
  return xt::xscalar<P>(P(tree.constant));
}
template <class P, class T>
auto express(BoundVariable<T> const& tree, Window window) {
  return adapt(Packs<P, BoundVariable<T>>(tree, window));
}
template <class P, class Op, class A>
auto express(BoundUnary<Op, A> const& tree, Window window) {
  return node(Value<Op>{}, express<P>(tree.a, window));
}
template <class P, class Op, class A, class B>
auto express(BoundBinary<Op, A, B> const& tree, Window window) {
  return node(Value<Op>{}, express<P>(tree.a, window), express<P>(tree.b, window));
}
template <class P, class C, class A, class B>
auto express(BoundChoice<C, A, B> const& tree, Window window) {
  return node(Choose{}, express<P>(tree.condition, window), express<P>(tree.a, window),
              express<P>(tree.b, window));
}

/// Calls visit(leaf, adjoint) for every leaf of the tree that has a gradient, one after the other; the second argument is
/// an xtensor expression of what the leaf's gradient receives when the result of the tree receives `g`. It is valid only
/// inside the call.
template <class P, class T, class G, class Visitor>
void for_each_adjoint(BoundConstant<T> const&, G const&, Window, Visitor&&) {}
template <class P, class T, class G, class Visitor>
void for_each_adjoint(BoundVariable<T> const& tree, G const& g, Window, Visitor&& visit) {
  if (tree.gradient != nullptr) visit(tree, g);
}
template <class P, class Op, class A, class G, class Visitor>
void for_each_adjoint(BoundUnary<Op, A> const& tree, G const& g, Window window, Visitor&& visit);
template <class P, class Op, class A, class B, class G, class Visitor>
void for_each_adjoint(BoundBinary<Op, A, B> const& tree, G const& g, Window window, Visitor&& visit);
template <class P, class C, class A, class B, class G, class Visitor>
void for_each_adjoint(BoundChoice<C, A, B> const& tree, G const& g, Window window, Visitor&& visit);

template <class P, class Op, class A, class G, class Visitor>
void for_each_adjoint(BoundUnary<Op, A> const& tree, G const& g, Window window, Visitor&& visit) {
  for_each_adjoint<P>(tree.a,
                      node(UnaryAdjoint<Op>{}, g, express<P>(tree, window), express<P>(tree.a, window)),
                      window, visit);
}
template <class P, class Op, class A, class B, class G, class Visitor>
void for_each_adjoint(BoundBinary<Op, A, B> const& tree, G const& g, Window window, Visitor&& visit) {
  for_each_adjoint<P>(tree.a,
                      node(FirstAdjoint<Op>{}, g, express<P>(tree, window), express<P>(tree.a, window),
                           express<P>(tree.b, window)),
                      window, visit);
  for_each_adjoint<P>(tree.b,
                      node(SecondAdjoint<Op>{}, g, express<P>(tree, window), express<P>(tree.a, window),
                           express<P>(tree.b, window)),
                      window, visit);
}
template <class P, class C, class A, class B, class G, class Visitor>
void for_each_adjoint(BoundChoice<C, A, B> const& tree, G const& g, Window window, Visitor&& visit) {
  auto const zero = [] { return xt::xscalar<P>(P(0)); };
  for_each_adjoint<P>(tree.a, node(Choose{}, express<P>(tree.condition, window), g, zero()), window, visit);
  for_each_adjoint<P>(tree.b, node(Choose{}, express<P>(tree.condition, window), zero(), g), window, visit);
}

}  // namespace detail

}  // namespace disentangle::backend::xtensor
