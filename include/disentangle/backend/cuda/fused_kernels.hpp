// SPDX-License-Identifier: Apache-2.0
// Bound expressions on a device: the tree that the CPU runs in SIMD packs is here the body of a kernel, one
// scalar a thread. One launch evaluates an expression, one applies its adjoint; a leaf that many threads
// would add to (because it is broadcast) gets a launch of its own that sums its part in a fixed order, so
// that results are the same bits in every run.
#pragma once

#include <cstddef>
#include <limits>

#include <disentangle/backend/cuda/context.hpp>
#include <disentangle/backend/cuda/launch.hpp>
#include <disentangle/backend/cuda/place.hpp>
#include <disentangle/backend/lanes.hpp>
#include <disentangle/backend/reduction.hpp>

namespace disentangle::backend::cuda {

namespace detail {

/// destination = expression
template <class T, class Destination, class Bound>
struct MapKernel {
  Decoder decode;
  Destination destination;
  Bound bound;

  DISENTANGLE_HD void operator()(std::size_t i) const {
    Place const place = decode(i);
    Destination to = destination;
    Bound from = bound;
    to.enter(place.outer);
    from.enter(place.outer);
    to.gradient_line[place.inner * to.inner] = from.template value<T>(place.inner, AllLanes{});
  }
};

/// gradients of leaves += adjoint(seed), for leaves that no two threads share
template <class T, class Bound, class Seed>
struct AdjointKernel {
  Decoder decode;
  Bound bound;
  Seed seed;

  DISENTANGLE_HD void operator()(std::size_t i) const {
    Place const place = decode(i);
    Bound to = bound;
    Seed from = seed;
    to.enter(place.outer);
    from.enter(place.outer);
    T const g = from.template value<T>(place.inner, AllLanes{});
    auto const trace = to.template trace<T>(place.inner, AllLanes{});
    to.adjoint(trace, g, place.inner, AllLanes{});
  }
};

/// What one leaf of an expression receives, summed over the axes on which it is broadcast.
template <class T, class Bound, class Seed>
struct BroadcastAdjointKernel {
  using value_type = T;
  SplitDecoder decode;
  Bound bound;
  Seed seed;
  T* gradient;
  std::ptrdiff_t strides[max_rank];

  DISENTANGLE_HD T identity() const { return T(0); }
  DISENTANGLE_HD T combine(T a, T b) const { return a + b; }
  DISENTANGLE_HD T sum_of(std::size_t result, std::size_t first, std::size_t step) const {
    Bound to = bound;
    Seed from = seed;
    T total(0);
    for (auto term = first; term < static_cast<std::size_t>(decode.terms()); term += step) {
      Place const place = decode(result, term);
      to.enter(place.outer);
      from.enter(place.outer);
      T const g = from.template value<T>(place.inner, Collected{});
      auto const trace = to.template trace<T>(place.inner, Collected{});
      to.adjoint(trace, g, place.inner, Collected{});
      total = to.collected();  // it goes on adding from term to term
    }
    return total;
  }
  DISENTANGLE_HD void add(std::size_t result, T value) const {
    Place const place = decode(result, 0);
    std::ptrdiff_t offset = place.inner * strides[max_rank - 1];
    for (int axis = 0; axis < max_rank - 1; ++axis) offset += place.outer[axis] * strides[axis];
    gradient[offset] += value;
  }
  // as a block per result
  DISENTANGLE_HD T partial(std::size_t block, unsigned thread) const {
    return sum_of(block, thread, block_threads);
  }
  DISENTANGLE_HD void finish(std::size_t block, T value) const { add(block, value); }
  // as a thread per result
  DISENTANGLE_HD void operator()(std::size_t result) const { add(result, sum_of(result, 0, 1)); }
};

/// The sum of everything.
template <class T, class Bound>
struct SumKernel {
  using value_type = double;  // of the partial sums: each thread adds few terms in T
  Decoder decode;
  Bound bound;
  T* out;
  unsigned blocks;

  DISENTANGLE_HD double identity() const { return 0; }
  DISENTANGLE_HD double combine(double a, double b) const { return a + b; }
  DISENTANGLE_HD double partial(std::size_t block, unsigned thread) const {
    Bound from = bound;
    T total(0);
    std::size_t const step = std::size_t{blocks} * block_threads;
    for (std::size_t i = block * block_threads + thread; i < static_cast<std::size_t>(decode.size());
         i += step) {
      Place const place = decode(i);
      from.enter(place.outer);
      total += from.template value<T>(place.inner, AllLanes{});
    }
    return total;
  }
  DISENTANGLE_HD void finish(double total) const { *out = static_cast<T>(total); }
};

/// Sums or maxima along the axes on which the destination has stride 0.
template <class T, class Destination, class Bound, Reduction Kind>
struct ReduceKernel {
  using value_type = T;
  SplitDecoder decode;
  Destination destination;
  Bound bound;
  T start;  // 0 or -infinity

  DISENTANGLE_HD T identity() const { return start; }
  DISENTANGLE_HD T combine(T a, T b) const {
    if constexpr (Kind == Reduction::sum) {
      return a + b;
    } else {
      return a >= b ? a : b;
    }
  }
  DISENTANGLE_HD T value_of(std::size_t result, std::size_t first, std::size_t step) const {
    Bound from = bound;
    T total = identity();
    for (auto term = first; term < static_cast<std::size_t>(decode.terms()); term += step) {
      Place const place = decode(result, term);
      from.enter(place.outer);
      total = combine(total, from.template value<T>(place.inner, AllLanes{}));
    }
    return total;
  }
  DISENTANGLE_HD void write(std::size_t result, T value) const {
    Place const place = decode(result, 0);
    Destination to = destination;
    to.enter(place.outer);
    to.gradient_line[place.inner * to.inner] = value;
  }
  DISENTANGLE_HD T partial(std::size_t block, unsigned thread) const {
    return value_of(block, thread, block_threads);
  }
  DISENTANGLE_HD void finish(std::size_t block, T value) const { write(block, value); }
  DISENTANGLE_HD void operator()(std::size_t result) const { write(result, value_of(result, 0, 1)); }
};

/// A block for each result if there is enough to sum, else a thread.
template <class F>
void reduce_results(cudaStream_t stream, F const& kernel) {
  auto const results = static_cast<std::size_t>(kernel.decode.results());
  if (kernel.decode.terms() >= 64 && results <= 65535) {
    reduce_blocks(stream, results, kernel);
  } else {
    for_each_index(stream, results, kernel);
  }
}

inline constexpr int most_leaves = 64;

/// The leaves of one expression that want gradients, and which of them one launch can serve.
template <class T>
struct LeafPlan {
  struct Leaf {
    T* gradient;  // null: wants none
    std::ptrdiff_t strides[max_rank];
    T const* end;
    bool broadcast;
    int launch;  // which launch serves it; -1: one of its own
  };
  Leaf leaves[most_leaves];
  int count = 0;
  int launches = 0;

  template <class Loop, class Bound>
  LeafPlan(Loop const& loop, Bound& bound) {
    bound.for_each_leaf([&](auto& leaf) {
      if (count == most_leaves) {
        throw ShapeError("expression: found more than " + std::to_string(most_leaves) +
                         " variables in one formula; assign a part of it to a tensor (materialise)");
      }
      Leaf& own = leaves[count++];
      own.gradient = leaf.gradient;
      own.broadcast = false;
      own.launch = -1;
      std::ptrdiff_t reach = 1;
      for (int axis = 0; axis < max_rank; ++axis) {
        own.strides[axis] = leaf.strides[axis];
        if (loop.extents[axis] > 1 && leaf.strides[axis] == 0) own.broadcast = true;
        reach += (loop.extents[axis] - 1) * leaf.strides[axis];
      }
      own.end = leaf.gradient == nullptr ? nullptr : leaf.gradient + reach;
    });
    // each launch takes the leaves that it can beside those that it has
    for (int i = 0; i < count; ++i) {
      if (leaves[i].gradient == nullptr || leaves[i].broadcast) continue;
      int launch = 0;
      while (meets_another(i, launch)) ++launch;
      leaves[i].launch = launch;
      launches = launch + 1 > launches ? launch + 1 : launches;
    }
  }

 private:
  // whether leaf i writes where a leaf of this launch writes from another thread
  bool meets_another(int i, int launch) const {
    for (int k = 0; k < i; ++k) {
      if (leaves[k].launch != launch || leaves[k].gradient == nullptr || leaves[k].broadcast) continue;
      bool const apart = leaves[i].end <= leaves[k].gradient || leaves[k].end <= leaves[i].gradient;
      bool same = leaves[i].gradient == leaves[k].gradient;
      for (int axis = 0; axis < max_rank; ++axis)
        same = same && leaves[i].strides[axis] == leaves[k].strides[axis];
      if (!apart && !same) return true;
    }
    return false;
  }
};

}  // namespace detail

/// destination = expression, one launch.
template <class T, class Loop, class Destination, class Bound>
void fused_map(Context& context, Loop const& loop, Destination const& destination, Bound const& bound) {
  Decoder const decode(loop);
  for_each_index(context.stream(), static_cast<std::size_t>(decode.size()),
                 detail::MapKernel<T, Destination, Bound>{decode, destination, bound});
}

/// Every leaf's gradient += adjoint of `bound` applied to `seed`: one launch, and one more for each leaf that
/// is broadcast or overlaps another.
template <class T, class Loop, class Bound, class Seed>
void fused_adjoint(Context& context, Loop const& loop, Bound const& bound, Seed const& seed) {
  Bound part = bound;
  detail::LeafPlan<T> const plan(loop, part);
  Decoder const decode(loop);
  auto const size = static_cast<std::size_t>(decode.size());
  for (int launch = 0; launch < plan.launches; ++launch) {
    int i = 0;
    part.for_each_leaf([&](auto& leaf) {
      leaf.gradient = plan.leaves[i].launch == launch ? plan.leaves[i].gradient : nullptr;
      ++i;
    });
    for_each_index(context.stream(), size, detail::AdjointKernel<T, Bound, Seed>{decode, part, seed});
  }
  for (int k = 0; k < plan.count; ++k) {
    auto const& own = plan.leaves[k];
    if (own.gradient == nullptr || !own.broadcast) continue;
    int i = 0;
    part.for_each_leaf([&](auto& leaf) {
      leaf.gradient = nullptr;
      leaf.collects = i++ == k;
      leaf.collection = T(0);
    });
    bool kept[max_rank];
    for (int axis = 0; axis < max_rank; ++axis) kept[axis] = own.strides[axis] != 0;
    detail::BroadcastAdjointKernel<T, Bound, Seed> kernel{
        SplitDecoder(loop, kept), part, seed, own.gradient, {}};
    for (int axis = 0; axis < max_rank; ++axis) kernel.strides[axis] = own.strides[axis];
    detail::reduce_results(context.stream(), kernel);
  }
}

/// *out = the sum of all elements, one launch.
template <class T, class Loop, class Bound>
void fused_sum(Context& context, Loop const& loop, Bound const& bound, T* out) {
  Decoder const decode(loop);
  unsigned const blocks = reduction_blocks(static_cast<std::size_t>(decode.size()));
  auto* const partials = static_cast<double*>(context.partials(512 * sizeof(double)));
  reduce_all(context.stream(), blocks, partials, context.ticket(),
             detail::SumKernel<T, Bound>{decode, bound, out, blocks});
}

/// destination = reduction of the expression over the axes on which the destination has stride 0, one launch.
template <class T, class Loop, class Destination, class Bound>
void fused_reduce(Context& context, Loop const& loop, Reduction kind, Destination const& destination,
                  Bound const& bound) {
  bool kept[max_rank];
  for (int axis = 0; axis < max_rank; ++axis) kept[axis] = destination.strides[axis] != 0;
  SplitDecoder const decode(loop, kept);
  if (kind == Reduction::sum) {
    detail::reduce_results(context.stream(), detail::ReduceKernel<T, Destination, Bound, Reduction::sum>{
                                                 decode, destination, bound, T(0)});
  } else {
    detail::reduce_results(context.stream(),
                           detail::ReduceKernel<T, Destination, Bound, Reduction::max>{
                               decode, destination, bound, -std::numeric_limits<T>::infinity()});
  }
}

}  // namespace disentangle::backend::cuda
