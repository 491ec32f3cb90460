// SPDX-License-Identifier: Apache-2.0
// The KL term of the evidence lower bound, plain and weighted.
#pragma once

#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

/// mean over the batch of sum_j KL(q(z_j|x) || p(z_j)), in nats. Kingma, Welling 2014 (BibTeX:
/// kingma2014auto), eq. 3. Unbiased for any batch size. Cost O(batch * latent).
struct Kl {
  auto operator()(auto const& posterior) const { return (1.0 / posterior.batch_size()) * sum(posterior.kl); }
  friend bool operator==(Kl const&, Kl const&) = default;
};

/// beta * Kl. Higgins et al., "beta-VAE", ICLR 2017 (BibTeX: higgins2017betavae), eq. 4.
/// @param beta weight, >= 0; 1 is the plain VAE. Default 4: the paper's value for dSprites with the fully
/// connected network.
struct WeightedKl {
  double beta = 4;
  auto operator()(auto const& posterior) const { return (beta / posterior.batch_size()) * sum(posterior.kl); }
  friend bool operator==(WeightedKl const&, WeightedKl const&) = default;
};

}  // namespace disentangle::regularizer
