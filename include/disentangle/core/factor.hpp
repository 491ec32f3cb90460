// SPDX-License-Identifier: Apache-2.0
// A ground-truth factor of variation of a data set.
#pragma once

#include <string>

namespace disentangle {

/// A discrete factor: its name and the number of values 0 .. cardinality - 1 that it takes.
struct Factor {
  std::string name;
  int cardinality = 0;
  friend bool operator==(Factor const&, Factor const&) = default;
};

}  // namespace disentangle
