// SPDX-License-Identifier: Apache-2.0
// An expression bound to memory: the contract between formulas and backends. The same tree as a formula's
// type, with pointers and strides in the leaves. Evaluated lane by lane (P is a scalar on a device, a SIMD
// pack on the host), forwards by `value`, backwards by `trace` + `adjoint`: the derivative is derived from
// the type of the tree, so a formula needs one pass forwards and one pass back.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

#include <disentangle/backend/expression/memory.hpp>
#include <disentangle/backend/expression/operations.hpp>
#include <disentangle/backend/extents.hpp>
#include <disentangle/backend/lanes.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle::backend::expression {

/// What one node computed on the way forward, kept in registers for the way back.
template <class P, class... Children>
struct Trace;
template <class P>
struct Trace<P> {
  P value;
};
template <class P, class A>
struct Trace<P, A> {
  P value;
  A a;
};
template <class P, class A, class B>
struct Trace<P, A, B> {
  P value;
  A a;
  B b;
};
template <class P, class A, class B, class C>
struct Trace<P, A, B, C> {
  P value;
  A a;
  B b;
  C c;
};

template <class T>
struct BoundConstant {
  T constant;
  static constexpr bool has_gradient = false;

  DISENTANGLE_HD void enter(std::ptrdiff_t const*) {}
  template <class P, class Lanes>
  DISENTANGLE_HD P value(std::ptrdiff_t, Lanes) const {
    return P(constant);
  }
  template <class P, class Lanes>
  DISENTANGLE_HD Trace<P> trace(std::ptrdiff_t, Lanes) const {
    return {P(constant)};
  }
  template <class P, class Lanes>
  DISENTANGLE_HD void adjoint(Trace<P> const&, P, std::ptrdiff_t, Lanes) const {}
  DISENTANGLE_HD T collected() const { return T(0); }
  template <class Visitor>
  void for_each_leaf(Visitor&&) {}
};

template <class T>
struct BoundVariable {
  T const* data;
  T* gradient;
  std::ptrdiff_t strides[max_rank];  // aligned with the loop's axes, 0 where broadcast
  std::ptrdiff_t inner;              // stride of the innermost axis
  T const* line;
  T* gradient_line;
  bool collects;         // this leaf's adjoint is wanted in a register: see backend::Collected
  mutable T collection;  // where it goes

  /// Moves to the line with the given outer indices.
  DISENTANGLE_HD DISENTANGLE_INLINE void enter(std::ptrdiff_t const* index) {
    std::ptrdiff_t offset = 0;
    for (int axis = 0; axis < max_rank - 1; ++axis) offset += index[axis] * strides[axis];
    line = data + offset;
    gradient_line = gradient == nullptr ? nullptr : gradient + offset;
    inner = strides[max_rank - 1];
  }
  template <class P, class Lanes>
  DISENTANGLE_HD P value(std::ptrdiff_t j, Lanes lanes) const {
    if (inner == 1) return Memory<P>::load(line + j, lanes);
    if (inner == 0) return P(*line);
    return Memory<P>::gather(line + j * inner, inner, lanes);
  }
  template <class P, class Lanes>
  DISENTANGLE_HD Trace<P> trace(std::ptrdiff_t j, Lanes lanes) const {
    return {value<P>(j, lanes)};
  }
  template <class P, class Lanes>
  DISENTANGLE_HD void adjoint(Trace<P> const&, P g, std::ptrdiff_t j, Lanes lanes) const {
    if constexpr (std::is_same_v<Lanes, Collected>) {
      if (collects) collection += g;
      return;
    } else {
      add_to_gradient(g, j, lanes);
    }
  }
  DISENTANGLE_HD T collected() const { return collects ? collection : T(0); }
  template <class Visitor>
  void for_each_leaf(Visitor&& visit) {
    visit(*this);
  }

 private:
  template <class P, class Lanes>
  DISENTANGLE_HD void add_to_gradient(P g, std::ptrdiff_t j, Lanes lanes) const {
    if (gradient_line == nullptr) return;
    if (inner == 1) {
      Memory<P>::store(gradient_line + j, Memory<P>::load(gradient_line + j, lanes) + g, lanes);
    } else if (inner == 0) {
      *gradient_line += Memory<P>::total(g, lanes);
    } else {
      Memory<P>::scatter_add(gradient_line + j * inner, inner, g, lanes);
    }
  }
};

template <class Op, class A>
struct BoundUnary {
  A a;

  DISENTANGLE_HD void enter(std::ptrdiff_t const* index) { a.enter(index); }
  template <class P, class Lanes>
  DISENTANGLE_HD P value(std::ptrdiff_t j, Lanes lanes) const {
    return Op::value(a.template value<P>(j, lanes));
  }
  template <class P, class Lanes>
  DISENTANGLE_HD auto trace(std::ptrdiff_t j, Lanes lanes) const {
    Trace<P, decltype(a.template trace<P>(j, lanes))> t{P(), a.template trace<P>(j, lanes)};
    t.value = Op::value(t.a.value);
    return t;
  }
  template <class P, class T, class Lanes>
  DISENTANGLE_HD void adjoint(T const& t, P g, std::ptrdiff_t j, Lanes lanes) const {
    a.adjoint(t.a, P(Op::adjoint(g, t.value, t.a.value)), j, lanes);
  }
  DISENTANGLE_HD auto collected() const { return a.collected(); }
  template <class Visitor>
  void for_each_leaf(Visitor&& visit) {
    a.for_each_leaf(visit);
  }
};

template <class Op, class A, class B>
struct BoundBinary {
  A a;
  B b;

  DISENTANGLE_HD void enter(std::ptrdiff_t const* index) {
    a.enter(index);
    b.enter(index);
  }
  template <class P, class Lanes>
  DISENTANGLE_HD P value(std::ptrdiff_t j, Lanes lanes) const {
    return Op::value(a.template value<P>(j, lanes), b.template value<P>(j, lanes));
  }
  template <class P, class Lanes>
  DISENTANGLE_HD auto trace(std::ptrdiff_t j, Lanes lanes) const {
    Trace<P, decltype(a.template trace<P>(j, lanes)), decltype(b.template trace<P>(j, lanes))> t{
        P(), a.template trace<P>(j, lanes), b.template trace<P>(j, lanes)};
    t.value = Op::value(t.a.value, t.b.value);
    return t;
  }
  template <class P, class T, class Lanes>
  DISENTANGLE_HD void adjoint(T const& t, P g, std::ptrdiff_t j, Lanes lanes) const {
    Adjoints<P> const to = Op::adjoint(g, t.value, t.a.value, t.b.value);
    a.adjoint(t.a, to.a, j, lanes);
    b.adjoint(t.b, to.b, j, lanes);
  }
  DISENTANGLE_HD auto collected() const { return a.collected() + b.collected(); }
  template <class Visitor>
  void for_each_leaf(Visitor&& visit) {
    a.for_each_leaf(visit);
    b.for_each_leaf(visit);
  }
};

template <class C, class A, class B>
struct BoundChoice {
  C condition;
  A a;
  B b;

  DISENTANGLE_HD void enter(std::ptrdiff_t const* index) {
    condition.enter(index);
    a.enter(index);
    b.enter(index);
  }
  template <class P, class Lanes>
  DISENTANGLE_HD P value(std::ptrdiff_t j, Lanes lanes) const {
    using math::select;
    return select(condition.template value<P>(j, lanes) != P(0), a.template value<P>(j, lanes),
                  b.template value<P>(j, lanes));
  }
  template <class P, class Lanes>
  DISENTANGLE_HD auto trace(std::ptrdiff_t j, Lanes lanes) const {
    using math::select;
    auto const c = condition.template value<P>(j, lanes);
    auto const ta = a.template trace<P>(j, lanes);
    auto const tb = b.template trace<P>(j, lanes);
    return Trace<P, Trace<P>, std::remove_const_t<decltype(ta)>, std::remove_const_t<decltype(tb)>>{
        select(c != P(0), ta.value, tb.value), {c}, ta, tb};
  }
  template <class P, class T, class Lanes>
  DISENTANGLE_HD void adjoint(T const& t, P g, std::ptrdiff_t j, Lanes lanes) const {
    using math::select;
    a.adjoint(t.b, P(select(t.a.value != P(0), g, P(0))), j, lanes);
    b.adjoint(t.c, P(select(t.a.value != P(0), P(0), g)), j, lanes);
  }
  DISENTANGLE_HD auto collected() const { return a.collected() + b.collected(); }
  template <class Visitor>
  void for_each_leaf(Visitor&& visit) {
    condition.for_each_leaf(visit);
    a.for_each_leaf(visit);
    b.for_each_leaf(visit);
  }
};

namespace detail {

struct AnyVisitor {
  void operator()(auto&) const {}
};

}  // namespace detail

/// What a backend may ask of a bound expression whose scalars are T:
///   enter(index)                  moves all leaves to the line with the given outer indices
///   value<P>(j, lanes)            the value at places j .. of the line
///   trace<P>(j, lanes)            the same, with what the nodes computed on the way kept
///   adjoint(trace, g, j, lanes)   adds to the leaves' gradients what they receive when the result receives g
///   collected()                   what a leaf that collects has collected (a device's sums)
///   for_each_leaf(visit)          visit(leaf) for every BoundVariable: data, gradient, strides
/// The tree itself may be looked into too (BoundConstant, BoundVariable, BoundUnary, BoundBinary,
/// BoundChoice), as backend/xtensor does.
template <class E, class T>
concept bound_expression =
    requires(E& tree, E const& evaluated, std::ptrdiff_t const* index, std::ptrdiff_t j, T g) {
      tree.enter(index);
      { evaluated.template value<T>(j, AllLanes{}) } -> std::convertible_to<T>;
      evaluated.adjoint(evaluated.template trace<T>(j, AllLanes{}), g, j, AllLanes{});
      { evaluated.collected() } -> std::convertible_to<T>;
      tree.for_each_leaf(detail::AnyVisitor{});
    };

}  // namespace disentangle::backend::expression
