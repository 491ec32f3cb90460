// SPDX-License-Identifier: Apache-2.0
// An expression bound to memory: the same tree as its type, with pointers and strides in the leaves.
// Evaluated lane by lane (P is a scalar on a device, a SIMD pack on the host), forwards by `value`, backwards
// by `trace` + `adjoint`: the derivative is derived from the type of the tree, so a formula needs one pass
// forwards and one pass back.
#pragma once

#include <cstddef>
#include <type_traits>

#include <disentangle/autodiff/elementwise.hpp>
#include <disentangle/autodiff/expression.hpp>
#include <disentangle/backend/lanes.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle::detail {

using backend::AllLanes;
using backend::Collected;
using backend::FirstLanes;

/// How P meets memory; specialised here for scalars, and by packs through their members.
template <class P>
struct Memory {
  using scalar = typename P::value_type;
  static P load(scalar const* p, AllLanes) { return P::load(p); }
  static P load(scalar const* p, FirstLanes lanes) { return P::load(p, lanes.n); }
  static void store(scalar* p, P x, AllLanes) { x.store(p); }
  static void store(scalar* p, P x, FirstLanes lanes) { x.store(p, lanes.n); }
  static P gather(scalar const* p, std::ptrdiff_t stride, AllLanes) {
    return gather(p, stride, FirstLanes{P::size});
  }
  static P gather(scalar const* p, std::ptrdiff_t stride, FirstLanes lanes) {
    scalar lane[P::size] = {};
    for (std::size_t i = 0; i < lanes.n; ++i) lane[i] = p[static_cast<std::ptrdiff_t>(i) * stride];
    return P::load(lane);
  }
  static void scatter_add(scalar* p, std::ptrdiff_t stride, P x, AllLanes) {
    scatter_add(p, stride, x, FirstLanes{P::size});
  }
  static void scatter_add(scalar* p, std::ptrdiff_t stride, P x, FirstLanes lanes) {
    scalar lane[P::size];
    x.store(lane);
    for (std::size_t i = 0; i < lanes.n; ++i) p[static_cast<std::ptrdiff_t>(i) * stride] += lane[i];
  }
  static scalar total(P x, AllLanes) { return sum(x); }
  static scalar total(P x, FirstLanes lanes) { return sum(x.first(lanes.n)); }
};

template <class P>
  requires(std::is_arithmetic_v<P>)
struct Memory<P> {
  using scalar = P;
  template <class Lanes>
  DISENTANGLE_HD static P load(P const* p, Lanes) {
    return *p;
  }
  template <class Lanes>
  DISENTANGLE_HD static void store(P* p, P x, Lanes) {
    *p = x;
  }
  template <class Lanes>
  DISENTANGLE_HD static P gather(P const* p, std::ptrdiff_t, Lanes) {
    return *p;
  }
  template <class Lanes>
  DISENTANGLE_HD static void scatter_add(P* p, std::ptrdiff_t, P x, Lanes) {
    *p += x;
  }
  template <class Lanes>
  DISENTANGLE_HD static P total(P x, Lanes) {
    return x;
  }
};

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
  DISENTANGLE_HD void enter(std::ptrdiff_t const* index) {
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

// ---- binding --------------------------------------------------------------------------------------------

/// Extents of a loop over max_rank axes, the last one innermost; missing leading axes are 1.
struct Loop {
  std::ptrdiff_t extents[max_rank];
};

template <int Rank>
Loop loop_over(Extents<Rank> const& extents) {
  Loop loop{};
  for (int axis = 0; axis < max_rank; ++axis) {
    int const own = axis - (max_rank - Rank);
    loop.extents[axis] = own < 0 ? 1 : extents[static_cast<std::size_t>(own)];
  }
  return loop;
}

/// A variable's strides along the axes of the loop, 0 where it is broadcast.
inline void align_strides(std::ptrdiff_t* aligned, std::ptrdiff_t const* extents,
                          std::ptrdiff_t const* strides, int rank) {
  for (int axis = 0; axis < max_rank; ++axis) {
    int const own = axis - (max_rank - rank);
    aligned[axis] = own < 0 || extents[own] == 1 ? 0 : strides[own];
  }
}

template <class T>
BoundConstant<T> bind(Constant c, Loop const&) {
  return {static_cast<T>(c.value)};
}
template <class T, class B, int R>
BoundVariable<T> bind(Variable<B, R> const& v, Loop const&) {
  BoundVariable<T> bound{};
  bound.data = v.value;
  bound.gradient = v.gradient;
  align_strides(bound.strides, v.extents.data(), v.strides.data(), R);
  return bound;
}
template <class T, class Op, class A>
auto bind(Unary<Op, A> const& e, Loop const& loop) {
  return BoundUnary<Op, decltype(bind<T>(e.a, loop))>{bind<T>(e.a, loop)};
}
template <class T, class Op, class A, class B>
auto bind(Binary<Op, A, B> const& e, Loop const& loop) {
  return BoundBinary<Op, decltype(bind<T>(e.a, loop)), decltype(bind<T>(e.b, loop))>{bind<T>(e.a, loop),
                                                                                     bind<T>(e.b, loop)};
}
template <class T, class C, class A, class B>
auto bind(Choice<C, A, B> const& e, Loop const& loop) {
  return BoundChoice<decltype(bind<T>(e.condition, loop)), decltype(bind<T>(e.a, loop)),
                     decltype(bind<T>(e.b, loop))>{bind<T>(e.condition, loop), bind<T>(e.a, loop),
                                                   bind<T>(e.b, loop)};
}

/// The strides of the leaves of a loop's trees. An expression with more leaves than fit is left unmerged.
struct LeafStrides {
  static constexpr int most = 32;
  std::ptrdiff_t* strides[most];
  int count = 0;
};

/// Merges neighbouring axes that every leaf walks without a break, so that whole contiguous tensors become
/// one line.
inline void merge_axes(Loop& loop, LeafStrides const& leaves) {
  if (leaves.count > LeafStrides::most) return;
  int last = max_rank - 1;  // the axis that absorbs
  auto const move = [&](int from) {
    for (int leaf = 0; leaf < leaves.count; ++leaf) leaves.strides[leaf][last] = leaves.strides[leaf][from];
  };
  for (int axis = max_rank - 2; axis >= 0; --axis) {
    bool mergeable = true;
    if (loop.extents[axis] != 1 && loop.extents[last] != 1) {
      for (int leaf = 0; leaf < leaves.count; ++leaf) {
        std::ptrdiff_t const* const strides = leaves.strides[leaf];
        mergeable = mergeable && strides[axis] == strides[last] * loop.extents[last];
      }
    }
    if (mergeable) {
      if (loop.extents[last] == 1) move(axis);
      loop.extents[last] *= loop.extents[axis];
    } else {
      --last;
      if (last != axis) {
        loop.extents[last] = loop.extents[axis];
        move(axis);
      }
    }
    if (last != axis) {
      loop.extents[axis] = 1;
      for (int leaf = 0; leaf < leaves.count; ++leaf) leaves.strides[leaf][axis] = 0;
    }
  }
}

/// The same for all trees that run in this loop.
template <class... Bound>
void merge_axes_of(Loop& loop, Bound&... trees) {
  LeafStrides leaves;
  auto const note = [&](auto& leaf) {
    if (leaves.count < LeafStrides::most) leaves.strides[leaves.count] = leaf.strides;
    ++leaves.count;
  };
  (trees.for_each_leaf(note), ...);
  merge_axes(loop, leaves);
}

}  // namespace disentangle::detail
