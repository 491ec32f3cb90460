// SPDX-License-Identifier: Apache-2.0
// RF-VAE with learnt and with known relevance.
#pragma once

#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/decoder/kim_mnih_conv.hpp>
#include <disentangle/encoder/kim_mnih_conv.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/prior/relevance.hpp>
#include <disentangle/regularizer/relevance.hpp>

namespace disentangle::method {

/// RF-VAE-0: relevance is known (prior::KnownRelevance). A RECONSTRUCTION after the authors' notes.
using RfVae0 = Plus<With<Vae, Encoder<encoder::KimMnihConv<>>, Decoder<decoder::KimMnihConv>,
                         Prior<prior::KnownRelevance>, Regularizer<regularizer::RelevanceWeightedKl>>,
                    Adversary<adversary::TotalCorrelation<5>>>;

/// RF-VAE: total correlation of r o z through a discriminator, a KL that weighs less where r is large, and penalties that
/// make the relevance r sparse and certain. Kim, Wang, Sahu, Pavlovic 2019 (BibTeX: kim2019relevance), as the authors' code
/// runs it; defaults are their setting for oval dSprites.
using RfVae = Plus<With<RfVae0, Prior<prior::LearntRelevance>>, Regularizer<regularizer::RelevancePenalty>>;

}  // namespace disentangle::method
