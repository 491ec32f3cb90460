// SPDX-License-Identifier: Apache-2.0
// Layers that only change how the same numbers are read: Flatten and Reshape. NHWC order; nothing is copied.
#pragma once

#include <disentangle/nn/layer.hpp>

namespace disentangle::nn {

namespace detail {

template <class Backend, class Output>
struct Relabel {
  using scalar = typename Backend::scalar;
  using output_shape = Output;
  static constexpr bool in_place = true;
  void declare(Parameters<Backend>&, std::string const&, Initialisation) {}
  std::size_t kept(std::ptrdiff_t) const { return 0; }
  void forward(Pass<Backend>, scalar const*, scalar*, scalar*) {}
  void backward(Pass<Backend>, scalar const*, scalar const*, scalar*, scalar*, scalar const*) {}
};

}  // namespace detail

/// (H, W, C) -> H * W * C features.
struct Flatten {
  template <class Backend, class Input>
  using On = detail::Relabel<Backend, FeatureShape<static_cast<int>(Input::size)>>;
};

/// Features -> (H, W, C) with as many scalars.
template <int H, int W, int C>
struct Reshape {
  static_assert(
      H > 0 && W > 0 && C > 0,
      "[disentangle] Reshape: an empty shape; the image is smaller than the layers' chain of strides");
  template <class Backend, class Input>
  struct On : detail::Relabel<Backend, ImageShape<H, W, C>> {
    static_assert(Input::size == ImageShape<H, W, C>::size,
                  "[disentangle] Reshape: the new shape must hold as many numbers as the layer before gives");
  };
};

}  // namespace disentangle::nn
