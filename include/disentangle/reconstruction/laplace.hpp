// SPDX-License-Identifier: Apache-2.0
// Laplace likelihood with a fixed scale: the L1 loss.
#pragma once

#include <disentangle/reconstruction/reconstruction.hpp>

namespace disentangle::reconstruction {

/// (1 / batch) sum_pixels |output - image| / scale, in nats up to a constant; the gradient at 0 is 0.
/// @param scale of a pixel, > 0, in units of the image's range [0, 1]; default 1 (disentangling-vae's
///        "laplace" loss, and PartedVAE's on CelebA, up to that library's scaling).
struct Laplace {
  double scale = 1;
  auto operator()(auto const& likelihood) const {
    return (1.0 / (scale * likelihood.batch_size())) * sum(abs(likelihood.output - likelihood.images));
  }
  auto image(auto const& output) const { return clamp(output, 0.0, 1.0); }
  friend bool operator==(Laplace const&, Laplace const&) = default;
};

}  // namespace disentangle::reconstruction
