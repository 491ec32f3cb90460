// SPDX-License-Identifier: Apache-2.0
// AnnealedVAE.
#pragma once

#include <disentangle/core/with.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/regularizer/capacity.hpp>

namespace disentangle::method {

/// AnnealedVAE (CCI): the KL held at a capacity that grows over training. Burgess et al. 2018 (BibTeX:
/// burgess2018understanding).
using AnnealedVae = With<Vae, Regularizer<regularizer::Capacity>>;

}  // namespace disentangle::method
