// SPDX-License-Identifier: Apache-2.0
// WGAN-GP with an encoder of its samples, the parent of the generative methods of the shelf.
#pragma once

#include <disentangle/adversary/wasserstein_critic.hpp>
#include <disentangle/core/method.hpp>
#include <disentangle/decoder/info_gan_conv.hpp>
#include <disentangle/encoder/info_gan_conv.hpp>
#include <disentangle/optim/wasserstein_adam.hpp>
#include <disentangle/prior/uniform_code.hpp>
#include <disentangle/supervision/code_regression.hpp>

namespace disentangle::method {

/// A generator that a Wasserstein critic trains, an encoder that recovers its codes, and further terms.
template <policy_slot... Terms>
using Generative = Method<Encoder<encoder::InfoGanConv<>>, Decoder<decoder::InfoGanConv>,
                          Prior<prior::UniformCode>, Terms..., Adversary<adversary::WassersteinCritic<>>,
                          Supervision<supervision::CodeRegression>, Optimizer<optim::WassersteinAdam>>;

/// WGAN-GP (Gulrajani et al., NeurIPS 2017; BibTeX: gulrajani2017improved) with codes uniform on (-1, 1)^10
/// and an encoder by code regression: DiD without its difference term, the honest control of the methods that
/// add to it.
using WganGp = Generative<>;

}  // namespace disentangle::method
