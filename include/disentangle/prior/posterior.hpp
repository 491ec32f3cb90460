// SPDX-License-Identifier: Apache-2.0
// Posterior<Backend>: what the terms of a variational method see of a minibatch.
#pragma once

#include <disentangle/autodiff/autodiff.hpp>

namespace disentangle {

/// The posterior q(z|x) of a minibatch, all matrices (batch, latent).
template <class Backend>
struct Posterior {
  Variable<Backend, 2> mean;
  Variable<Backend, 2> log_variance;
  Variable<Backend, 2> sample;     ///< z ~ q(z|x), reparametrised: gradients reach mean and log_variance
  Variable<Backend, 2> kl;         ///< KL(q(z_j|x) || p(z_j)) in nats, per image and latent
  Variable<Backend, 2> log_prior;  ///< log p(z_j) of the sample, per image and latent
  double data_size = 1;            ///< number of images of the whole data set
  long step = 1;                   ///< of training, from 1

  double batch_size() const { return static_cast<double>(mean.extents[0]); }
  int latent_size() const { return static_cast<int>(mean.extents[1]); }
};

namespace detail {

/// What a policy with `template <class Setting> struct State` sees: the posterior, and its own state as
/// `.state`.
template <class Policy, class Posterior, class Setting>
struct TermInput {
  using type = Posterior;
};
template <class Policy, class Posterior, class Setting>
  requires requires { typename Policy::template State<Setting>; }
struct TermInput<Policy, Posterior, Setting> {
  struct type : Posterior {
    typename Policy::template State<Setting>& state;
  };
};

}  // namespace detail

/// The argument of a regularizer in a given setting.
template <class Policy, class Posterior, class Setting>
using term_input_t = typename detail::TermInput<Policy, Posterior, Setting>::type;

namespace detail {

template <class Policy, class Backend>
struct PosteriorNeeded {
  using type = Posterior<Backend>;
};
template <class Policy, class Backend>
  requires requires { typename Policy::template posterior_type<Backend>; }
struct PosteriorNeeded<Policy, Backend> {
  using type = typename Policy::template posterior_type<Backend>;
};

}  // namespace detail

/// The posterior that a policy is checked on: Posterior<B>, or what the policy names as `template <class B>
/// using posterior_type` because its formula reads more (a relevance vector, class probabilities).
template <class Policy, class Backend>
using posterior_needed_t = typename detail::PosteriorNeeded<Policy, Backend>::type;

}  // namespace disentangle
