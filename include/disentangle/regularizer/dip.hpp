// SPDX-License-Identifier: Apache-2.0
// The penalties of DIP-VAE on the covariance of codes.
#pragma once

#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

/// off_diagonal * sum_{i != j} C_ij^2 + diagonal * sum_i (C_ii - 1)^2, C = Cov(mean) over the minibatch
/// (divided by its size): the term that DIP-VAE-I adds to the VAE's KL. Kumar, Sattigeri, Balakrishnan,
/// "Variational inference of disentangled latent concepts from unlabeled observations", ICLR 2018 (BibTeX:
/// kumar2018variational), eq. 6.
/// @param off_diagonal default 10, of the grid {1, 2, 5, 10, 20, 50} of Locatello et al. 2019
/// @param diagonal default 100: 10 times off_diagonal, as in that study
/// The covariance of a minibatch is noisy: use batches of 64 or more. Cost O(batch latent^2).
struct MeanCovariance {
  double off_diagonal = 10;
  double diagonal = 100;

  auto operator()(auto const& posterior) const {
    auto const c = materialise(covariance(posterior.mean));
    return off_diagonal * sum(square(disentangle::off_diagonal(c))) +
           diagonal * sum(square(disentangle::diagonal(c) - 1.0));
  }
  friend bool operator==(MeanCovariance const&, MeanCovariance const&) = default;
};

/// The same with C = Cov(z) = Cov(mean) + diag(E variance): DIP-VAE-II, eq. 7.
/// @param off_diagonal, diagonal defaults 10: equal, as in that study
struct CodeCovariance {
  double off_diagonal = 10;
  double diagonal = 10;

  auto operator()(auto const& posterior) const {
    auto const c = materialise(covariance(posterior.mean));
    auto const variances = disentangle::diagonal(c) + mean(exp(posterior.log_variance), axis<0>);
    return off_diagonal * sum(square(disentangle::off_diagonal(c))) + diagonal * sum(square(variances - 1.0));
  }
  friend bool operator==(CodeCovariance const&, CodeCovariance const&) = default;
};

}  // namespace disentangle::regularizer
