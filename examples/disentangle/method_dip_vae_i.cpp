// SPDX-License-Identifier: Apache-2.0
// DIP-VAE-I.
#include "method_entry.hpp"

#include <disentangle/method/dip_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry dip_vae_i_entry() {
  return make_entry<disentangle::method::DipVaeI>(
      "dip_vae_i", "the covariance of the means towards the identity; Kumar et al., ICLR 2018");
}
}  // namespace PROGRAM_BACKEND
