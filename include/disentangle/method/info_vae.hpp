// SPDX-License-Identifier: Apache-2.0
// InfoVAE with the maximum mean discrepancy.
#pragma once

#include <disentangle/contrast/prior_mmd.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/method/beta_vae.hpp>

namespace disentangle::method {

/// InfoVAE (MMD-VAE): (1 - alpha) KL + (alpha + lambda - 1) MMD(q(z), p(z)); WeightedKl.beta is 1 - alpha. Zhao, Song, Ermon,
/// AAAI 2019 (BibTeX: zhao2019infovae). Set WeightedKl.beta = 0 for the paper's MMD-VAE (alpha = 1).
using InfoVae = Plus<BetaVae, Contrast<contrast::PriorMmd>>;

}  // namespace disentangle::method
