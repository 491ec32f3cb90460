// SPDX-License-Identifier: Apache-2.0
// beta-TCVAE.
#include "method_entry.hpp"

#include <disentangle/method/beta_tc_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry beta_tc_vae_entry() {
  return make_entry<disentangle::method::BetaTcVae>(
      "beta_tc_vae", "the KL's total correlation weighted by beta; Chen et al., NeurIPS 2018");
}
}  // namespace PROGRAM_BACKEND
