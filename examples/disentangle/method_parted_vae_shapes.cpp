// SPDX-License-Identifier: Apache-2.0
// PartedVAE with three classes, at the authors' settings for dSprites.
#include "method_entry.hpp"

#include <disentangle/method/parted_vae.hpp>

namespace method = disentangle::method;
using Parted = method::PartedVaeOf<method::ShapeCode>;

template <>
struct Start<Parted> {
  static Parted method() { return method::parted_vae_dsprites(); }
};

namespace PROGRAM_BACKEND {
MethodEntry parted_vae_shapes_entry() {
  return make_entry<Parted>("parted_vae_shapes",
                            "three shapes from few labels (--labels); Hajimiri et al., 2021");
}
}  // namespace PROGRAM_BACKEND
