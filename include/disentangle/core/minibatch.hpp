// SPDX-License-Identifier: Apache-2.0
// One minibatch on the host.
#pragma once

#include <cstddef>
#include <span>

namespace disentangle {

/// What a training step takes. `images` holds size() images, NHWC float in [0, 1]; `labels` (size(), factors)
/// or empty, -1 where missing; `indices` which images of the data set they are, or empty; `data_size` is the
/// number of images of the data set that the minibatch was drawn from.
struct Minibatch {
  std::span<float const> images;
  std::span<int const> labels;
  std::size_t size = 0;
  std::size_t data_size = 1;
  std::span<std::size_t const> indices{};
};

}  // namespace disentangle
