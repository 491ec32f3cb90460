// SPDX-License-Identifier: Apache-2.0
// Compile-time shapes: of an image, and of what flows between the layers of a network.
#pragma once

#include <cstddef>

namespace disentangle {

/// The shape of an image as a type: height, width, channels. Images are stored NHWC, float, values in [0, 1].
/// A vector of n features is ImageShape<1, 1, n>.
template <int Height, int Width, int Channels>
struct ImageShape {
  static_assert(Height > 0 && Width > 0 && Channels > 0,
                "[disentangle] an ImageShape needs positive extents");
  static constexpr int height = Height;
  static constexpr int width = Width;
  static constexpr int channels = Channels;
  /// Number of scalars in one image.
  static constexpr std::size_t size = std::size_t{Height} * std::size_t{Width} * std::size_t{Channels};
  friend constexpr bool operator==(ImageShape, ImageShape) = default;
};

/// A vector of n features.
template <int N>
using FeatureShape = ImageShape<1, 1, N>;

}  // namespace disentangle
