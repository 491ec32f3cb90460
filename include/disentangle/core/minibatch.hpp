// SPDX-License-Identifier: Apache-2.0
// One minibatch on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace disentangle {

/// What a training step takes, and what data::BatchSource gives: then the spans hold until its next() or its
/// end.
struct Minibatch {
  std::span<float const>
      images;                   ///< (views, size, height, width, channels), in [0, 1]; a step takes one view
  std::span<int const> labels;  ///< (size, factors), -1 where missing; or empty
  std::size_t size = 0;         ///< images of a view
  std::size_t data_size = 1;    ///< images of the data set that it was drawn from
  std::span<std::size_t const> indices{};  ///< (size), where the images lie in the data set; or empty
  std::uint64_t step = 0;                  ///< that it was drawn for
  std::size_t views = 1;

  /// View i < views alone.
  Minibatch view(std::size_t i) const {
    Minibatch one = *this;
    one.images = images.subspan(i * (images.size() / views), images.size() / views);
    one.views = 1;
    return one;
  }
};

}  // namespace disentangle
