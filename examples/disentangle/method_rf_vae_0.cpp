// SPDX-License-Identifier: Apache-2.0
// RF-VAE-0.
#include "method_entry.hpp"

#include <disentangle/method/rf_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry rf_vae_0_entry() {
  return make_entry<disentangle::method::RfVae0>(
      "rf_vae_0", "RF-VAE with known relevance, a reconstruction; Kim et al., 2019");
}
}  // namespace PROGRAM_BACKEND
