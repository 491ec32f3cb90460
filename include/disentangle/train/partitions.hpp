// SPDX-License-Identifier: Apache-2.0
// partitions(model): the partitions that a model with contrast::InvariantPartition keeps.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include <disentangle/core/found_partition.hpp>

namespace disentangle {

/// The partitions that a model was trained with and keeps, the oldest first; none for methods without. They
/// are part of its checkpoint.
template <class Model>
std::vector<FoundPartition> partitions(Model& model) {
  std::vector<int> subsets, epochs;
  std::vector<double> risks;
  model.for_each_record([&]<class T>(std::string const& name, std::vector<T> const& values) {
    if constexpr (std::is_same_v<T, int>) {
      if (name == "partition.subsets") subsets = values;
      if (name == "partition.epochs") epochs = values;
    } else {
      if (name == "partition.risks") risks = values;
    }
  });
  std::vector<FoundPartition> found(epochs.size());
  std::size_t const n = epochs.empty() ? 0 : subsets.size() / epochs.size();
  for (std::size_t p = 0; p < found.size(); ++p) {
    auto const begin = subsets.begin() + static_cast<std::ptrdiff_t>(p * n);
    found[p] = {epochs[p], risks[p], {begin, begin + static_cast<std::ptrdiff_t>(n)}};
  }
  return found;
}

}  // namespace disentangle
