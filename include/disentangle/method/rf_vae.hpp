// SPDX-License-Identifier: Apache-2.0
// RF-VAE with learnt and with known relevance.
#pragma once

#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/decoder/kim_mnih_conv.hpp>
#include <disentangle/decoder/teapots_resnet.hpp>
#include <disentangle/encoder/kim_mnih_conv.hpp>
#include <disentangle/encoder/teapots_resnet.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/prior/relevance.hpp>
#include <disentangle/regularizer/relevance.hpp>

namespace disentangle::method {

/// RF-VAE-0: relevance is known (prior::KnownRelevance). A RECONSTRUCTION after the authors' notes.
using RfVae0 = Plus<With<Vae, Encoder<encoder::KimMnihConv<>>, Decoder<decoder::KimMnihConv>,
                         Prior<prior::KnownRelevance>, Regularizer<regularizer::RelevanceWeightedKl>>,
                    Adversary<adversary::TotalCorrelation<5>>>;

/// RF-VAE: total correlation of r o z through a discriminator, a KL that weighs less where r is large, and
/// penalties that make the relevance r sparse and certain. Kim, Wang, Sahu, Pavlovic 2019 (BibTeX:
/// kim2019relevance), as the authors' code runs it; defaults are their setting for oval dSprites.
using RfVae = Plus<With<RfVae0, Prior<prior::LearntRelevance>>, Regularizer<regularizer::RelevancePenalty>>;

/// RfVae with the network of the authors' other data sets (dense 256) and as many latents as they take.
template <int Latents = 10>
using RfVae256 = With<RfVae, Encoder<encoder::KimMnihConv256<Latents>>, Decoder<decoder::KimMnihConv256>>;

/// RfVae with the authors' residual network for Teapots.
template <int Latents = 10>
using RfVaeResNet = With<RfVae, Encoder<encoder::TeapotsResNet<Latents>>, Decoder<decoder::TeapotsResNet<>>>;

// ---- the authors' settings, of the method or of a variant that has the same policies ----------------------

namespace detail {

template <class M>
M rf_vae(double gamma, double smallest, double largest, double penalty) {
  M method;
  method.template get<adversary::TotalCorrelation<5>>().weight = gamma;
  method.template get<regularizer::RelevanceWeightedKl>() = {smallest, largest};
  method.template get<regularizer::RelevancePenalty>() = {penalty, penalty};
  return method;
}

}  // namespace detail

/// For dSprites' ellipses (data::oval_dsprites()): the defaults of the types. The authors ran 300,000 steps.
template <class M = RfVae>
[[nodiscard]] M rf_vae_oval_dsprites() {
  return {};
}
/// For 3D Faces. Inferred from file names in the authors' code, as are the two below: their paper's table was
/// not at hand.
template <class M = RfVae256<10>>
[[nodiscard]] M rf_vae_faces() {
  return detail::rf_vae<M>(10, 0.01, 10, 5);
}
/// For Teapots, with the residual network that the authors had there: for a device, about 190 times the work
/// of the convolutional one that their code names beside it, rf_vae_teapots<RfVae256<10>>().
template <class M = RfVaeResNet<10>>
[[nodiscard]] M rf_vae_teapots() {
  return detail::rf_vae<M>(10, 0.1, 2, 0.5);
}
/// For CelebA, 20 latents. @param penalty of sparsity and of entropy: the authors tried 10, 1 and 0.1
template <class M = RfVae256<20>>
[[nodiscard]] M rf_vae_celeba(double penalty = 10) {
  return detail::rf_vae<M>(10, 0.01, 10, penalty);
}

}  // namespace disentangle::method
