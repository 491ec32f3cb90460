// SPDX-License-Identifier: Apache-2.0
// What is known at compile time when a policy meets a backend and an image shape.
#pragma once

#include <disentangle/core/shape.hpp>

namespace disentangle::nn {

/// What is known at compile time when a policy's state is built: `template <class Setting> struct State`.
template <class Backend, class Image, int LatentSize>
struct Setting {
  using backend_type = Backend;
  using image_shape = Image;
  static constexpr int latent_size = LatentSize;
};

}  // namespace disentangle::nn
