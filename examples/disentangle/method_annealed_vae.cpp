// SPDX-License-Identifier: Apache-2.0
// AnnealedVAE.
#include "method_entry.hpp"

#include <disentangle/method/annealed_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry annealed_vae_entry() {
  return make_entry<disentangle::method::AnnealedVae>(
      "annealed_vae", "the KL held at a capacity that grows; Burgess et al., 2018");
}
}  // namespace PROGRAM_BACKEND
