// SPDX-License-Identifier: Apache-2.0
// InfoVAE with the maximum mean discrepancy.
#pragma once

#include <disentangle/contrast/prior_mmd.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/method/vae.hpp>

namespace disentangle::method {

/// InfoVAE: (1 - alpha) KL + (alpha + lambda - 1) MMD(q(z), p(z)) with alpha = 0. Zhao, Song, Ermon, AAAI
/// 2019 (BibTeX: zhao2019infovae). For another alpha, With<InfoVae, Regularizer<regularizer::WeightedKl>>
/// with beta = 1 - alpha; beta = 0 is the paper's MMD-VAE.
using InfoVae = Plus<Vae, Contrast<contrast::PriorMmd>>;

}  // namespace disentangle::method
