// SPDX-License-Identifier: Apache-2.0
// The hierarchical priors of Bayes-Factor-VAE-1 and -2: the precision of every latent has a Gamma law, so
// that the prior of the latent itself is Student's t.
#pragma once

#include <cmath>
#include <numbers>

#include <disentangle/autodiff/gamma_functions.hpp>
#include <disentangle/nn/builder.hpp>
#include <disentangle/prior/relevance.hpp>
#include <disentangle/prior/standard_normal.hpp>

namespace disentangle::prior {

/// A posterior of codes and of the precisions of their prior.
template <class Backend>
struct PrecisionPosterior : Posterior<Backend> {
  Variable<Backend, 1> precision_kl;  ///< KL(q(alpha_j) || p(alpha_j)) in nats, (latent)
};

/// The same where a relevance of every latent decides how heavy the tails of its prior are.
template <class Backend>
struct RelevantPrecisionPosterior : RelevantPosterior<Backend> {
  Variable<Backend, 1> precision_kl;
};

namespace detail {

/// The variational law of the precisions, q(alpha_j) = Gamma(shape exp(log_shape_j), rate exp(log_rate_j)).
template <class B>
struct PrecisionState {
  Variable<B, 1> log_shape, log_rate;
  PrecisionState(nn::Builder<B>& build, std::ptrdiff_t latents) {
    auto const law = nn::Initialiser{nn::Initialiser::Law::normal, 0.01};
    build.parameters().declare(log_shape, "precision_log_shape", Extents<1>{latents}, law);
    build.parameters().declare(log_rate, "precision_log_rate", Extents<1>{latents}, law);
  }
};

/// Fills kl, log_prior and precision_kl, given a PrecisionState and the shapes a of the prior's Gamma(a, a -
/// 1), whose mean precision is a / (a - 1).
template <class B, class Q>
void hierarchical(Q& q, Variable<B, 1> const& a, auto const& state) {
  auto const row = [](auto const& v) { return insert_axis(v, axis<0>); };
  auto const ah = materialise(exp(state.log_shape)), bh = materialise(exp(state.log_rate));
  auto const b = a - 1.0;
  // E_q(alpha) KL(N(mean, variance) || N(0, 1 / alpha)); E log alpha = digamma(ah) - log bh
  auto const precision = materialise(ah / bh), log_precision = materialise(digamma(ah) - state.log_rate);
  q.kl = materialise(0.5 * (row(precision) * (square(q.mean) + exp(q.log_variance)) - 1.0 -
                            row(log_precision) - q.log_variance));
  q.precision_kl = materialise((ah - a) * digamma(ah) - lgamma(ah) + lgamma(a) +
                               a * (state.log_rate - log(b)) + precision * (b - bh));
  // Student's t with 2a degrees of freedom: the precision integrated out
  auto const constant = materialise(lgamma(a + 0.5) - lgamma(a) - 0.5 * log((2 * std::numbers::pi) * b));
  auto const power = materialise(a + 0.5), rate = materialise(2.0 * b);
  q.log_prior = materialise(row(constant) - row(power) * log1p(square(q.sample) / row(rate)));
}

/// n codes of Student's t with 2a degrees of freedom and scale sqrt((a - 1) / a): Bailey's polar form, exact,
/// from two normal numbers and a uniform one each. Bailey, Mathematics of Computation 62, 1994.
template <class B>
Variable<B, 2> student_codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random,
                             Variable<B, 1> const& a) {
  auto const count = static_cast<std::size_t>(n * latent);
  auto const pair = tape.variable(Extents<3>{2, n, latent}, false);
  auto const u = tape.variable(Extents<2>{n, latent}, false);
  auto radii = random;
  radii.stream ^= stream("radius");
  tape.backend().normal(random, pair.value, 2 * count);
  tape.backend().uniform(radii, u.value, count);
  auto const first = reshape(slice(pair, axis<0>, 0, 1), Extents<2>{n, latent});
  auto const second = reshape(slice(pair, axis<0>, 1, 2), Extents<2>{n, latent});
  auto const shape = insert_axis(a, axis<0>);
  auto const radius = sqrt(2.0 * (shape - 1.0) * expm1(-log(u) / shape));
  return materialise(radius * first / sqrt(square(first) + square(second)));
}

}  // namespace detail

/// p(z_j | alpha_j) = N(0, 1 / alpha_j), p(alpha_j) = Gamma(a_j, a_j - 1) with a_j = 1 + exp(.) learnt: near
/// 1 the marginal law of z_j, Student's t, has heavy tails, for large a_j it is N(0, 1). The precisions have
/// a variational law of their own. `posterior.kl` is the expectation of the KL over it;
/// regularizer::PrecisionKl adds the rest. Kim, Wang, Sahu, Pavlovic, "Bayes-Factor-VAE", ICCV 2019 (BibTeX:
/// kim2019bayesfactor), variant 1, as the authors' code runs it; all start as exp(0.01 N(0, 1)).
struct GammaPrecision {
  StandardNormal normal{};

  static constexpr int parameters_per_latent = 2;

  template <class Setting>
  struct State : detail::PrecisionState<typename Setting::backend_type> {
    Variable<typename Setting::backend_type, 1> log_excess;
    explicit State(nn::Builder<typename Setting::backend_type>& build)
        : detail::PrecisionState<typename Setting::backend_type>(build, Setting::latent_size) {
      build.parameters().declare(log_excess, "precision_prior", Extents<1>{Setting::latent_size},
                                 nn::Initialiser{nn::Initialiser::Law::normal, 0.01});
    }
  };

  template <class B>
  PrecisionPosterior<B> posterior(Variable<B, 2> const& head, Philox const& random, auto& state) const {
    PrecisionPosterior<B> q{normal.posterior(head, random), {}};
    detail::hierarchical(q, materialise(1.0 + exp(state.log_excess)), state);
    return q;
  }
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random,
                       auto& state) const {
    return detail::student_codes(tape, n, latent, random, stop_gradient(1.0 + exp(state.log_excess)));
  }
  friend bool operator==(GammaPrecision const&, GammaPrecision const&) = default;
};

/// GammaPrecision whose shapes come from the relevance r = sigmoid(l) of each latent, a_j = (1 + 2 e) / (r_j
/// + e): r = 1 gives the heavy tails of a_j near 1, r = 0 nearly N(0, 1). Bayes-Factor-VAE, variant 2, as the
/// authors' code runs it; l starts as 0.001 N(0, 1). Total correlation is measured on r o z.
/// @param epsilon e, default 0.001
struct RelevantPrecision {
  double epsilon = 0.001;
  StandardNormal normal{};

  static constexpr int parameters_per_latent = 2;
  static constexpr bool knows_relevance = true;

  template <class Setting>
  struct State : detail::PrecisionState<typename Setting::backend_type> {
    Variable<typename Setting::backend_type, 1> logits;
    explicit State(nn::Builder<typename Setting::backend_type>& build)
        : detail::PrecisionState<typename Setting::backend_type>(build, Setting::latent_size) {
      build.parameters().declare(logits, "relevance", Extents<1>{Setting::latent_size},
                                 nn::Initialiser{nn::Initialiser::Law::normal, 0.001});
    }
  };

  template <class B>
  RelevantPrecisionPosterior<B> posterior(Variable<B, 2> const& head, Philox const& random,
                                          auto& state) const {
    RelevantPrecisionPosterior<B> q{{normal.posterior(head, random), {}, state.logits, {}}, {}};
    q.relevance = materialise(sigmoid(state.logits));
    q.relevant_sample = materialise(q.sample * insert_axis(q.relevance, axis<0>));
    detail::hierarchical(q, shape(q.relevance), state);
    return q;
  }
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random,
                       auto& state) const {
    return detail::student_codes(tape, n, latent, random,
                                 stop_gradient(shape(materialise(sigmoid(state.logits)))));
  }
  friend bool operator==(RelevantPrecision const&, RelevantPrecision const&) = default;

 private:
  template <class B>
  Variable<B, 1> shape(Variable<B, 1> const& relevance) const {
    return materialise((1 + 2 * epsilon) / (relevance + epsilon));
  }
};

}  // namespace disentangle::prior
