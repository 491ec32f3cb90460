// SPDX-License-Identifier: Apache-2.0
// The prior of Bayes-Factor-VAE-0: a normal law whose variance is learnt for each latent.
#pragma once

#include <cmath>
#include <numbers>

#include <disentangle/nn/builder.hpp>
#include <disentangle/prior/standard_normal.hpp>

namespace disentangle::prior {

/// A posterior whose prior has a variance of its own for every latent.
template <class Backend>
struct VariancePosterior : Posterior<Backend> {
  Variable<Backend, 1> prior_variance;  ///< v, (latent)
};

/// p(z_j) = N(0, v_j), v learnt by the method's own optimiser as its log-standard-deviation, which starts as
/// 0.01 N(0, 1).
///     KL_j = (log v_j - log_variance_j - 1 + (mean_j^2 + exp(log_variance_j)) / v_j) / 2
/// Kim, Wang, Sahu, Pavlovic, "Bayes-Factor-VAE", ICCV 2019 (BibTeX: kim2019bayesfactor), variant 0, as the
/// authors' code runs it.
struct LearntVariance {
  StandardNormal normal{};

  static constexpr int parameters_per_latent = 2;

  template <class Setting>
  struct State {
    Variable<typename Setting::backend_type, 1> log_deviation;
    explicit State(nn::Builder<typename Setting::backend_type>& build) {
      build.parameters().declare(log_deviation, "prior_log_deviation", Extents<1>{Setting::latent_size},
                                 nn::Initialiser{nn::Initialiser::Law::normal, 0.01});
    }
  };

  template <class B>
  VariancePosterior<B> posterior(Variable<B, 2> const& head, Philox const& random, auto& state) const {
    VariancePosterior<B> q{normal.posterior(head, random), {}};
    auto const log_v = insert_axis(materialise(2.0 * state.log_deviation), axis<0>);
    q.prior_variance = materialise(exp(2.0 * state.log_deviation));
    auto const second = square(q.mean) + exp(q.log_variance);
    q.kl = materialise(0.5 * (log_v - q.log_variance - 1.0 + second * exp(-log_v)));
    q.log_prior =
        materialise(-0.5 * (square(q.sample) * exp(-log_v) + log_v + std::log(2 * std::numbers::pi)));
    return q;
  }
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random,
                       auto& state) const {
    auto const deviation = stop_gradient(exp(state.log_deviation));
    return materialise(normal.codes(tape, n, latent, random) * insert_axis(deviation, axis<0>));
  }
  friend bool operator==(LearntVariance const&, LearntVariance const&) = default;
};

}  // namespace disentangle::prior
