// SPDX-License-Identifier: Apache-2.0
// DIP-VAE-II.
#include "method_entry.hpp"

#include <disentangle/method/dip_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry dip_vae_ii_entry() {
  return make_entry<disentangle::method::DipVaeII>(
      "dip_vae_ii", "the covariance of the codes towards the identity; Kumar et al., ICLR 2018");
}
}  // namespace PROGRAM_BACKEND
