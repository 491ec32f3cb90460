// SPDX-License-Identifier: Apache-2.0
// FactorVAE.
#pragma once

#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/decoder/kim_mnih_conv.hpp>
#include <disentangle/encoder/kim_mnih_conv.hpp>
#include <disentangle/method/vae.hpp>

namespace disentangle::method {

/// FactorVAE: the total correlation of codes, estimated by a discriminator, is minimised beside the VAE's
/// loss. Kim, Mnih, ICML 2018 (BibTeX: kim2018disentangling), with its own network.
using FactorVae = Plus<With<Vae, Encoder<encoder::KimMnihConv<>>, Decoder<decoder::KimMnihConv>>,
                       Adversary<adversary::TotalCorrelation<>>>;

}  // namespace disentangle::method
