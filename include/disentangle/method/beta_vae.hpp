// SPDX-License-Identifier: Apache-2.0
// beta-VAE.
#pragma once

#include <disentangle/core/with.hpp>
#include <disentangle/method/vae.hpp>

namespace disentangle::method {

/// beta-VAE: the KL weighted by beta (default 4). Higgins et al., ICLR 2017 (BibTeX: higgins2017betavae).
using BetaVae = With<Vae, Regularizer<regularizer::WeightedKl>>;

}  // namespace disentangle::method
