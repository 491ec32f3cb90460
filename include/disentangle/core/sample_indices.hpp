// SPDX-License-Identifier: Apache-2.0
// sample_indices(): which images of a data set are looked at where all of them would be too many.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <disentangle/core/philox.hpp>

namespace disentangle {

/// Indices of `count` different images of `size`, in a random order, or of all where there are no more. They
/// depend on size, seed and stream alone; a smaller count gives the first of them.
///     auto const few = dis::sample_indices(data.size(), 16, 0, dis::stream("my.pictures"));
[[nodiscard]] inline std::vector<std::size_t> sample_indices(std::size_t size, std::size_t count,
                                                             std::uint64_t seed, std::uint32_t stream) {
  std::vector<std::size_t> indices(std::min(size, count));
  Permutation const order(Philox{seed, stream, 0}, size);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::size_t>(order(i));
  return indices;
}

}  // namespace disentangle
