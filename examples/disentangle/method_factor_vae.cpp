// SPDX-License-Identifier: Apache-2.0
// FactorVAE.
#include "method_entry.hpp"

#include <disentangle/method/factor_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry factor_vae_entry() {
  return make_entry<disentangle::method::FactorVae>(
      "factor_vae", "total correlation by a discriminator; Kim and Mnih, ICML 2018");
}
}  // namespace PROGRAM_BACKEND
