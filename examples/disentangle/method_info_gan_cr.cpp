// SPDX-License-Identifier: Apache-2.0
// InfoGAN-CR's regulariser on WGAN-GP.
#include "method_entry.hpp"

#include <disentangle/method/info_gan_cr.hpp>

namespace PROGRAM_BACKEND {
MethodEntry info_gan_cr_entry() {
  return make_entry<disentangle::method::InfoGanCr>(
      "info_gan_cr", "WGAN-GP with the contrastive regulariser of Lin et al., 2020");
}
}  // namespace PROGRAM_BACKEND
