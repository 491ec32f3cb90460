// SPDX-License-Identifier: Apache-2.0
// A policy given a role that it cannot play.
// expected-error 1 gcc: template constraint failure for .*struct disentangle::Prior.*prior_policy
// expected-error 1 gcc: no member named .codes.|policy.codes.* is invalid|policy->codes.* is invalid
// expected-error 1 clang: constraints not satisfied for class template 'Prior'
// expected-error 1 clang: no member named 'codes'
// expected-error 2 gcc: struct disentangle::Posterior<disentangle::backend::Archetype>.* has no member named .output.
// expected-error 2 clang: no member named 'output' in 'disentangle::Posterior<disentangle::backend::Archetype>'
// expected-error 3 gcc: template constraint failure for .*struct disentangle::Encoder.*encoder_policy
// expected-error 3 clang: constraints not satisfied for class template 'Encoder'
// expected-error 4 gcc: template constraint failure for .*struct disentangle::Adversary.*step_policy
// expected-error 4 clang: constraints not satisfied for class template 'Adversary'
#include <disentangle/adversary/adversary.hpp>
#include <disentangle/method/beta_vae.hpp>

namespace dis = disentangle;

struct Discriminator {
  auto operator()(auto& step) const { return dis::mean(step.images()); }
};
struct NoPart {};

#ifndef MISTAKE
using Slot = dis::Adversary<Discriminator>;
#elif MISTAKE == 1
using Slot = dis::Prior<dis::regularizer::Kl>;
#elif MISTAKE == 2
using Slot = dis::Regularizer<dis::reconstruction::Bernoulli>;
#elif MISTAKE == 3
using Slot = dis::Encoder<dis::decoder::LocatelloConv>;
#else
using Slot = dis::Adversary<NoPart>;
#endif
dis::Plus<dis::method::BetaVae, Slot> method;
