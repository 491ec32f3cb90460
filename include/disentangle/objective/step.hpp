// SPDX-License-Identifier: Apache-2.0
// What a policy in the roles Adversary, Contrast and Supervision sees of a training step, and what it may
// state.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

#include <disentangle/backend/archetype.hpp>
#include <disentangle/nn/builder.hpp>
#include <disentangle/nn/layer.hpp>
#include <disentangle/objective/policy_traits.hpp>
#include <disentangle/prior/posterior.hpp>

namespace disentangle {

namespace detail {

/// What the archetype's members refer to.
template <class T>
inline T* nowhere = nullptr;

}  // namespace detail

/// A stand-in for a training step on which such policies are checked, never run; TermStep
/// (train/term_step.hpp) is one that runs a policy alone. The real one, StepView
/// (train/step_view.hpp), has these members:
///   backend_type, latent_size
///   posterior()        Posterior<B> of the main minibatch (methods with an encoder and a variational prior)
///   images()           the main minibatch, (batch, pixels)
///   minibatch(i)       images of the i-th minibatch of this step; 0 is the main one. Declare
///                      `static constexpr int minibatches = 2` in the policy to have a second one drawn
///   view(v)            view v of the main minibatch: the same images, augmented otherwise; 0: the main one.
///                      Declare `static constexpr int views = 2` in the policy to have a second one made
///   labels(i)          its labels on the host, std::span<int const>, (batch, factors)
///   labelled_images()  a minibatch of labelled images, beside the others. Declare `static constexpr bool
///                      labelled = true` in the policy to have one drawn
///   labelled_labels()  its labels, -1 where one is missing
///   indices(i)         which images of the data set they are, on the host
///   encode(x, mode)    the encoder network applied to images: (batch, outputs)
///   infer(x, stream)   the posterior of other images
///   class_posterior(x) q(c|x) of images alone, a prior::ClassPosterior (methods whose prior has classes)
///   decode(z, mode)    the decoder applied to codes: (batch, pixels)
///   codes(n, stream)   n codes from the prior
///   generate(z, mode)  images of codes, as the decoder or generator expects them: (batch, pixels)
///   own_codes()  as many codes from the prior as the main minibatch has images, the same for all terms of a
///   step
///   generated()        their images, made once for all terms
///   generated_with(z)  images of own_codes() and, behind them, of further codes, in one pass of the
///                      generator; first of a step, it makes those of generated() too. Batch normalisation
///                      then sees them together
///   redraw(z, minimum, stream)  all numbers of codes drawn anew from the prior, each at least `minimum` away
///   support()          largest |number| of a code that the prior draws; infinity where it has no bounds
///   measure(i, e)  notes a number, a scalar or a vector as number i, i + 1, ... of the policy's measures for
///                      the log. Declare `static std::vector<std::string> measures(int latent_size)`, their
///                      names, in the policy. A policy of any role may have a `void measure(auto& step)
///                      const` for it, called after the terms
///   random(stream)     the random numbers of this step for a named use
///   state()            the policy's own State
///   tape()             for materialise, constants, scratch
///   number()           of the step, from 1;  data_size() of the data set
template <class Policy>
struct ArchetypeStep {
  using backend_type = backend::Archetype;
  static constexpr int latent_size = 10;
  using setting = nn::Setting<backend::Archetype, ImageShape<64, 64, 1>, latent_size>;

  using posterior_type = posterior_needed_t<Policy, backend::Archetype>;
  using Matrix = Variable<backend::Archetype, 2>;

  // Never run; they have bodies because policies in anonymous namespaces cannot have theirs elsewhere.
  posterior_type const& posterior() const { return *detail::nowhere<posterior_type>; }
  Matrix images() const { return {}; }
  Matrix minibatch(int /*i*/) const { return {}; }
  Matrix view(int /*v*/) const { return {}; }
  std::span<int const> labels(int /*i*/) const { return {}; }
  std::span<std::size_t const> indices(int /*i*/) const { return {}; }
  Matrix encode(Matrix /*x*/, nn::Mode /*mode*/ = {}) const { return {}; }
  posterior_type infer(Matrix /*x*/, std::string_view /*stream*/) const {
    return *detail::nowhere<posterior_type>;
  }
  Matrix decode(Matrix /*z*/, nn::Mode /*mode*/ = {}) const { return {}; }
  Matrix codes(std::ptrdiff_t /*n*/, std::string_view /*stream*/) const { return {}; }
  Matrix generate(Matrix /*z*/, nn::Mode /*mode*/ = {}) const { return {}; }
  Matrix own_codes() const { return {}; }
  Matrix generated() const { return {}; }
  Matrix generated_with(Matrix /*z*/) const { return {}; }
  Matrix redraw(Matrix /*z*/, double /*minimum*/, std::string_view /*stream*/) const { return {}; }
  double support() const { return 1; }
  template <expression E>
  void measure(std::size_t /*first*/, E const& /*e*/) const {}
  void measure(std::size_t /*first*/, double /*value*/) const {}
  Philox random(std::string_view /*stream*/) const { return {}; }
  template <class P = Policy>
  typename P::template State<setting>& state() const {
    return *detail::nowhere<typename P::template State<setting>>;
  }
  Tape<backend::Archetype>& tape() const { return *detail::nowhere<Tape<backend::Archetype>>; }
  long number() const { return 1; }
  double data_size() const { return 1; }
};

namespace detail {

template <class P, class Step>
concept has_term = requires(P const& policy, Step& step) { policy(step); };
template <class P, class Step>
concept has_before_step = requires(P const& policy, Step& step) { policy.before_step(step); };
template <class P, class Step>
concept has_after_step = requires(P const& policy, Step& step) { policy.after_step(step); };

template <class P, class Step>
concept has_measure = requires(P const& policy, Step& step) { policy.measure(step); };

template <class P, class Step>
concept term_is_scalar = !has_term<P, Step> || requires(P const& policy, Step& step) {
  { policy(step) } -> scalar_expression;
};

}  // namespace detail

/// A policy with a part in the training step states at least one of
///     auto operator()(auto& step) const        a scalar expression, added to what the method minimises
///     void before_step(auto& step) const       runs before the method's own update: critics, labelled steps
///     void after_step(auto& step) const        runs after it: discriminators
/// before_step and after_step minimise with state().own.minimise(loss).
/// Beside these it may have
///     void before_epoch(auto& epoch) const
///         runs before each epoch's first step of train(): looks at the whole data set
/// (train/epoch_view.hpp says what it sees), and its State may have
///     void for_each_record(auto&& visit)
///         visit(name, v) with v a std::vector of int or double: saved with the model
template <class P>
concept step_policy =
    std::semiregular<P> &&
    (detail::has_term<P, ArchetypeStep<P>> || detail::has_before_step<P, ArchetypeStep<P>> ||
     detail::has_after_step<P, ArchetypeStep<P>>)&&detail::term_is_scalar<P, ArchetypeStep<P>> &&
    policy_traits<P>::checked;

}  // namespace disentangle
