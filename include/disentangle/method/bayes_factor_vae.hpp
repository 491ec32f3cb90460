// SPDX-License-Identifier: Apache-2.0
// Bayes-Factor-VAE, variants 0, 1 and 2.
#pragma once

#include <disentangle/method/rf_vae.hpp>
#include <disentangle/prior/gamma_precision.hpp>
#include <disentangle/prior/learnt_variance.hpp>
#include <disentangle/regularizer/bayes_factor.hpp>

namespace disentangle::method {

/// BF-VAE-0: RF-VAE-0's pipeline with a prior N(0, v_j) whose variances are learnt. Kim, Wang, Sahu,
/// Pavlovic, "Bayes-Factor-VAE", ICCV 2019 (BibTeX: kim2019bayesfactor), as the authors' code runs it.
using BayesFactorVae0 = Plus<With<RfVae0, Prior<prior::LearntVariance>, Regularizer<regularizer::Kl>>,
                             Regularizer<regularizer::VarianceDeviation>>;

/// BF-VAE-1: precisions with Gamma priors, whose shapes are learnt: heavy-tailed priors where they help.
using BayesFactorVae1 = With<BayesFactorVae0, Prior<prior::GammaPrecision>, Regularizer<regularizer::Kl>,
                             Regularizer<regularizer::PrecisionKl>>;

/// BF-VAE-2: the same, with shapes that follow from a relevance of each latent, sparse and certain as in
/// RF-VAE.
using BayesFactorVae2 = Plus<With<BayesFactorVae1, Prior<prior::RelevantPrecision>>,
                             Regularizer<regularizer::MildRelevancePenalty>>;

}  // namespace disentangle::method
