// SPDX-License-Identifier: Apache-2.0
// Runs bound expressions through xtensor: every line of a loop is an xtensor expression of SIMD packs, walked
// by xtensor's linear iterators. Tasks are those of the CPU backend, split by shape alone, and additions have
// one order, so that results are the same bits for every number of threads. Nothing is allocated.
//
// xt::noalias and xt::reduce on the same expressions take as long at run time (measured with g++ 12 at -O2),
// but each also instantiates xtensor's steppers: half as long again to compile. And they would start threads
// of their own under XTENSOR_USE_TBB or XTENSOR_USE_OPENMP, beside those of the pool.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include <disentangle/backend/cpu/fused_loops.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/extents.hpp>
#include <disentangle/backend/reduction.hpp>
#include <disentangle/backend/xtensor/expression.hpp>

namespace disentangle::backend::xtensor::inline DISENTANGLE_INSTRUCTION_SET {

namespace detail {

using cpu::detail::independent;
using cpu::detail::line_index;
using cpu::detail::Partition;
using cpu::detail::task_scalars;

/// The part of every line that a task walks.
inline Window window_of(Partition const& partition, std::size_t task) {
  auto const pieces = partition.pieces(task);
  return {pieces.begin, pieces.end - pieces.begin};
}

/// Calls body() for every line of a task, with all trees moved there.
template <class Body, class... Trees>
void for_each_line(Partition const& partition, std::size_t task, Body&& body, Trees&... trees) {
  auto const pieces = partition.pieces(task);
  for (std::ptrdiff_t line = pieces.first; line < pieces.last; ++line) {
    std::ptrdiff_t index[max_rank];
    line_index(partition.extents, line, index);
    (trees.enter(index), ...);
    body();
  }
}

/// The larger or the sum of two.
struct Combine {
  Reduction kind;

  template <class P>
  P operator()(P a, P b) const {
    using math::select;
    return kind == Reduction::sum ? P(a + b) : select(a >= b, a, b);
  }
  template <class T>
  T identity() const {
    return kind == Reduction::sum ? T(0) : -std::numeric_limits<T>::infinity();
  }
};

/// target = expression, for a line.
template <class E, class Target>
void assign_line(Target& target, E const& e) {
  auto from = e.linear_begin();
  auto to = target.linear_begin();
  for (std::size_t n = target.size(); n > 0; --n, ++from, ++to) *to = *from;
}

/// target = combine(target, expression), for a line.
template <class P, class E, class Target>
void combine_line(Combine combine, Target& target, E const& e) {
  auto from = e.linear_begin();
  auto to = target.linear_begin();
  for (std::size_t n = target.size(); n > 0; --n, ++from, ++to) *to = combine(P(*to), P(*from));
}

/// The sum or the maximum, lane by lane, of an expression of packs over a window.
template <class P, class E>
P reduce_window(Combine combine, E const& e, Window window) {
  using T = typename P::value_type;
  constexpr auto lanes = static_cast<std::ptrdiff_t>(P::size);
  P const identity(combine.identity<T>());
  P total = identity;
  auto pack = e.linear_begin();
  std::ptrdiff_t left = window.length;
  for (; left >= lanes; left -= lanes, ++pack) total = combine(total, P(*pack));
  if (left > 0) total = combine(total, select(P::iota() < P(static_cast<T>(left)), P(*pack), identity));
  return total;
}

}  // namespace detail

/// destination = expression. `destination` is a bound variable whose gradient pointer is the memory written
/// to.
template <class P, class Pool, class Loop, class Destination, class Bound>
void map(Pool& pool, Loop const& loop, Destination const& destination, Bound const& bound) {
  detail::Partition const partition(loop.extents);
  pool.for_each(partition.tasks, [&](std::size_t task) {
    Window const window = detail::window_of(partition, task);
    Destination to = destination;
    Bound from = bound;
    auto target = adapt(Packs<P, Destination>(to, window));
    auto const values = detail::express<P>(from, window);
    detail::for_each_line(
        partition, task, [&] { detail::assign_line(target, values); }, to, from);
  });
}

/// Every leaf's gradient += adjoint of `bound` applied to `seed` (an expression for the adjoint of its
/// result): one pass for each leaf, so that leaves which are views of each other add one after the other.
template <class P, class Pool, class Loop, class Bound, class Seed>
void adjoint(Pool& pool, Loop const& loop, Bound const& bound, Seed const& seed) {
  using T = typename P::value_type;
  detail::Partition const partition(loop.extents);
  auto const body = [&](std::size_t task) {
    Window const window = detail::window_of(partition, task);
    Bound to = bound;
    Seed from = seed;
    detail::for_each_adjoint<P, 0>(
        to, to, detail::express<P>(from, window), window, [&](auto const& leaf, auto const& adjoint) {
          auto gradient = leaf;  // the leaf with its gradient as its value
          gradient.data = leaf.gradient;
          if (loop.extents[max_rank - 1] > 1 &&
              leaf.strides[max_rank - 1] == 0) {  // broadcast along the line
            auto const add = [&] {
              *gradient.gradient_line +=
                  static_cast<T>(sum(detail::reduce_window<P>({Reduction::sum}, adjoint, window)));
            };
            detail::for_each_line(partition, task, add, to, from, gradient);
          } else {
            auto target = adapt(Packs<P, decltype(gradient)>(gradient, window));
            auto const add = [&] { detail::combine_line<P>({Reduction::sum}, target, adjoint); };
            detail::for_each_line(partition, task, add, to, from, gradient);
          }
        });
  };
  Bound probe = bound;
  if (detail::independent(loop, probe)) {
    pool.for_each(partition.tasks, body);
  } else {
    for (std::size_t task = 0; task < partition.tasks; ++task) body(task);
  }
}

/// Number of partial sums that sum() needs.
template <class Loop>
std::size_t sum_partials(Loop const& loop) {
  return detail::Partition(loop.extents).tasks;
}

/// The sum of all elements: per task in packs, then the partial sums in order.
template <class P, class Pool, class Loop, class Bound, class T>
T sum(Pool& pool, Loop const& loop, Bound const& bound, T* partials) {
  detail::Partition const partition(loop.extents);
  pool.for_each(partition.tasks, [&](std::size_t task) {
    Window const window = detail::window_of(partition, task);
    Bound from = bound;
    auto const values = detail::express<P>(from, window);
    P total(T(0));
    auto const add = [&] { total = total + detail::reduce_window<P>({Reduction::sum}, values, window); };
    detail::for_each_line(partition, task, add, from);
    partials[task] = sum(total);
  });
  double result = 0;
  for (std::size_t task = 0; task < partition.tasks; ++task) result += static_cast<double>(partials[task]);
  return static_cast<T>(result);
}

/// destination = reduction of the expression over the axes on which the destination has stride 0. Parallel
/// over the outermost axis if it is kept.
template <class P, class Pool, class Loop, class Destination, class Bound>
void reduce(Pool& pool, Loop const& loop, Reduction kind, Destination const& destination,
            Bound const& bound) {
  using T = typename P::value_type;
  detail::Combine const combine{kind};
  T const identity = combine.identity<T>();
  int outermost = 0;
  while (outermost < max_rank - 1 && loop.extents[outermost] == 1) ++outermost;
  bool const kept = outermost < max_rank - 1 && destination.strides[outermost] != 0;
  std::ptrdiff_t lines = 1;
  for (int axis = 0; axis < max_rank - 1; ++axis) lines *= loop.extents[axis];
  std::ptrdiff_t const blocks = kept ? loop.extents[outermost] : 1;
  std::ptrdiff_t const lines_per_block = lines / std::max<std::ptrdiff_t>(blocks, 1);
  Window const window{0, loop.extents[max_rank - 1]};
  std::ptrdiff_t const blocks_per_task = std::max<std::ptrdiff_t>(
      1, detail::task_scalars / std::max<std::ptrdiff_t>(1, lines_per_block * window.length));

  pool.for_each(
      static_cast<std::size_t>((blocks + blocks_per_task - 1) / blocks_per_task), [&](std::size_t task) {
        Destination to = destination;
        Bound from = bound;
        auto target = adapt(Packs<P, Destination>(to, window));
        auto const values = detail::express<P>(from, window);
        bool const single = destination.strides[max_rank - 1] == 0;  // one scalar for a line
        std::ptrdiff_t const first = static_cast<std::ptrdiff_t>(task) * blocks_per_task * lines_per_block;
        std::ptrdiff_t const last = std::min(lines, first + blocks_per_task * lines_per_block);
        std::ptrdiff_t index[max_rank];
        for (std::ptrdiff_t line = first; line < last; ++line) {
          detail::line_index(loop.extents, line, index);
          to.enter(index);
          if (single) {
            *to.gradient_line = identity;
          } else {
            target.fill(P(identity));
          }
        }
        for (std::ptrdiff_t line = first; line < last; ++line) {
          detail::line_index(loop.extents, line, index);
          to.enter(index);
          from.enter(index);
          if (single) {
            P const own = detail::reduce_window<P>(combine, values, window);
            *to.gradient_line =
                combine(*to.gradient_line, kind == Reduction::sum ? T(sum(own)) : max_element(own));
          } else {
            detail::combine_line<P>(combine, target, values);
          }
        }
      });
}

}  // namespace disentangle::backend::xtensor::inline DISENTANGLE_INSTRUCTION_SET
