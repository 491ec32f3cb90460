// SPDX-License-Identifier: Apache-2.0
// DiD.
#include "method_entry.hpp"

#include <disentangle/method/did.hpp>

namespace PROGRAM_BACKEND {
MethodEntry did_entry() {
  return make_entry<disentangle::method::Did>(
      "did", "WGAN-GP with the difference term, mostly reconstructed; Zhang et al., 2025");
}
}  // namespace PROGRAM_BACKEND
