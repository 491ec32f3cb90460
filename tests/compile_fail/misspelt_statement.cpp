// SPDX-License-Identifier: Apache-2.0
// What a policy states beside its formula, misspelt or not as it must be: it would be ignored in silence.
// expected-error 1: `labeled` is not read; write `static constexpr bool labelled`
// expected-error 2: `minibatch`, `n_minibatches` and `batches` are not read
// expected-error 3: a policy that says surveys has `void before_epoch
// expected-error 4: a policy states views as `static constexpr int`
#include <disentangle/contrast/contrast.hpp>
#include <disentangle/method/beta_vae.hpp>

namespace dis = disentangle;

#ifndef MISTAKE
#define MISTAKE 0
#endif
struct Pairs {
#if MISTAKE == 1
  static constexpr bool labeled = true;
#elif MISTAKE == 2
  static constexpr int n_minibatches = 2;
#elif MISTAKE == 3
  static constexpr bool surveys = true;
#elif MISTAKE == 4
  int views = 2;
#else
  static constexpr int minibatches = 2, views = 2;
  static constexpr bool labelled = true;
#endif
  auto operator()(auto& step) const { return dis::mean(step.images() - step.minibatch(1)); }
};
dis::Plus<dis::method::BetaVae, dis::Contrast<Pairs>> method;
