// SPDX-License-Identifier: Apache-2.0
// InfoVAE.
#include "method_entry.hpp"

#include <disentangle/method/info_vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry info_vae_entry() {
  return make_entry<disentangle::method::InfoVae>(
      "info_vae", "maximum mean discrepancy to the prior; Zhao et al., AAAI 2019");
}
}  // namespace PROGRAM_BACKEND
