// SPDX-License-Identifier: Apache-2.0
// The decoder role: a network from codes to the parameters of the likelihood, or a generator of images.
#pragma once

#include <concepts>

#include <disentangle/core/roles.hpp>
#include <disentangle/nn/network.hpp>

namespace disentangle {

/// A decoder names a network for an image shape, whose output must have that shape:
///     template <class Image> using network = nn::Sequential<...>;       latent features -> Image
///     nn::Initialisation initialisation = ...;                          a member: how its weights start
template <class P>
concept decoder_policy = std::semiregular<P> && requires(P const& policy) {
  typename P::template network<ImageShape<64, 64, 1>>;
  { policy.initialisation } -> std::convertible_to<nn::Initialisation>;
};

/// The role of the decoder in a method.
template <decoder_policy P>
struct Decoder {
  static constexpr Role kind = Role::decoder;
  using policy = P;
};

}  // namespace disentangle
