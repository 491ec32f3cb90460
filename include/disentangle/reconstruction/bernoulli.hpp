// SPDX-License-Identifier: Apache-2.0
// Bernoulli likelihood on logits.
#pragma once

#include <disentangle/reconstruction/reconstruction.hpp>

namespace disentangle::reconstruction {

/// Cross-entropy of images in [0, 1] with pixel probabilities sigmoid(output), summed over pixels, mean over
/// the batch:
///     (1 / batch) sum_pixels softplus(output) - output * image                                        [nats]
/// For binary images the exact negative log-likelihood; for grey values the field's usual surrogate.
/// Kingma, Welling 2014, appendix C.1 (BibTeX: kingma2014auto); the loss scale of disentanglement_lib.
struct Bernoulli {
  auto operator()(auto const& likelihood) const {
    return (1.0 / likelihood.batch_size()) *
           sum(softplus(likelihood.output) - likelihood.output * likelihood.images);
  }
  auto image(auto const& output) const { return sigmoid(output); }
  friend bool operator==(Bernoulli const&, Bernoulli const&) = default;
};

}  // namespace disentangle::reconstruction
