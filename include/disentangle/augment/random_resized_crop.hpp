// SPDX-License-Identifier: Apache-2.0
// A random part of the image, enlarged to the image's size.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <disentangle/augment/policy.hpp>

namespace disentangle::augment {

/// Cuts a rectangle out of the image and enlarges it to the image's size, as torchvision's RandomResizedCrop:
/// its area is U(scale) of the image's, its width over its height exp(U(log ratio)), its place uniform; after
/// ten draws that do not fit, the largest rectangle in the middle whose ratio is allowed. Enlarged by linear
/// interpolation between pixel centres, the crop's border pixels repeated outwards. (A crop is never larger
/// than the image, so nothing is ever shrunk and antialiasing, which PIL and torchvision apply, would change
/// nothing.) Images of any number of channels; values stay within those of the crop.
/// @param scale 0 < low <= high <= 1, default 0.08 .. 1; @param ratio 0 < low <= high, default 3/4 .. 4/3
/// (torchvision; Wang et al., NeurIPS 2021, BibTeX: wang2021self, authors' code)
struct RandomResizedCrop {
  Range scale{0.08, 1};
  Range ratio{3.0 / 4, 4.0 / 3};
  friend bool operator==(RandomResizedCrop const&, RandomResizedCrop const&) = default;

  /// A rectangle of pixels.
  struct Crop {
    int top, left, height, width;
    friend bool operator==(Crop const&, Crop const&) = default;
  };

  template <class Shape>
  void check(Shape) const {
    detail::require(scale.low > 0 && scale.low <= scale.high && scale.high <= 1, "RandomResizedCrop", "scale",
                    scale, "0 < low <= high <= 1");
    detail::require(ratio.low > 0 && ratio.low <= ratio.high && std::isfinite(ratio.high),
                    "RandomResizedCrop", "ratio", ratio, "0 < low <= high");
  }

  /// The crop that is drawn for one image.
  Crop crop(Philox const& random, std::size_t sample, int height, int width) const {
    double const area = static_cast<double>(height) * width;
    for (std::uint64_t attempt = 0; attempt < 10; ++attempt) {
      auto const bits = random.block(sample * 10 + attempt);
      double const target = area * scale.at(Philox::to_uniform(bits[0]));
      double const log_ratio =
          Range{std::log(ratio.low), std::log(ratio.high)}.at(Philox::to_uniform(bits[1]));
      double const w = std::nearbyint(std::sqrt(target * std::exp(log_ratio)));
      double const h = std::nearbyint(std::sqrt(target / std::exp(log_ratio)));
      if (!(w >= 1 && w <= width && h >= 1 && h <= height)) continue;
      auto const place = [](std::uint32_t number, int free) {  // 0 .. free
        return static_cast<int>((std::uint64_t{number} * (static_cast<std::uint64_t>(free) + 1)) >> 32);
      };
      int const crop_height = static_cast<int>(h), crop_width = static_cast<int>(w);
      return {place(bits[2], height - crop_height), place(bits[3], width - crop_width), crop_height,
              crop_width};
    }
    double const own = static_cast<double>(width) / height;
    int const w = own > ratio.high ? static_cast<int>(std::nearbyint(height * ratio.high)) : width;
    int const h = own < ratio.low ? static_cast<int>(std::nearbyint(width / ratio.low)) : height;
    int const crop_height = std::clamp(h, 1, height), crop_width = std::clamp(w, 1, width);
    return {(height - crop_height) / 2, (width - crop_width) / 2, crop_height, crop_width};
  }

  template <class Shape>
  void operator()(Philox random, Shape shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    check(shape);
    detail::for_each_image<Shape>(samples, images, [&](std::size_t sample, float* image) {
      enlarge<Shape>(crop(random, sample, Shape::height, Shape::width), image);
    });
  }

  /// Enlarges a crop of the image to the whole of it, in place.
  template <class Shape>
  static void enlarge(Crop const& crop, float* image) {
    constexpr std::size_t channels = Shape::channels, row = Shape::width * channels;
    if (crop == Crop{0, 0, Shape::height, Shape::width}) return;
    float* const source = detail::scratch<Shape::size>();
    std::copy(image, image + Shape::size, source);
    // Rows first: a mixture of two rows of the crop is one contiguous loop; its columns are then gathered.
    std::array<std::int32_t, row> from;
    std::array<float, row> weight;
    auto const columns = static_cast<float>(crop.width) / static_cast<float>(Shape::width);
    for (std::size_t x = 0; x < Shape::width; ++x) {
      auto const [at, fraction] = position(x, columns, crop.width);
      for (std::size_t c = 0; c < channels; ++c) {
        from[x * channels + c] = at * static_cast<int>(channels) + static_cast<int>(c);
        weight[x * channels + c] = fraction;
      }
    }
    std::array<float, row + channels> mixed{};  // a pixel more, for the right neighbour of the last
    std::size_t const length = static_cast<std::size_t>(crop.width) * channels;
    float const* const corner =
        source +
        (static_cast<std::size_t>(crop.top) * Shape::width + static_cast<std::size_t>(crop.left)) * channels;
    auto const rows = static_cast<float>(crop.height) / static_cast<float>(Shape::height);
    for (std::size_t y = 0; y < Shape::height; ++y) {
      auto const [at, fraction] = position(y, rows, crop.height);
      float const* const upper = corner + static_cast<std::size_t>(at) * row;
      float const* const lower = at + 1 < crop.height ? upper + row : upper;
      for (std::size_t j = 0; j < length; ++j) mixed[j] = upper[j] + fraction * (lower[j] - upper[j]);
      float* const out = image + y * row;
      for (std::size_t j = 0; j < row; ++j) {
        float const left = mixed[static_cast<std::size_t>(from[j])];
        float const right = mixed[static_cast<std::size_t>(from[j]) + channels];
        out[j] = left + weight[j] * (right - left);
      }
    }
  }

 private:
  struct Position {
    std::int32_t at;  // the pixel to the left, or above
    float fraction;   // the weight of its right, or lower, neighbour
  };
  /// Where the centre of pixel i lies among n pixels of `step` times its size.
  [[nodiscard]] static Position position(std::size_t i, float step, int n) {
    float const centre = (static_cast<float>(i) + 0.5f) * step - 0.5f;
    float const inside = std::clamp(centre, 0.0f, static_cast<float>(n - 1));
    auto const at = static_cast<std::int32_t>(inside);
    return {at, inside - static_cast<float>(at)};
  }
};

}  // namespace disentangle::augment
