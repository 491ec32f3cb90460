// SPDX-License-Identifier: Apache-2.0
// Terms that do not return a scalar: a matrix where a sum was forgotten, a number, nothing at all.
// expected-error 1 gcc: .policy\(posterior\). does not satisfy return-type-requirement.*scalar_expression
// expected-error 1 clang: does not satisfy 'scalar_expression'
// expected-error 2 gcc: .policy\(posterior\). does not satisfy return-type-requirement.*scalar_expression
// expected-error 2 clang: does not satisfy 'scalar_expression'
// expected-error 3 gcc: required for the satisfaction of .term_is_scalar<
// expected-error 3 clang: does not satisfy 'scalar_expression'|'term_is_scalar<
// expected-error 4 gcc: .policy\(likelihood\). does not satisfy return-type-requirement.*scalar_expression
// expected-error 4 clang: does not satisfy 'scalar_expression'
#include <disentangle/contrast/contrast.hpp>
#include <disentangle/method/beta_vae.hpp>

namespace dis = disentangle;

#ifndef MISTAKE
#define MISTAKE 0
#endif
struct Term {
  auto operator()(auto const& posterior) const {
#if MISTAKE == 1
    return dis::square(posterior.mean);
#elif MISTAKE == 2
    return posterior.batch_size();
#else
    return dis::sum(dis::square(posterior.mean));
#endif
  }
};
struct Pairs {
  auto operator()(auto& step) const {
#if MISTAKE == 3
    return step.images() - step.minibatch(1);
#else
    return dis::mean(step.images() - step.minibatch(1));
#endif
  }
};
struct Likelihood {
  auto operator()(auto const& likelihood) const {
#if MISTAKE == 4
    return dis::abs(likelihood.output - likelihood.images);
#else
    return dis::mean(dis::abs(likelihood.output - likelihood.images));
#endif
  }
  auto image(auto const& output) const { return dis::sigmoid(output); }
};
using Replaced = dis::With<dis::method::BetaVae, dis::Reconstruction<Likelihood>>;
dis::Plus<Replaced, dis::Regularizer<Term>, dis::Contrast<Pairs>> method;
