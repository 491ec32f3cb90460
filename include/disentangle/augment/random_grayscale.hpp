// SPDX-License-Identifier: Apache-2.0
// Images without their colours.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include <disentangle/augment/policy.hpp>

namespace disentangle::augment {

/// With probability p, gives all three channels the grey 0.299 red + 0.587 green + 0.114 blue (ITU-R 601-2),
/// as torchvision's RandomGrayscale. Images of three channels.
/// @param p default 0.2 (Chen et al., ICML 2020, BibTeX: chen2020simple; torchvision's own default is 0.1)
struct RandomGrayscale {
  double p = 0.2;
  friend bool operator==(RandomGrayscale const&, RandomGrayscale const&) = default;

  template <class Shape>
  void check(Shape) const {
    static_assert(
        Shape::channels == 3,
        "[disentangle] RandomGrayscale takes images of three channels; leave it out where they are grey");
    detail::require_probability("RandomGrayscale", p);
  }

  template <class Shape>
  void operator()(Philox random, Shape shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    check(shape);
    detail::for_each_image<Shape>(samples, images, [&](std::size_t sample, float* image) {
      if (!detail::happens(random.uniform(sample), p)) return;
      for (std::size_t i = 0; i < Shape::size; i += 3) {
        float const grey = detail::red_weight * image[i] + detail::green_weight * image[i + 1] +
                           detail::blue_weight * image[i + 2];
        image[i] = image[i + 1] = image[i + 2] =
            std::min(grey, 1.0f);  // the three weights may round to more than 1
      }
    });
  }
};

}  // namespace disentangle::augment
