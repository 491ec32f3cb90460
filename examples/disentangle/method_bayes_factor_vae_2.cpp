// SPDX-License-Identifier: Apache-2.0
// Bayes-Factor-VAE, variant 2.
#include "method_entry.hpp"

#include <disentangle/method/bayes_factor_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry bayes_factor_vae_2_entry() {
  return make_entry<disentangle::method::BayesFactorVae2>(
      "bayes_factor_vae_2", "heavy tails for the latents that are relevant; Kim et al., ICCV 2019");
}
}  // namespace PROGRAM_BACKEND
