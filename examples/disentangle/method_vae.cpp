// SPDX-License-Identifier: Apache-2.0
// VAE.
#include "method_entry.hpp"

#include <disentangle/method/vae.hpp>

namespace PROGRAM_BACKEND {
MethodEntry vae_entry() {
  return make_entry<disentangle::method::Vae>("vae",
                                              "the variational auto-encoder; Kingma and Welling, ICLR 2014");
}
}  // namespace PROGRAM_BACKEND
