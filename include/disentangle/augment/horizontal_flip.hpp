// SPDX-License-Identifier: Apache-2.0
// Images mirrored left to right.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <disentangle/augment/policy.hpp>

namespace disentangle::augment {

/// Mirrors an image left to right with probability p, as torchvision's RandomHorizontalFlip. Images of any
/// number of channels.
/// @param p default 0.5 (torchvision; Wang et al., NeurIPS 2021, BibTeX: wang2021self, authors' code)
struct HorizontalFlip {
  double p = 0.5;
  friend bool operator==(HorizontalFlip const&, HorizontalFlip const&) = default;

  template <class Shape>
  void check(Shape) const {
    detail::require_probability("HorizontalFlip", p);
  }

  template <class Shape>
  void operator()(Philox random, Shape shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    check(shape);
    constexpr std::size_t channels = Shape::channels, row = Shape::width * channels;
    detail::for_each_image<Shape>(samples, images, [&](std::size_t sample, float* image) {
      if (!detail::happens(random.uniform(sample), p)) return;
      for (float* left = image; left != image + Shape::size; left += row) {
        float* right = left + row - channels;
        for (float* pixel = left; pixel < right; pixel += channels, right -= channels) {
          for (std::size_t c = 0; c < channels; ++c) std::swap(pixel[c], right[c]);
        }
      }
    });
  }
};

}  // namespace disentangle::augment
