// SPDX-License-Identifier: Apache-2.0
// A role that a method has once, given twice: Plus where With was meant.
// expected-error: duplicate role: a Method has at most one Prior<...>
// expected-error 2: duplicate role: a Method has at most one Encoder<...>
// expected-error 3: get<Policy>: the method has this policy twice; write get<Role::..., n>
#include <disentangle/method/beta_vae.hpp>

namespace dis = disentangle;

#ifndef MISTAKE
dis::With<dis::method::BetaVae, dis::Prior<dis::prior::StandardNormal>> method;
#elif MISTAKE == 1
dis::Plus<dis::method::BetaVae, dis::Prior<dis::prior::StandardNormal>> method;
#elif MISTAKE == 2
dis::Plus<dis::method::BetaVae, dis::Encoder<dis::encoder::LocatelloConv<20>>> method;
#else
dis::Plus<dis::method::BetaVae, dis::Regularizer<dis::regularizer::WeightedKl>> method;
double beta() { return method.get<dis::regularizer::WeightedKl>().beta; }
#endif
