// SPDX-License-Identifier: Apache-2.0
// The prior role: the law p(z) of the codes, the form of the posterior q(z|x), and the KL divergence between
// them.
#pragma once

#include <concepts>
#include <utility>

#include <disentangle/backend/archetype.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/roles.hpp>
#include <disentangle/nn/setting.hpp>
#include <disentangle/prior/posterior.hpp>

namespace disentangle {

namespace detail {

template <class P, class Setting>
concept stateful = requires { typename P::template State<Setting>; };

template <class P, class Setting>
struct PriorCodes {
  static auto call(P const& policy, Tape<typename Setting::backend_type>& tape)
      -> decltype(policy.codes(tape, std::ptrdiff_t{}, std::ptrdiff_t{}, Philox{}));
};
template <class P, class Setting>
  requires stateful<P, Setting>
struct PriorCodes<P, Setting> {
  static auto call(P const& policy, Tape<typename Setting::backend_type>& tape)
      -> decltype(policy.codes(tape, std::ptrdiff_t{}, std::ptrdiff_t{}, Philox{},
                               std::declval<typename P::template State<Setting>&>()));
};

}  // namespace detail

/// A prior draws codes: `codes(tape, n, latent, random)` -> Variable (n, latent) without gradient. One that a
/// variational method can use also states
///     static constexpr int parameters_per_latent = 2;  width of the encoder's head per latent; or, where
///     static constexpr int head_size(int latent);      that is no multiple of the latents, the whole width
///     auto posterior(Variable<B, 2> head, Philox random) const;
///         (batch, parameters_per_latent * latent) -> Posterior<B>
/// A prior with `template <class Setting> struct State` (learnt tables, a relevance vector) gets its state as
/// a further last argument of both. It may return a type derived from Posterior<B>, whose members its terms
/// then read.
template <class P, class Setting>
concept prior_on =
    std::semiregular<P> && requires(P const& policy, Tape<typename Setting::backend_type>& tape) {
      { detail::PriorCodes<P, Setting>::call(policy, tape) } -> matrix_expression;
    };

template <class P>
concept prior_policy = prior_on<P, nn::Setting<backend::Archetype, ImageShape<64, 64, 1>, 10>>;

/// The role of the prior in a method.
template <prior_policy P>
struct Prior {
  static constexpr Role kind = Role::prior;
  using policy = P;
};

}  // namespace disentangle
