// SPDX-License-Identifier: Apache-2.0
// The terms of RF-VAE that read the relevance of latents.
#pragma once

#include <disentangle/prior/relevance.hpp>
#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

/// mean over the batch of sum_j lambda(r_j) KL_j with lambda(r) = largest - (largest - smallest) r: a
/// relevant latent may have a large KL, another may not. Kim, Wang, Sahu, Pavlovic 2019 (BibTeX:
/// kim2019relevance), as the authors' code has it.
/// @param smallest, largest lambda at r = 1 and r = 0; defaults 0.1 and 10 (authors, oval dSprites)
struct RelevanceWeightedKl {
  double smallest = 0.1;
  double largest = 10;

  template <class B>
  using posterior_type = prior::RelevantPosterior<B>;

  auto operator()(auto const& posterior) const {
    auto const lambda = largest - (largest - smallest) * posterior.relevance;
    return (1.0 / posterior.batch_size()) * sum(insert_axis(materialise(lambda), axis<0>) * posterior.kl);
  }
  friend bool operator==(RelevanceWeightedKl const&, RelevanceWeightedKl const&) = default;
};

/// sparsity * sum_j r_j + entropy * sum_j H(r_j), H the binary entropy in nats. The entropy is minimised too:
/// it drives every r to 0 or 1. With r = sigmoid(l), H = softplus(l) - l r, whose gradient -l r (1 - r) goes
/// through both places of l.
/// @param sparsity, entropy defaults 1 and 100 (authors, oval dSprites: the decision falls early and is
/// nearly final)
struct RelevancePenalty {
  double sparsity = 1;
  double entropy = 100;

  template <class B>
  using posterior_type = prior::RelevantPosterior<B>;

  auto operator()(auto const& posterior) const {
    return sum(sparsity * posterior.relevance +
               entropy * (softplus(posterior.logits) - posterior.logits * posterior.relevance));
  }
  friend bool operator==(RelevancePenalty const&, RelevancePenalty const&) = default;
};

}  // namespace disentangle::regularizer
