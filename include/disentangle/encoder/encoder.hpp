// SPDX-License-Identifier: Apache-2.0
// The encoder role: a network from images to the parameters of the posterior.
#pragma once

#include <concepts>

#include <disentangle/core/roles.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/nn/setting.hpp>

namespace disentangle {

/// An encoder names a network for any number of outputs and says how many latents its codes have:
///     static constexpr int latent_size = 10;
///     template <int Outputs> using network = nn::Sequential<...>;       image -> Outputs features
///     nn::Initialisation initialisation = ...;                          a member: how its weights start
/// One whose prior reads more than one head states, in place of the network,
///     template <class Setting> struct Inference;  declare(parameters, prefix, policy), and
///                                               (images, mode) -> heads
template <class P>
concept encoder_policy =
    std::semiregular<P> &&
    requires(P const& policy) {
      { P::latent_size } -> std::convertible_to<int>;
      { policy.initialisation } -> std::convertible_to<nn::Initialisation>;
    } &&
    (
        requires { typename P::template network<2>; } ||
        requires {
          typename P::template Inference<nn::Setting<backend::Archetype, ImageShape<64, 64, 1>, 10>>;
        });

/// The role of the encoder in a method.
template <encoder_policy P>
struct Encoder {
  static constexpr Role kind = Role::encoder;
  using policy = P;
};

}  // namespace disentangle
