// SPDX-License-Identifier: Apache-2.0
// Images blurred by a Gaussian of random width.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <disentangle/augment/policy.hpp>

namespace disentangle::augment {

/// With probability p, a convolution in both directions with the weights exp(-k^2 / (2 sigma^2)) / sum, |k|
/// <= kernel / 2, sigma ~ U(sigma), the image mirrored about its border pixels: torchvision's GaussianBlur
/// and OpenCV's, in float. Images of any number of channels; values stay within those of the image.
/// @param kernel pixels, odd, less than twice the smaller side; default 3; @param sigma in pixels, 0 < low <=
/// high, default 0.1 .. 2; @param p default 0.5 (Wang et al., NeurIPS 2021, BibTeX: wang2021self, authors'
/// code; Chen et al. 2020 take a tenth of the side as kernel)
/// Cost: proportional to kernel.
struct GaussianBlur {
  int kernel = 3;
  Range sigma{0.1, 2};
  double p = 0.5;
  friend bool operator==(GaussianBlur const&, GaussianBlur const&) = default;

  template <class Shape>
  void check(Shape) const {
    constexpr int largest = 2 * std::min(Shape::height, Shape::width) - 1;
    if (!(kernel % 2 == 1 && kernel >= 1 && kernel <= largest)) {
      throw ValueError("GaussianBlur: found kernel " + std::to_string(kernel) +
                       ", expected an odd number of pixels, 1 .. " + std::to_string(largest));
    }
    detail::require(sigma.low > 0 && sigma.low <= sigma.high && std::isfinite(sigma.high), "GaussianBlur",
                    "sigma", sigma, "0 < low <= high");
    detail::require_probability("GaussianBlur", p);
  }

  template <class Shape>
  void operator()(Philox random, Shape shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    check(shape);
    detail::for_each_image<Shape>(samples, images, [&](std::size_t sample, float* image) {
      auto const bits = random.block(sample);
      if (!detail::happens(Philox::to_uniform(bits[0]), p)) return;
      blur<Shape>(kernel, sigma.at(Philox::to_uniform(bits[1])), image);
    });
  }

  /// Blurs one image in place.
  template <class Shape>
  static void blur(int kernel, double width, float* image) {
    constexpr std::size_t channels = Shape::channels, row = Shape::width * channels;
    constexpr int most = std::min(Shape::height, Shape::width);
    int const radius = kernel / 2;
    std::array<float, most> weight;
    double total = 0;
    for (int k = 0; k <= radius; ++k) {
      double const w = std::exp(-0.5 * k * k / (width * width));
      weight[static_cast<std::size_t>(k)] = static_cast<float>(w);
      total += k == 0 ? w : 2 * w;
    }
    for (int k = 0; k <= radius; ++k) weight[static_cast<std::size_t>(k)] /= static_cast<float>(total);

    float* const source = detail::scratch<Shape::size>();
    std::copy(image, image + Shape::size, source);
    std::array<float, row + 2 * most * channels> padded;  // a row, blurred downwards, with what is mirrored
    float* const middle = padded.data() + static_cast<std::size_t>(radius) * channels;
    float* const last = middle + (row - channels);
    for (int y = 0; y < Shape::height; ++y) {
      float const* const here = source + static_cast<std::size_t>(y) * row;
      for (std::size_t j = 0; j < row; ++j) middle[j] = weight[0] * here[j];
      for (int k = 1; k <= radius; ++k) {
        float const w = weight[static_cast<std::size_t>(k)];
        float const* const above = source + mirrored(y - k, Shape::height) * row;
        float const* const below = source + mirrored(y + k, Shape::height) * row;
        for (std::size_t j = 0; j < row; ++j) middle[j] += w * (above[j] + below[j]);
      }
      for (int k = 1; k <= radius; ++k) {
        std::size_t const away = static_cast<std::size_t>(k) * channels;
        for (std::size_t c = 0; c < channels; ++c) {
          (middle - away)[c] = (middle + away)[c];
          (last + away)[c] = (last - away)[c];
        }
      }
      float* const out = image + static_cast<std::size_t>(y) * row;
      for (std::size_t j = 0; j < row; ++j) out[j] = weight[0] * middle[j];
      for (int k = 1; k <= radius; ++k) {
        float const w = weight[static_cast<std::size_t>(k)];
        float const* const left = middle - static_cast<std::size_t>(k) * channels;
        float const* const right = middle + static_cast<std::size_t>(k) * channels;
        for (std::size_t j = 0; j < row; ++j) out[j] += w * (left[j] + right[j]);
      }
      // Rounding may carry a weighted mean of ones above one.
      for (std::size_t j = 0; j < row; ++j) out[j] = std::min(std::max(out[j], 0.0f), 1.0f);
    }
  }

 private:
  /// The pixel of 0 .. n - 1 that stands at i, -n < i < 2 n - 1, when the border pixels are mirrors.
  [[nodiscard]] static std::size_t mirrored(int i, int n) {
    return static_cast<std::size_t>(i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i);
  }
};

}  // namespace disentangle::augment
