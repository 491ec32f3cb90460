// SPDX-License-Identifier: Apache-2.0
// RF-VAE.
#include "method_entry.hpp"

#include <disentangle/method/rf_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry rf_vae_entry() {
  return make_entry<disentangle::method::RfVae>("rf_vae",
                                                "learns which latents are relevant; Kim et al., 2019");
}
}  // namespace PROGRAM_BACKEND
