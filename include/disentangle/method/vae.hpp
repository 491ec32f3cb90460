// SPDX-License-Identifier: Apache-2.0
// The variational auto-encoder, the parent of most methods on the shelf.
#pragma once

#include <disentangle/core/method.hpp>
#include <disentangle/decoder/locatello_conv.hpp>
#include <disentangle/encoder/locatello_conv.hpp>
#include <disentangle/optim/adam.hpp>
#include <disentangle/prior/standard_normal.hpp>
#include <disentangle/reconstruction/bernoulli.hpp>
#include <disentangle/regularizer/kl.hpp>

namespace disentangle::method {

/// VAE: minimise -E log p(x|z) + KL(q(z|x) || p(z)). Kingma, Welling, ICLR 2014 (BibTeX: kingma2014auto).
/// Network, latents (10), batch (64) and optimiser (Adam 1e-4) are those of Locatello et al. 2019, so that
/// every method of this shelf differs from its parent in its terms alone.
using Vae =
    Method<Encoder<encoder::LocatelloConv<>>, Decoder<decoder::LocatelloConv>, Prior<prior::StandardNormal>,
           Reconstruction<reconstruction::Bernoulli>, Regularizer<regularizer::Kl>, Optimizer<optim::Adam>>;

}  // namespace disentangle::method
