// SPDX-License-Identifier: Apache-2.0
// Bayes-Factor-VAE, variant 0.
#include "method_entry.hpp"

#include <disentangle/method/bayes_factor_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry bayes_factor_vae_0_entry() {
  return make_entry<disentangle::method::BayesFactorVae0>(
      "bayes_factor_vae_0", "a normal prior whose variances are learnt; Kim et al., ICCV 2019");
}
}  // namespace PROGRAM_BACKEND
