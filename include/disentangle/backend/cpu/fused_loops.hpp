// SPDX-License-Identifier: Apache-2.0
// Runs bound expressions on the CPU: one pass per expression forwards, one back, in SIMD packs, over tasks
// whose number and order of summation depend only on the shapes, so that results are the same bits for every
// number of threads. They know trees by their concept alone (backend/expression/tree.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/cpu/simd.hpp>
#include <disentangle/backend/extents.hpp>
#include <disentangle/backend/lanes.hpp>
#include <disentangle/backend/reduction.hpp>
#include <disentangle/core/config.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

namespace detail {

/// Scalars that one task works on: 32 KiB of floats, an L1 cache.
inline constexpr std::ptrdiff_t task_scalars = 8192;

/// The partition of a loop into tasks: several whole lines, or a piece of one long line.
struct Partition {
  std::ptrdiff_t const* extents;
  std::ptrdiff_t lines, length, lines_per_task, pieces_per_line;
  std::size_t tasks;

  DISENTANGLE_OUT_OF_LINE explicit Partition(std::ptrdiff_t const* loop_extents)
      : extents(loop_extents), lines(1) {
    for (int axis = 0; axis < max_rank - 1; ++axis) lines *= extents[axis];
    length = extents[max_rank - 1];
    pieces_per_line = std::max<std::ptrdiff_t>(1, (length + task_scalars - 1) / task_scalars);
    lines_per_task = pieces_per_line > 1
                         ? 1
                         : std::max<std::ptrdiff_t>(1, task_scalars / std::max<std::ptrdiff_t>(length, 1));
    tasks = static_cast<std::size_t>(pieces_per_line > 1 ? lines * pieces_per_line
                                                         : (lines + lines_per_task - 1) / lines_per_task);
  }

  /// The line pieces of a task: [begin, end) of lines first .. last - 1.
  struct Pieces {
    std::ptrdiff_t first, last, begin, end;
  };
  DISENTANGLE_OUT_OF_LINE Pieces pieces(std::size_t task) const {
    auto const t = static_cast<std::ptrdiff_t>(task);
    if (pieces_per_line > 1) {
      std::ptrdiff_t const line = t / pieces_per_line, begin = (t % pieces_per_line) * task_scalars;
      return {line, line + 1, begin, std::min(length, begin + task_scalars)};
    }
    return {t * lines_per_task, std::min(lines, (t + 1) * lines_per_task), 0, length};
  }
};

/// Outer indices of a line.
DISENTANGLE_OUT_OF_LINE inline void line_index(std::ptrdiff_t const* extents, std::ptrdiff_t line,
                                               std::ptrdiff_t* index) {
  for (int axis = max_rank - 2; axis >= 0; --axis) {
    if (line < extents[axis]) {  // mostly: a division takes longer than many a line
      index[axis] = line;
      line = 0;
    } else {
      index[axis] = line % extents[axis];
      line /= extents[axis];
    }
  }
}

/// Calls body(j, lanes) for the packs of [begin, end), the last one perhaps partial. Whole packs are told
/// apart where memory is touched (a branch that is always right but once), not by a type: a body is compiled
/// once.
template <class P, class Body>
DISENTANGLE_INLINE void for_each_pack(std::ptrdiff_t begin, std::ptrdiff_t end, Body&& body) {
  constexpr auto size = static_cast<std::ptrdiff_t>(P::size);
  for (std::ptrdiff_t j = begin; j < end; j += size)
    body(j, FirstLanes{static_cast<std::size_t>(std::min(size, end - j))});
}

/// The first n lanes, `stride` scalars apart: a column of a wider tensor.
template <class P, class T>
DISENTANGLE_OUT_OF_LINE void store_apart(T* to, std::ptrdiff_t stride, P x, std::size_t n) {
  T lane[P::size];
  x.store(lane);
  for (std::size_t i = 0; i < n; ++i) to[static_cast<std::ptrdiff_t>(i) * stride] = lane[i];
}

/// A gradient that tasks add to.
struct WrittenLeaf {
  char const* begin;
  std::ptrdiff_t scalar_size;
  std::ptrdiff_t const* strides;
};

DISENTANGLE_OUT_OF_LINE inline bool independent(std::ptrdiff_t const* extents, WrittenLeaf const* leaves,
                                                int count) {
  auto const reach = [&](WrittenLeaf const& leaf) {
    std::ptrdiff_t scalars = 1;
    for (int axis = 0; axis < max_rank; ++axis) scalars += (extents[axis] - 1) * leaf.strides[axis];
    return scalars * leaf.scalar_size;
  };
  for (int i = 0; i < count; ++i) {
    for (int axis = 0; axis < max_rank; ++axis) {
      if (extents[axis] > 1 && leaves[i].strides[axis] == 0) return false;
    }
    for (int k = 0; k < i; ++k) {
      bool const apart = leaves[i].begin + reach(leaves[i]) <= leaves[k].begin ||
                         leaves[k].begin + reach(leaves[k]) <= leaves[i].begin;
      bool const same = leaves[i].begin == leaves[k].begin &&
                        std::equal(leaves[i].strides, leaves[i].strides + max_rank, leaves[k].strides);
      if (!apart && !same) return false;
    }
  }
  return true;
}

/// True if tasks may run at once: no gradient that one task adds to is touched by another.
template <class Loop, class Bound>
bool independent(Loop const& loop, Bound& bound) {
  constexpr int most = 32;
  WrittenLeaf leaves[most];
  int count = 0;
  bound.for_each_leaf([&](auto& leaf) {
    if (leaf.gradient == nullptr) return;
    if (count < most) {
      leaves[count] = {reinterpret_cast<char const*>(leaf.gradient), std::ptrdiff_t{sizeof *leaf.gradient},
                       leaf.strides};
    }
    ++count;
  });
  return count <= most && independent(loop.extents, leaves, count);
}

}  // namespace detail

/// destination = expression. `destination` is a bound variable whose gradient pointer is the memory written
/// to.
template <class P, class Pool, class Loop, class Destination, class Bound>
DISENTANGLE_COLD void fused_map(Pool& pool, Loop const& loop, Destination const& destination,
                                Bound const& bound) {
  detail::Partition const partition(loop.extents);
  pool.for_each(partition.tasks, [&](std::size_t task) {
    Destination to = destination;
    Bound from = bound;
    auto const [first, last, begin, end] = partition.pieces(task);
    for (std::ptrdiff_t line = first; line < last; ++line) {
      std::ptrdiff_t index[max_rank];
      detail::line_index(partition.extents, line, index);
      to.enter(index);
      from.enter(index);
      detail::for_each_pack<P>(begin, end, [&](std::ptrdiff_t j, FirstLanes lanes) {
        P const x = from.template value<P>(j, lanes);
        if (to.inner == 1) x.store(to.gradient_line + j, lanes.n);
        else detail::store_apart(to.gradient_line + j * to.inner, to.inner, x, lanes.n);
      });
    }
  });
}

/// Every leaf's gradient += adjoint of `bound` applied to `seed` (an expression for the adjoint of its
/// result).
template <class P, class Pool, class Loop, class Bound, class Seed>
DISENTANGLE_COLD void fused_adjoint(Pool& pool, Loop const& loop, Bound const& bound, Seed const& seed) {
  detail::Partition const partition(loop.extents);
  auto const body = [&](std::size_t task) {
    Bound to = bound;
    Seed from = seed;
    auto const [first, last, begin, end] = partition.pieces(task);
    for (std::ptrdiff_t line = first; line < last; ++line) {
      std::ptrdiff_t index[max_rank];
      detail::line_index(partition.extents, line, index);
      to.enter(index);
      from.enter(index);
      detail::for_each_pack<P>(begin, end, [&](std::ptrdiff_t j, FirstLanes lanes) {
        P const g = from.template value<P>(j, lanes);
        auto const trace = to.template trace<P>(j, lanes);
        to.adjoint(trace, g, j, lanes);
      });
    }
  };
  Bound probe = bound;
  pool.for_each(partition.tasks, detail::independent(loop, probe), body);
}

/// Number of partial sums that fused_sum needs.
template <class Loop>
std::size_t fused_sum_partials(Loop const& loop) {
  return detail::Partition(loop.extents).tasks;
}

/// The sum of all elements: per task in packs, then the partial sums in order.
template <class P, class Pool, class Loop, class Bound, class T>
DISENTANGLE_COLD T fused_sum(Pool& pool, Loop const& loop, Bound const& bound, T* partials) {
  detail::Partition const partition(loop.extents);
  pool.for_each(partition.tasks, [&](std::size_t task) {
    Bound from = bound;
    P total(T(0));
    auto const [first, last, begin, end] = partition.pieces(task);
    for (std::ptrdiff_t line = first; line < last; ++line) {
      std::ptrdiff_t index[max_rank];
      detail::line_index(partition.extents, line, index);
      from.enter(index);
      detail::for_each_pack<P>(begin, end, [&](std::ptrdiff_t j, FirstLanes lanes) {
        P const x = from.template value<P>(j, lanes);
        total = total + (lanes.n == P::size ? x : x.first(lanes.n));
      });
    }
    partials[task] = sum(total);
  });
  double result = 0;
  for (std::size_t task = 0; task < partition.tasks; ++task) result += static_cast<double>(partials[task]);
  return static_cast<T>(result);
}

/// destination = reduction of the expression over the axes on which the destination has stride 0.
/// Parallel over the outermost axis if it is kept; one fixed order of combination in any case.
template <class P, class Pool, class Loop, class Destination, class Bound>
DISENTANGLE_COLD void fused_reduce(Pool& pool, Loop const& loop, Reduction kind,
                                   Destination const& destination, Bound const& bound) {
  using T = typename P::value_type;
  int outermost = 0;
  while (outermost < max_rank - 1 && loop.extents[outermost] == 1) ++outermost;
  bool const kept = outermost < max_rank - 1 && destination.strides[outermost] != 0;
  std::ptrdiff_t lines = 1;
  for (int axis = 0; axis < max_rank - 1; ++axis) lines *= loop.extents[axis];
  std::ptrdiff_t const blocks = kept ? loop.extents[outermost] : 1;
  std::ptrdiff_t const lines_per_block = lines / blocks;
  std::ptrdiff_t const length = loop.extents[max_rank - 1];
  T const identity = kind == Reduction::sum ? T(0) : -std::numeric_limits<T>::infinity();
  std::ptrdiff_t const blocks_per_task = std::max<std::ptrdiff_t>(
      1, detail::task_scalars / std::max<std::ptrdiff_t>(1, lines_per_block * length));
  std::ptrdiff_t const tasks = (blocks + blocks_per_task - 1) / blocks_per_task;

  pool.for_each(static_cast<std::size_t>(tasks), [&](std::size_t task) {
    Destination to = destination;
    Bound from = bound;
    std::ptrdiff_t const first_line = static_cast<std::ptrdiff_t>(task) * blocks_per_task * lines_per_block;
    std::ptrdiff_t const last_line = std::min(lines, first_line + blocks_per_task * lines_per_block);
    std::ptrdiff_t index[max_rank];
    for (std::ptrdiff_t line = first_line; line < last_line; ++line) {  // fill with the identity
      detail::line_index(loop.extents, line, index);
      to.enter(index);
      for (std::ptrdiff_t j = 0; j < (to.inner == 0 ? 1 : length); ++j)
        to.gradient_line[j * to.inner] = identity;
    }
    auto const combine = [&](P x, P y) { return kind == Reduction::sum ? x + y : select(x >= y, x, y); };
    for (std::ptrdiff_t line = first_line; line < last_line; ++line) {
      detail::line_index(loop.extents, line, index);
      to.enter(index);
      from.enter(index);
      P total(identity);
      T tail = identity;
      detail::for_each_pack<P>(0, length, [&](std::ptrdiff_t j, FirstLanes lanes) {
        P const x = from.template value<P>(j, lanes);
        if (to.inner != 0) {
          T* const target = to.gradient_line + j;
          combine(P::load(target, lanes.n), x).store(target, lanes.n);
        } else if (lanes.n == P::size) {
          total = combine(total, x);
        } else {
          T lane[P::size];
          x.store(lane);
          for (std::size_t i = 0; i < lanes.n; ++i) {
            tail = kind == Reduction::sum ? tail + lane[i] : std::max(tail, lane[i]);
          }
        }
      });
      if (to.inner == 0) {
        T const own = kind == Reduction::sum ? sum(total) + tail : std::max(max_element(total), tail);
        T& target = *to.gradient_line;
        target = kind == Reduction::sum ? target + own : std::max(target, own);
      }
    }
  });
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
