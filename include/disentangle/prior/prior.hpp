// SPDX-License-Identifier: Apache-2.0
// The prior role: the law p(z) of the codes, the form of the posterior q(z|x), and the KL divergence between them.
#pragma once

#include <concepts>

#include <disentangle/backend/archetype.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/roles.hpp>
#include <disentangle/prior/posterior.hpp>

namespace disentangle {

/// A prior draws codes: `codes(tape, n, latent, random)` -> Variable (n, latent) without gradient.
template <class P, class Backend>
concept prior_on = std::semiregular<P> && requires(P const& policy, Tape<Backend>& tape, Philox random) {
  { policy.codes(tape, std::ptrdiff_t{}, std::ptrdiff_t{}, random) } -> std::same_as<Variable<Backend, 2>>;
};

/// A prior that a variational method can use also states
///     static constexpr int parameters_per_latent = 2;              width of the encoder's head per latent
///     auto posterior(Variable<B, 2> head, Philox random) const;    (batch, parameters_per_latent * latent) -> Posterior<B>
template <class P, class Backend>
concept variational_prior_on = prior_on<P, Backend> && requires(P const& policy, Variable<Backend, 2> head, Philox random) {
  { P::parameters_per_latent } -> std::convertible_to<int>;
  { policy.posterior(head, random) } -> std::same_as<Posterior<Backend>>;
};

template <class P>
concept prior_policy = prior_on<P, backend::Archetype>;

/// The role of the prior in a method.
template <prior_policy P>
struct Prior {
  static constexpr Role kind = Role::prior;
  using policy = P;
};

}  // namespace disentangle
