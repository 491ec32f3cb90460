// SPDX-License-Identifier: Apache-2.0
// beta-TCVAE.
#pragma once

#include <disentangle/core/with.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/regularizer/total_correlation.hpp>

namespace disentangle::method {

/// beta-TCVAE: the KL split into mutual information, total correlation and dimension-wise KL, the second
/// weighted by beta (default 6). Chen, Li, Grosse, Duvenaud, NeurIPS 2018 (BibTeX: chen2018isolating).
using BetaTcVae = With<Vae, Regularizer<regularizer::TotalCorrelation>>;

}  // namespace disentangle::method
