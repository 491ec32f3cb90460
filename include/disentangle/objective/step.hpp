// SPDX-License-Identifier: Apache-2.0
// What a policy in the roles Adversary, Contrast and Supervision sees of a training step, and what it may state.
#pragma once

#include <concepts>
#include <span>
#include <string_view>

#include <disentangle/backend/archetype.hpp>
#include <disentangle/nn/builder.hpp>
#include <disentangle/nn/layer.hpp>
#include <disentangle/prior/posterior.hpp>

namespace disentangle {

/// A stand-in for a training step on which such policies are checked. The real one (train/model.hpp) has these members:
///   backend_type, latent_size
///   posterior()        Posterior<B> of the main minibatch (methods with an encoder and a variational prior)
///   images()           the main minibatch, (batch, pixels)
///   minibatch(i)       images of the i-th minibatch of this step; 0 is the main one. Declare
///                      `static constexpr int minibatches = 2` in the policy to have a second one drawn
///   labels(i)          its labels on the host, std::span<int const>, (batch, factors)
///   indices(i)         which images of the data set they are, on the host
///   encode(x, mode)    the encoder network applied to images: (batch, outputs)
///   infer(x, stream)   the posterior of other images
///   decode(z, mode)    the decoder applied to codes: (batch, pixels)
///   codes(n, stream)   n codes from the prior
///   random(stream)     the random numbers of this step for a named use
///   state()            the policy's own State
///   tape()             for materialise, constants, scratch
///   number()           of the step, from 1;  data_size() of the data set
template <class Policy>
struct ArchetypeStep {
  using backend_type = backend::Archetype;
  static constexpr int latent_size = 10;
  using setting = nn::Setting<backend::Archetype, ImageShape<64, 64, 1>, latent_size>;

  posterior_needed_t<Policy, backend::Archetype> const& posterior() const;
  Variable<backend::Archetype, 2> images() const;
  Variable<backend::Archetype, 2> minibatch(int i) const;
  std::span<int const> labels(int i) const;
  std::span<std::size_t const> indices(int i) const;
  Variable<backend::Archetype, 2> encode(Variable<backend::Archetype, 2> x, nn::Mode mode = {}) const;
  posterior_needed_t<Policy, backend::Archetype> infer(Variable<backend::Archetype, 2> x, std::string_view stream) const;
  Variable<backend::Archetype, 2> decode(Variable<backend::Archetype, 2> z, nn::Mode mode = {}) const;
  Variable<backend::Archetype, 2> codes(std::ptrdiff_t n, std::string_view stream) const;
  Philox random(std::string_view stream) const;
  auto& state() const
    requires requires { typename Policy::template State<setting>; }
  {
    return *static_cast<typename Policy::template State<setting>*>(nullptr);
  }
  Tape<backend::Archetype>& tape() const;
  long number() const;
  double data_size() const;
};

namespace detail {

template <class P, class Step>
concept has_term = requires(P const& policy, Step& step) { policy(step); };
template <class P, class Step>
concept has_before_step = requires(P const& policy, Step& step) { policy.before_step(step); };
template <class P, class Step>
concept has_after_step = requires(P const& policy, Step& step) { policy.after_step(step); };

template <class P, class Step>
concept term_is_scalar = !has_term<P, Step> || requires(P const& policy, Step& step) {
  { policy(step) } -> scalar_expression;
};

template <class P>
constexpr int minibatches_of() {
  if constexpr (requires { P::minibatches; }) {
    return P::minibatches;
  } else {
    return 1;
  }
}

}  // namespace detail

/// A policy with a part in the training step states at least one of
///     auto operator()(auto& step) const        a scalar expression, added to what the method minimises
///     void before_step(auto& step) const       runs before the method's own update: critics, labelled steps
///     void after_step(auto& step) const        runs after it: discriminators
/// before_step and after_step minimise with state().own.minimise(loss).
template <class P>
concept step_policy =
    std::semiregular<P> &&
    (detail::has_term<P, ArchetypeStep<P>> || detail::has_before_step<P, ArchetypeStep<P>> || detail::has_after_step<P, ArchetypeStep<P>>) &&
    detail::term_is_scalar<P, ArchetypeStep<P>>;

}  // namespace disentangle
