// SPDX-License-Identifier: Apache-2.0
// The loop that bound expressions run in: extents aligned from the last axis, and axes merged where every
// leaf walks them without a break.
#pragma once

#include <cstddef>

#include <disentangle/backend/extents.hpp>
#include <disentangle/core/config.hpp>

namespace disentangle::backend::expression {

/// Extents of a loop over max_rank axes, the last one innermost; missing leading axes are 1.
struct Loop {
  std::ptrdiff_t extents[max_rank];
};

template <int Rank>
DISENTANGLE_COLD Loop loop_over(Extents<Rank> const& extents) {
  Loop loop{};
  for (int axis = 0; axis < max_rank; ++axis) {
    int const own = axis - (max_rank - Rank);
    loop.extents[axis] = own < 0 ? 1 : extents[static_cast<std::size_t>(own)];
  }
  return loop;
}

/// A variable's strides along the axes of the loop, 0 where it is broadcast.
DISENTANGLE_OUT_OF_LINE inline void align_strides(std::ptrdiff_t* aligned, std::ptrdiff_t const* extents,
                                                  std::ptrdiff_t const* strides, int rank) {
  for (int axis = 0; axis < max_rank; ++axis) {
    int const own = axis - (max_rank - rank);
    aligned[axis] = own < 0 || extents[own] == 1 ? 0 : strides[own];
  }
}

/// The strides of the leaves of a loop's trees. An expression with more leaves than fit is left unmerged.
struct LeafStrides {
  static constexpr int most = 32;
  std::ptrdiff_t* strides[most];
  int count = 0;
};

/// Merges neighbouring axes that every leaf walks without a break, so that whole contiguous tensors become
/// one line.
DISENTANGLE_OUT_OF_LINE inline void merge_axes(Loop& loop, LeafStrides const& leaves) {
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

}  // namespace disentangle::backend::expression
