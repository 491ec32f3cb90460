// SPDX-License-Identifier: Apache-2.0
// A member of the posterior that does not exist, and a member of the step that does not.
// expected-error 1 gcc: struct disentangle::Posterior<disentangle::backend::Archetype>.* has no member named .means.; did you mean .mean.
// expected-error 1 clang: no member named 'means' in 'disentangle::Posterior<disentangle::backend::Archetype>'
// expected-error 2 gcc: struct disentangle::ArchetypeStep<Shift>.* has no member named .image.
// expected-error 2 clang: no member named 'image' in 'disentangle::ArchetypeStep<Shift>'
#include <disentangle/contrast/contrast.hpp>
#include <disentangle/method/beta_vae.hpp>

namespace dis = disentangle;

#ifndef MISTAKE
#define MISTAKE 0
#endif
struct Spread {
  auto operator()(auto const& posterior) const {
#if MISTAKE == 1
    return dis::sum(dis::square(posterior.means));
#else
    return dis::sum(dis::square(posterior.mean));
#endif
  }
};
struct Shift {
  auto operator()(auto& step) const {
#if MISTAKE == 2
    return dis::mean(step.image());
#else
    return dis::mean(step.images());
#endif
  }
};
dis::Plus<dis::method::BetaVae, dis::Regularizer<Spread>, dis::Contrast<Shift>> method;
