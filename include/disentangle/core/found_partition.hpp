// SPDX-License-Identifier: Apache-2.0
// FoundPartition: a partition of the training images and how it was found.
#pragma once

#include <vector>

namespace disentangle {

/// A partition of the training images into two subsets.
struct FoundPartition {
  long epoch = 0;            ///< before which it was found
  double risk = 0;           ///< that it was found with: lower tells the subsets better apart
  std::vector<int> subsets;  ///< 0 or 1 for each image of the data set
};

}  // namespace disentangle
