// SPDX-License-Identifier: Apache-2.0
// WGAN-GP with a samples encoder.
#include "method_entry.hpp"

#include <disentangle/method/wgan_gp.hpp>

namespace PROGRAM_BACKEND {
MethodEntry wgan_gp_entry() {
  return make_entry<disentangle::method::WganGp>(
      "wgan_gp", "generator, critic, encoder of its samples: DiD's control; Gulrajani et al., 2017");
}
}  // namespace PROGRAM_BACKEND
