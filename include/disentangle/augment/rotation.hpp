// SPDX-License-Identifier: Apache-2.0
// Images turned about their centre by a random angle.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>

#include <disentangle/augment/policy.hpp>

namespace disentangle::augment {

/// Turns an image about its centre by an angle of U(-degrees, degrees), positive angles counter-clockwise, as
/// torchvision's RandomRotation without enlarging: linear interpolation between the four pixel centres around
/// where a pixel comes from, those outside the image having the value `fill`. (torchvision takes the nearest
/// pixel unless told otherwise, and its linear interpolation weights `fill` twice where the image ends.)
/// Images of any number of channels; values stay within those of the image and `fill`.
/// @param degrees 0 .. 180, default 10, ours: torchvision has none; @param fill 0 .. 1, default 0, black
/// (torchvision)
struct Rotation {
  double degrees = 10;
  double fill = 0;
  friend bool operator==(Rotation const&, Rotation const&) = default;

  template <class Shape>
  void check(Shape) const {
    detail::require(degrees >= 0 && degrees <= 180, "Rotation", "degrees", degrees, "0 .. 180");
    detail::require(fill >= 0 && fill <= 1, "Rotation", "fill", fill, "0 .. 1");
  }

  template <class Shape>
  void operator()(Philox random, Shape shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    check(shape);
    detail::for_each_image<Shape>(samples, images, [&](std::size_t sample, float* image) {
      turn<Shape>(Range{-degrees, degrees}.at(random.uniform(sample)), static_cast<float>(fill), image);
    });
  }

  /// Turns one image in place.
  template <class Shape>
  static void turn(double degrees, float fill, float* image) {
    if (degrees == 0) return;
    // The image with one pixel of `fill` above and left of it and two below and right: positions clamped to
    // one pixel outside need no further case.
    constexpr std::size_t channels = Shape::channels, row = Shape::width * channels;
    constexpr std::size_t wide = (Shape::width + 3) * channels, tall = Shape::height + 3;
    float* const source = detail::scratch<wide * tall>();
    std::fill(source, source + wide * tall, fill);
    for (std::size_t y = 0; y < Shape::height; ++y) {
      std::copy(image + y * row, image + (y + 1) * row, source + (y + 1) * wide + channels);
    }
    auto const cosine = static_cast<float>(std::cos(degrees * std::numbers::pi / 180));
    auto const sine = static_cast<float>(std::sin(degrees * std::numbers::pi / 180));
    constexpr float centre_x = (Shape::width - 1) / 2.0f, centre_y = (Shape::height - 1) / 2.0f;
    std::array<std::int32_t, row> from;
    std::array<float, row> right, down;
    for (std::size_t y = 0; y < Shape::height; ++y) {
      float const dy = static_cast<float>(y) - centre_y;
      for (std::size_t x = 0; x < Shape::width; ++x) {
        float const dx = static_cast<float>(x) - centre_x;
        float const at_x = 1 + clamped(cosine * dx - sine * dy + centre_x, Shape::width);
        float const at_y = 1 + clamped(sine * dx + cosine * dy + centre_y, Shape::height);
        auto const whole_x = static_cast<std::int32_t>(at_x), whole_y = static_cast<std::int32_t>(at_y);
        for (std::size_t c = 0; c < channels; ++c) {
          from[x * channels + c] = whole_y * static_cast<std::int32_t>(wide) +
                                   whole_x * static_cast<std::int32_t>(channels) +
                                   static_cast<std::int32_t>(c);
          right[x * channels + c] = at_x - static_cast<float>(whole_x);
          down[x * channels + c] = at_y - static_cast<float>(whole_y);
        }
      }
      float* const out = image + y * row;
      for (std::size_t j = 0; j < row; ++j) {
        float const* const corner = source + from[j];
        float const upper = corner[0] + right[j] * (corner[channels] - corner[0]);
        float const lower = corner[wide] + right[j] * (corner[wide + channels] - corner[wide]);
        out[j] = upper + down[j] * (lower - upper);
      }
    }
  }

 private:
  [[nodiscard]] static float clamped(float position, int n) {
    return std::min(std::max(position, -1.0f), static_cast<float>(n));
  }
};

}  // namespace disentangle::augment
