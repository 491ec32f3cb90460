// SPDX-License-Identifier: Apache-2.0
// The standard normal prior of RF-VAE, whose posterior knows which latents are relevant.
#pragma once

#include <disentangle/nn/builder.hpp>
#include <disentangle/prior/standard_normal.hpp>

namespace disentangle::prior {

/// A posterior with a relevance in [0, 1] for every latent.
template <class Backend>
struct RelevantPosterior : Posterior<Backend> {
  Variable<Backend, 1> relevance;        ///< r, (latent)
  Variable<Backend, 1> logits;           ///< l with r = sigmoid(l); RF-VAE-0: +-100 without gradient
  Variable<Backend, 2> relevant_sample;  ///< r o z, what total correlation is measured on; the decoder sees z
};

/// r = sigmoid(l), one free vector l of the model, trained by the method's own optimiser; l starts as 0.001
/// N(0, 1), so r near 1/2. Kim, Wang, Sahu, Pavlovic, "Relevance Factor VAE", 2019 (BibTeX:
/// kim2019relevance); the parametrisation is that of the authors' code.
struct LearntRelevance {
  StandardNormal normal{};

  static constexpr int parameters_per_latent = 2;
  static constexpr bool knows_relevance = true;

  template <class Setting>
  struct State {
    Variable<typename Setting::backend_type, 1> logits;
    explicit State(nn::Builder<typename Setting::backend_type>& build) {
      build.parameters().declare(logits, "relevance", Extents<1>{Setting::latent_size},
                                 nn::Initialiser{nn::Initialiser::Law::normal, 0.001});
    }
  };

  template <class B>
  RelevantPosterior<B> posterior(Variable<B, 2> const& head, Philox const& random, auto& state) const {
    RelevantPosterior<B> q{normal.posterior(head, random), {}, state.logits, {}};
    q.relevance = materialise(sigmoid(state.logits));
    q.relevant_sample = materialise(q.sample * insert_axis(q.relevance, axis<0>));
    return q;
  }
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random,
                       auto&) const {
    return normal.codes(tape, n, latent, random);
  }
  friend bool operator==(LearntRelevance const&, LearntRelevance const&) = default;
};

/// r = 1 for the first `relevant` latents and 0 for the others: RF-VAE-0, for data whose number of factors is
/// known.
/// A RECONSTRUCTION: the authors' notes name the variant ("Cheat"); its form follows from RF-VAE's with r
/// held fixed.
/// @param relevant default 4, the factors of oval dSprites; as many latents as there are if larger
struct KnownRelevance {
  int relevant = 4;
  StandardNormal normal{};

  static constexpr int parameters_per_latent = 2;
  static constexpr bool knows_relevance = true;

  template <class B>
  RelevantPosterior<B> posterior(Variable<B, 2> const& head, Philox const& random) const {
    auto& tape = *head.tape;
    std::ptrdiff_t const latent = head.extent(1) / 2, ones = std::clamp<std::ptrdiff_t>(relevant, 0, latent);
    using Scalar = typename B::scalar;
    auto const constant = [&](double first, double rest) {
      auto const v = tape.variable(Extents<1>{latent}, false);
      tape.backend().fill(v.value, static_cast<std::size_t>(ones), static_cast<Scalar>(first));
      tape.backend().fill(v.value + ones, static_cast<std::size_t>(latent - ones), static_cast<Scalar>(rest));
      return v;
    };
    RelevantPosterior<B> q{normal.posterior(head, random), constant(1, 0), constant(100, -100), {}};
    q.relevant_sample = materialise(q.sample * insert_axis(q.relevance, axis<0>));
    return q;
  }
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random) const {
    return normal.codes(tape, n, latent, random);
  }
  friend bool operator==(KnownRelevance const&, KnownRelevance const&) = default;
};

}  // namespace disentangle::prior
