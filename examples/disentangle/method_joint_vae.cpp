// SPDX-License-Identifier: Apache-2.0
// JointVAE with ten continuous latents and a class of ten values, at the author's settings for MNIST.
#include "method_entry.hpp"

#include <disentangle/method/joint_vae.hpp>

template <>
struct Start<disentangle::method::JointVae> {
  static disentangle::method::JointVae method() { return disentangle::method::joint_vae_mnist(); }
};

namespace PROGRAM_BACKEND {
MethodEntry joint_vae_entry() {
  return make_entry<disentangle::method::JointVae>(
      "joint_vae", "continuous latents and a class of ten; Dupont, NeurIPS 2018");
}
}  // namespace PROGRAM_BACKEND
