// SPDX-License-Identifier: Apache-2.0
// Gaussian likelihood with a fixed standard deviation.
#pragma once

#include <disentangle/reconstruction/reconstruction.hpp>

namespace disentangle::reconstruction {

/// (1 / batch) sum_pixels (output - image)^2 / (2 standard_deviation^2), in nats up to a constant.
/// Kingma, Welling 2014, appendix C.2 (BibTeX: kingma2014auto).
/// @param standard_deviation of a pixel, > 0, in units of the image's range [0, 1]; default 1. Its square
///        scales the weight of every other term: 0.1 makes the reconstruction 100 times as strong.
struct Gaussian {
  double standard_deviation = 1;
  auto operator()(auto const& likelihood) const {
    double const weight = 0.5 / (standard_deviation * standard_deviation * likelihood.batch_size());
    return weight * sum(square(likelihood.output - likelihood.images));
  }
  auto image(auto const& output) const { return clamp(output, 0.0, 1.0); }
  friend bool operator==(Gaussian const&, Gaussian const&) = default;
};

}  // namespace disentangle::reconstruction
