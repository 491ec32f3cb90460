// SPDX-License-Identifier: Apache-2.0
// PartedVAE and its ablations.
#pragma once

#include <type_traits>

#include <disentangle/core/with.hpp>
#include <disentangle/decoder/dupont_conv.hpp>
#include <disentangle/decoder/hajimiri_face_conv.hpp>
#include <disentangle/encoder/hajimiri_trunk.hpp>
#include <disentangle/encoder/parted.hpp>
#include <disentangle/optim/adam.hpp>
#include <disentangle/prior/class_mixture.hpp>
#include <disentangle/reconstruction/bernoulli.hpp>
#include <disentangle/reconstruction/laplace.hpp>
#include <disentangle/regularizer/aggregate_class_kl.hpp>
#include <disentangle/regularizer/bhattacharyya_hinge.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/conditional_entropy.hpp>
#include <disentangle/regularizer/part.hpp>
#include <disentangle/regularizer/total_correlation.hpp>
#include <disentangle/supervision/labelled_step.hpp>

namespace disentangle::method {

/// Six latents z, ten u, a class of ten values: the code for MNIST.
using DigitCode = prior::PartedCode<6, 10, 10>;
/// Five latents z, one u, three shapes: the code for dSprites.
using ShapeCode = prior::PartedCode<5, 1, 3>;
/// Ten latents z and one u for each of eight class variables: the code for CelebA.
using FaceCode = prior::PartedCode<10, 1, 4, 3, 2, 3, 2, 2, 2, 2>;

namespace detail {

/// The numbers in which the authors' settings differ.
struct PartedSetting {
  regularizer::Capacity z, u;
  double class_kl, entropy, hinge, threshold;
  prior::ClassFrequencies frequencies{};

  /// The numbers of a policy, where it is one of these.
  template <class Policy>
  void apply(Policy& policy) const {
    using namespace regularizer;
    if constexpr (std::is_same_v<Policy, OnZ<Capacity>>) policy.term = z;
    if constexpr (std::is_same_v<Policy, OnU<Capacity>>) policy.term = u;
    if constexpr (std::is_same_v<Policy, AggregateClassKl>) policy.weight = class_kl;
    if constexpr (std::is_same_v<Policy, ConditionalEntropy>) policy.weight = entropy;
    if constexpr (std::is_same_v<Policy, BhattacharyyaHinge>) policy = {hinge, threshold};
    if constexpr (std::is_same_v<Policy, optim::Adam>) policy.learning_rate = 5e-4;
    if constexpr (requires { policy.frequencies; }) policy.frequencies = frequencies;
  }
};

inline PartedSetting parted_digits() { return {{15, 0, 7, 100'000}, {15, 0, 7, 100'000}, 15, 30, 30, 0.15}; }
inline PartedSetting parted_shapes() {
  return {{50, 0, 30, 300'000}, {50, 0, 5, 300'000}, 100, 10, 10, 0.1, {0.33, 0.33, 0.34}};
}
inline PartedSetting parted_faces() {
  return {{1000, 0, 30, 125'000}, {1000, 0, 15, 125'000}, 2000, 10, 500, 0.2, {0.42, 0.33, 0.18, 0.06, 0.9,
                                                                               0.07, 0.03, 0.85, 0.15, 0.74,
                                                                               0.15, 0.11, 0.93, 0.07, 0.47,
                                                                               0.53, 0.95, 0.05, 0.57, 0.43}};
}

/// A policy with the authors' numbers for a code, those for MNIST where it is none of theirs.
template <class Code, class Policy>
Policy parted_value() {
  Policy policy;
  if constexpr (std::is_same_v<Code, ShapeCode>) {
    parted_shapes().apply(policy);
  } else if constexpr (std::is_same_v<Code, FaceCode>) {
    parted_faces().apply(policy);
  } else {
    parted_digits().apply(policy);
  }
  return policy;
}
template <class Code, class Slot>
using Authors = Preset<Slot, &parted_value<Code, typename Slot::policy>>;

/// M with a setting, as far as it has the policies.
template <class M>
M parted_vae(PartedSetting const& setting) {
  M method;
  method.for_each_policy([&](Role, auto& policy) { setting.apply(policy); });
  return method;
}

}  // namespace detail

/// PartedVAE with a code of the user's: class-independent latents z, and class-related latents u under a
/// learnt mixture with one component for each class, read through an attention mask of the class; few labels
/// in a step of their own. Hajimiri, Lotfi, Soleymani Baghshah 2021 (BibTeX: hajimiri2021semi), as the
/// authors' code has it.
/// Its numbers are the authors' for MNIST; for ShapeCode those for dSprites, for FaceCode those for CelebA.
template <class Code>
using PartedVaeOf =
    Method<Encoder<encoder::Parted<encoder::HajimiriTrunk<>, Code>>, Decoder<decoder::DupontConv>,
           detail::Authors<Code, Prior<prior::ClassMixture<Code>>>, Reconstruction<reconstruction::Bernoulli>,
           detail::Authors<Code, Regularizer<regularizer::OnZ<regularizer::Capacity>>>,
           detail::Authors<Code, Regularizer<regularizer::OnU<regularizer::Capacity>>>,
           detail::Authors<Code, Regularizer<regularizer::AggregateClassKl>>,
           detail::Authors<Code, Regularizer<regularizer::ConditionalEntropy>>,
           detail::Authors<Code, Regularizer<regularizer::BhattacharyyaHinge>>,
           Supervision<supervision::LabelledStep>, detail::Authors<Code, Optimizer<optim::Adam>>>;

/// PartedVAE on MNIST.
using PartedVae = PartedVaeOf<DigitCode>;
/// PartedVAE on CelebA in squares such as 64 x 64: the reconstruction is the L1 distance.
using PartedVaeFaces = With<PartedVaeOf<FaceCode>, Reconstruction<reconstruction::Laplace>>;
/// PartedVAE on CelebA as it is, 218 x 178, with the authors' network for it.
using PartedVaeWholeFaces =
    With<PartedVaeFaces, Encoder<encoder::Parted<encoder::HajimiriFaceTrunk<>, FaceCode>>,
         Decoder<decoder::HajimiriFaceConv>>;

// ---- ablations, and a variant that nobody published: each says what differs -----------------------------

/// u is read from all features, whatever the class.
template <class Code = DigitCode>
using PartedVaeWithoutAttention =
    With<PartedVaeOf<Code>, Encoder<encoder::Parted<encoder::HajimiriTrunk<>, Code, encoder::NoAttention>>>;
/// Components of the prior may overlap.
template <class Code = DigitCode>
using PartedVaeWithoutHinge = Without<PartedVaeOf<Code>, Regularizer<regularizer::BhattacharyyaHinge>>;
/// No labels: unsupervised.
template <class Code = DigitCode>
using PartedVaeWithoutLabels = Without<PartedVaeOf<Code>, Supervision<supervision::LabelledStep>>;
/// p(u|c) = N(0, I) for every class. Nothing is then learnt that could overlap less, so there is no hinge
/// either.
template <class Code = DigitCode>
using PartedVaeWithoutMixture = With<PartedVaeWithoutHinge<Code>, Prior<prior::ClassNormal<Code>>>;
/// beta-TCVAE's decomposition of the KL in place of a capacity on z; unpublished.
template <class Code = DigitCode>
using PartedTcVae = Plus<Without<PartedVaeOf<Code>, Regularizer<regularizer::OnZ<regularizer::Capacity>>>,
                         Regularizer<regularizer::OnZ<regularizer::TotalCorrelation>>>;

/// The authors' settings for MNIST of 32 x 32 (256 labels), of the method or of a variant:
/// parted_vae_mnist<PartedVaeWithoutHinge<>>(). The capacities are full after 100,000 steps, more than the
/// authors' 80 epochs have.
template <class M = PartedVae>
[[nodiscard]] M parted_vae_mnist() {
  return detail::parted_vae<M>(detail::parted_digits());
}
/// For dSprites (100 to 10,000 labels of the shape).
template <class M = PartedVaeOf<ShapeCode>>
[[nodiscard]] M parted_vae_dsprites() {
  return detail::parted_vae<M>(detail::parted_shapes());
}
/// For CelebA (800 labels), in squares such as 64 x 64, or as the authors have it, uncropped:
///     Model model{parted_vae_celeba<PartedVaeWholeFaces>(), backend::Cpu{}, ImageShape<218, 178, 3>{},
///                 seed(0)};
template <class M = PartedVaeFaces>
[[nodiscard]] M parted_vae_celeba() {
  return detail::parted_vae<M>(detail::parted_faces());
}

}  // namespace disentangle::method
