// SPDX-License-Identifier: Apache-2.0
// beta-VAE.
#include "method_entry.hpp"

#include <disentangle/method/beta_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry beta_vae_entry() {
  return make_entry<disentangle::method::BetaVae>("beta_vae",
                                                  "the KL weighted by beta; Higgins et al., ICLR 2017");
}
}  // namespace PROGRAM_BACKEND
