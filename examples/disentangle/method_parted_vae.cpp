// SPDX-License-Identifier: Apache-2.0
// PartedVAE with ten classes, at the authors' settings for MNIST.
#include "method_entry.hpp"

#include <disentangle/method/parted_vae.hpp>

namespace method = disentangle::method;
using Parted = method::PartedVae;

template <>
struct Start<Parted> {
  static Parted method() { return method::parted_vae_mnist(); }
};

namespace PROGRAM_BACKEND {
MethodEntry parted_vae_entry() {
  return make_entry<Parted>("parted_vae", "ten classes from few labels (--labels); Hajimiri et al., 2021");
}
}  // namespace PROGRAM_BACKEND
