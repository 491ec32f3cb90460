// SPDX-License-Identifier: Apache-2.0
// Bound expressions (backend/expression/tree.hpp) as xtensor expressions: a formula is one xt::xfunction of
// all its leaves, and its derivative with respect to a leaf is another. One xt::xfunction for each node of
// the formula computes the same, in types that hold each other: that took twice as long to compile and ran no
// faster.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/expression/tree.hpp>
#include <disentangle/backend/xtensor/line.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle::backend::xtensor::inline DISENTANGLE_INSTRUCTION_SET {

namespace detail {

using expression::BoundBinary;
using expression::BoundChoice;
using expression::BoundConstant;
using expression::BoundUnary;
using expression::BoundVariable;

// The values of a bound tree and its adjoints, from packs of its leaves. Leaves are numbered in the order of
// the formula; `First` is the number of the first leaf of a subtree.
template <class Tree>
inline constexpr int leaves = 0;
template <class T>
inline constexpr int leaves<BoundVariable<T>> = 1;
template <class Op, class A>
inline constexpr int leaves<BoundUnary<Op, A>> = leaves<A>;
template <class Op, class A, class B>
inline constexpr int leaves<BoundBinary<Op, A, B>> = leaves<A> + leaves<B>;
template <class C, class A, class B>
inline constexpr int leaves<BoundChoice<C, A, B>> = leaves<C> + leaves<A> + leaves<B>;

// declared before any is defined: they call each other
template <int First, class P, class T>
P value_of(BoundConstant<T> const& tree, P const* packs);
template <int First, class P, class T>
P value_of(BoundVariable<T> const& tree, P const* packs);
template <int First, class P, class Op, class A>
P value_of(BoundUnary<Op, A> const& tree, P const* packs);
template <int First, class P, class Op, class A, class B>
P value_of(BoundBinary<Op, A, B> const& tree, P const* packs);
template <int First, class P, class C, class A, class B>
P value_of(BoundChoice<C, A, B> const& tree, P const* packs);

template <int First, class P, class T>
P value_of(BoundConstant<T> const& tree, P const*) {
  return P(tree.constant);
}
template <int First, class P, class T>
P value_of(BoundVariable<T> const&, P const* packs) {
  return packs[First];
}
template <int First, class P, class Op, class A>
P value_of(BoundUnary<Op, A> const& tree, P const* packs) {
  return Op::value(value_of<First>(tree.a, packs));
}
template <int First, class P, class Op, class A, class B>
P value_of(BoundBinary<Op, A, B> const& tree, P const* packs) {
  return Op::value(value_of<First>(tree.a, packs), value_of<First + leaves<A>>(tree.b, packs));
}
template <int First, class P, class C, class A, class B>
P value_of(BoundChoice<C, A, B> const& tree, P const* packs) {
  using math::select;
  return select(value_of<First>(tree.condition, packs) != P(0), value_of<First + leaves<C>>(tree.a, packs),
                value_of<First + leaves<C> + leaves<A>>(tree.b, packs));
}

/// What leaf `Leaf` receives when the result of the tree receives g.
template <int Leaf, int First, class P, class T>
P adjoint_of(BoundVariable<T> const&, P g, P const*) {
  return g;
}
template <int Leaf, int First, class P, class Op, class A>
P adjoint_of(BoundUnary<Op, A> const& tree, P g, P const* packs);
template <int Leaf, int First, class P, class Op, class A, class B>
P adjoint_of(BoundBinary<Op, A, B> const& tree, P g, P const* packs);
template <int Leaf, int First, class P, class C, class A, class B>
P adjoint_of(BoundChoice<C, A, B> const& tree, P g, P const* packs);

template <int Leaf, int First, class P, class Op, class A>
P adjoint_of(BoundUnary<Op, A> const& tree, P g, P const* packs) {
  P const a = value_of<First>(tree.a, packs);
  return adjoint_of<Leaf, First>(tree.a, P(Op::adjoint(g, Op::value(a), a)), packs);
}
template <int Leaf, int First, class P, class Op, class A, class B>
P adjoint_of(BoundBinary<Op, A, B> const& tree, P g, P const* packs) {
  constexpr int second = First + leaves<A>;
  P const a = value_of<First>(tree.a, packs), b = value_of<second>(tree.b, packs);
  auto const adjoints = Op::adjoint(g, P(Op::value(a, b)), a, b);
  if constexpr (Leaf < second) {
    return adjoint_of<Leaf, First>(tree.a, P(adjoints.a), packs);
  } else {
    return adjoint_of<Leaf, second>(tree.b, P(adjoints.b), packs);
  }
}
template <int Leaf, int First, class P, class C, class A, class B>
P adjoint_of(BoundChoice<C, A, B> const& tree, P g, P const* packs) {
  using math::select;
  constexpr int second = First + leaves<C>, third = second + leaves<A>;
  auto const chosen = value_of<First>(tree.condition, packs) != P(0);
  if constexpr (Leaf < third) {
    return adjoint_of<Leaf, second>(tree.a, P(select(chosen, g, P(0))), packs);
  } else {
    return adjoint_of<Leaf, third>(tree.b, P(select(chosen, P(0), g)), packs);
  }
}

// The same as function objects for the nodes of xtensor's expressions. They point to the tree for its
// constants.
template <class Tree>
struct Value {
  Tree const* tree;

  template <class P, class... Rest>
  P operator()(P first, Rest... rest) const {
    P const packs[] = {first, rest...};
    return value_of<0>(*tree, packs);
  }
};
template <class Tree, int Leaf>
struct Adjoint {
  Tree const* tree;

  template <class P, class... Rest>
  P operator()(P g, Rest... rest) const {
    P const packs[] = {rest...};
    return adjoint_of<Leaf, 0>(*tree, g, packs);
  }
};

/// An xtensor expression of a function object of one's own.
template <class F, class... E>
auto node(F f, E&&... arguments) {
  return xt::make_lambda_xfunction(std::move(f), std::forward<E>(arguments)...);
}

template <class P, class F, class Tree, std::size_t... Leaf, class... Before>
auto node_over_leaves(F f, Tree& tree, Window window, std::index_sequence<Leaf...>, Before const&... before) {
  using Variable = BoundVariable<typename P::value_type>;
  Variable const* found[sizeof...(Leaf)];
  std::size_t next = 0;
  tree.for_each_leaf([&](Variable const& leaf) { found[next++] = &leaf; });
  return node(f, before..., adapt(Packs<P, Variable>(*found[Leaf], window))...);
}

/// The values of a window of the line at which the tree stands, as an xtensor expression of packs. It points
/// into the tree, which must stay where it is: moving the tree to another line moves the expression there.
template <class P, class T>
xt::xscalar<P> express(BoundConstant<T>& tree, Window) {
  return xt::xscalar<P>(P(tree.constant));
}
template <class P, class T>
auto express(BoundVariable<T>& tree, Window window) {
  return adapt(Packs<P, BoundVariable<T>>(tree, window));
}
template <class P, class Tree>
auto express(Tree& tree, Window window) {
  return node_over_leaves<P>(Value<Tree>{&tree}, tree, window, std::make_index_sequence<leaves<Tree>>{});
}

/// Calls visit(leaf, adjoint) for every leaf of the tree that has a gradient, one after the other; the second
/// argument is an xtensor expression of what the leaf's gradient receives when the result of the tree
/// receives `g`. It is valid only inside the call. `part` is the part of the tree that begins with leaf
/// `First`.
template <class P, int First, class T, class Tree, class G, class Visitor>
void for_each_adjoint(BoundConstant<T>&, Tree&, G const&, Window, Visitor&&) {}
template <class P, int First, class T, class Tree, class G, class Visitor>
void for_each_adjoint(BoundVariable<T>& part, Tree& tree, G const& g, Window window, Visitor&& visit) {
  if (part.gradient == nullptr) return;
  if constexpr (std::is_same_v<Tree, BoundVariable<T>>) {
    visit(part, g);
  } else {
    visit(part, node_over_leaves<P>(Adjoint<Tree, First>{&tree}, tree, window,
                                    std::make_index_sequence<leaves<Tree>>{}, g));
  }
}
template <class P, int First, class Op, class A, class Tree, class G, class Visitor>
void for_each_adjoint(BoundUnary<Op, A>& part, Tree& tree, G const& g, Window window, Visitor&& visit);
template <class P, int First, class Op, class A, class B, class Tree, class G, class Visitor>
void for_each_adjoint(BoundBinary<Op, A, B>& part, Tree& tree, G const& g, Window window, Visitor&& visit);
template <class P, int First, class C, class A, class B, class Tree, class G, class Visitor>
void for_each_adjoint(BoundChoice<C, A, B>& part, Tree& tree, G const& g, Window window, Visitor&& visit);

template <class P, int First, class Op, class A, class Tree, class G, class Visitor>
void for_each_adjoint(BoundUnary<Op, A>& part, Tree& tree, G const& g, Window window, Visitor&& visit) {
  for_each_adjoint<P, First>(part.a, tree, g, window, visit);
}
template <class P, int First, class Op, class A, class B, class Tree, class G, class Visitor>
void for_each_adjoint(BoundBinary<Op, A, B>& part, Tree& tree, G const& g, Window window, Visitor&& visit) {
  for_each_adjoint<P, First>(part.a, tree, g, window, visit);
  for_each_adjoint<P, First + leaves<A>>(part.b, tree, g, window, visit);
}
template <class P, int First, class C, class A, class B, class Tree, class G, class Visitor>
void for_each_adjoint(BoundChoice<C, A, B>& part, Tree& tree, G const& g, Window window, Visitor&& visit) {
  for_each_adjoint<P, First + leaves<C>>(part.a, tree, g, window, visit);  // a condition has no derivative
  for_each_adjoint<P, First + leaves<C> + leaves<A>>(part.b, tree, g, window, visit);
}

}  // namespace detail

}  // namespace disentangle::backend::xtensor::inline DISENTANGLE_INSTRUCTION_SET
