// SPDX-License-Identifier: Apache-2.0
// get<> of a policy or a role that the method does not have.
// expected-error: get<Policy>: the method has no such policy
// expected-error 2: get<Role, n>: the method has no n-th policy of this role
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/method/beta_vae.hpp>

namespace dis = disentangle;

double beta() {
#ifndef MISTAKE
  dis::method::BetaTcVae method;
  return method.get<dis::regularizer::TotalCorrelation>().beta;
#elif MISTAKE == 1
  dis::method::BetaVae method;
  return method.get<dis::regularizer::TotalCorrelation>().beta;
#else
  dis::method::BetaVae method;
  return method.get<dis::Role::regularizer, 1>().beta;
#endif
}
