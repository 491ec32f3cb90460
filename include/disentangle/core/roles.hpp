// SPDX-License-Identifier: Apache-2.0
// The roles that a policy can have in a method, and what a role wrapper is. Each constrained wrapper
// (Encoder<P>, Prior<P>, Regularizer<P>, ...) lives with its concept in the folder of its role.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

namespace disentangle {

/// What a policy does in a method.
enum class Role {
  encoder,         ///< images -> parameters of the posterior (or an embedding)
  decoder,         ///< codes -> parameters of the likelihood (or generated images)
  prior,           ///< law of the codes, form of the posterior, its KL
  reconstruction,  ///< negative log-likelihood of the images
  regularizer,     ///< a scalar term on the posterior
  contrast,        ///< a scalar term on pairs or subsets: contrastive difference, InfoNCE, partitions
  adversary,       ///< a term through a network that is trained against the method
  supervision,     ///< a term or a step that sees labels
  optimizer        ///< how the method's own parameters are updated
};

/// How many roles there are.
inline constexpr std::size_t role_count = static_cast<std::size_t>(Role::optimizer) + 1;

/// The name of a role as its wrapper is spelt.
[[nodiscard]] constexpr std::string_view name_of(Role role) {
  switch (role) {
    case Role::encoder: return "Encoder";
    case Role::decoder: return "Decoder";
    case Role::prior: return "Prior";
    case Role::reconstruction: return "Reconstruction";
    case Role::regularizer: return "Regularizer";
    case Role::contrast: return "Contrast";
    case Role::adversary: return "Adversary";
    case Role::supervision: return "Supervision";
    case Role::optimizer: return "Optimizer";
  }
  return "Role";
}

/// A policy in its role, such as Prior<prior::StandardNormal>: has a nested type `policy` and a static
/// `kind`.
template <class Slot>
concept policy_slot = requires {
  typename Slot::policy;
  { Slot::kind } -> std::convertible_to<Role>;
};

/// How many of the slots have a role.
template <Role Kind, class... Slots>
inline constexpr std::size_t count_of = (std::size_t{Slots::kind == Kind} + ... + std::size_t{0});

}  // namespace disentangle
