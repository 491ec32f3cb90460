// SPDX-License-Identifier: Apache-2.0
// The terms of Bayes-Factor-VAE beside the KL of codes.
#pragma once

#include <disentangle/prior/gamma_precision.hpp>
#include <disentangle/prior/learnt_variance.hpp>
#include <disentangle/regularizer/regularizer.hpp>
#include <disentangle/regularizer/relevance.hpp>

namespace disentangle::regularizer {

/// weight * sum_j (v_j - 1)^2, v the variances of the prior: they leave 1 only where that helps. Kim, Wang,
/// Sahu, Pavlovic, ICCV 2019 (BibTeX: kim2019bayesfactor), variant 0.
/// @param weight eta; default 0.05 (authors' code)
struct VarianceDeviation {
  double weight = 0.05;

  template <class B>
  using posterior_type = prior::VariancePosterior<B>;

  auto operator()(auto const& posterior) const {
    return weight * sum(square(posterior.prior_variance - 1.0));
  }
  friend bool operator==(VarianceDeviation const&, VarianceDeviation const&) = default;
};

/// sum_j KL(q(alpha_j) || p(alpha_j)) / (images of the data set): the precisions are shared by all images.
/// Bayes-Factor-VAE, variants 1 and 2.
struct PrecisionKl {
  template <class B>
  using posterior_type = prior::PrecisionPosterior<B>;

  auto operator()(auto const& posterior) const {
    return (1.0 / posterior.data_size) * sum(posterior.precision_kl);
  }
  friend bool operator==(PrecisionKl const&, PrecisionKl const&) = default;
};

/// RelevancePenalty with the weights of Bayes-Factor-VAE-2: sparsity * sum_j r_j + entropy * sum_j H(r_j).
/// @param sparsity, entropy defaults 0.1 (authors' code; a script of theirs has 0.5)
struct MildRelevancePenalty {
  double sparsity = 0.1;
  double entropy = 0.1;

  template <class B>
  using posterior_type = prior::RelevantPosterior<B>;

  auto operator()(auto const& posterior) const { return RelevancePenalty{sparsity, entropy}(posterior); }
  friend bool operator==(MildRelevancePenalty const&, MildRelevancePenalty const&) = default;
};

}  // namespace disentangle::regularizer
