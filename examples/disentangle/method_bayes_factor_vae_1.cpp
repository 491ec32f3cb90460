// SPDX-License-Identifier: Apache-2.0
// Bayes-Factor-VAE, variant 1.
#include "method_entry.hpp"

#include <disentangle/method/bayes_factor_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry bayes_factor_vae_1_entry() {
  return make_entry<disentangle::method::BayesFactorVae1>(
      "bayes_factor_vae_1", "heavy-tailed priors by learnt precisions; Kim et al., ICCV 2019");
}
}  // namespace PROGRAM_BACKEND
