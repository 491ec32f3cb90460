// SPDX-License-Identifier: Apache-2.0
// EpochImages: the images of a whole data set as a policy may ask for them between epochs. Independent of the
// data set's type.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace disentangle {

/// What train() gives Model::before_epoch.
struct EpochImages {
  std::size_t size = 0;  ///< images of the data set
  /// Writes view v of images, NHWC float in [0, 1]: the augmentation's, and the images themselves where there
  /// is none.
  std::function<void(int v, std::span<std::size_t const> indices, std::span<float> out)> view{};
};

}  // namespace disentangle
