// SPDX-License-Identifier: Apache-2.0
// The parts of a loss under names that are all different: the columns of log.csv, and what a callback is told
// to watch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace disentangle {

/// The names of parts (Model::part_names), a second one of a name with " 2" behind it, and so on; none is a
/// name that is taken.
[[nodiscard]] inline std::vector<std::string> part_columns(std::vector<std::string> const& parts,
                                                           std::vector<std::string> const& taken = {}) {
  std::vector<std::string> names;
  auto const is_used = [&](std::string const& name) {
    return std::find(taken.begin(), taken.end(), name) != taken.end() ||
           std::find(names.begin(), names.end(), name) != names.end();
  };
  for (std::string const& part : parts) {
    std::string name = part;
    for (std::size_t twin = 2; is_used(name); ++twin) name = part + " " + std::to_string(twin);
    names.push_back(name);
  }
  return names;
}

}  // namespace disentangle
