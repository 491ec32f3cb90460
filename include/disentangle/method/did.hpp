// SPDX-License-Identifier: Apache-2.0
// DiD, Disentanglement in Difference.
#pragma once

#include <disentangle/contrast/inter_factor_difference.hpp>
#include <disentangle/method/wgan_gp.hpp>

namespace disentangle::method {

/// DiD: WganGp with the difference term, which maximises how differently two dimensions of the code change
/// the image. Zhang et al. 2025 (BibTeX: zhang2025disentanglement). MOSTLY A RECONSTRUCTION: its networks,
/// hyper-parameters and more are not in the sources available; docs/methods/did.md says what is. By default
/// the literal squared formula, bounded.
using Did = Generative<Contrast<contrast::InterFactorDifference<>>>;

}  // namespace disentangle::method
