// SPDX-License-Identifier: Apache-2.0
// The convolutional network of Burgess et al.
#pragma once

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::encoder {

/// Conv 32, 32, 32, 32 (kernel 4, stride 2, padding 1, ReLU), dense 256, 256 ReLU, head. Image sides that 16
/// divides. Burgess et al., "Understanding disentangling in beta-VAE", 2018, appendix (BibTeX:
/// burgess2018understanding).
/// Initialisation: that of disentangling-vae, a reimplementation, He's uniform law and PyTorch's biases; the
/// authors' code is not public.
template <int LatentSize = 10>
struct BurgessConv {
  nn::Initialisation initialisation = nn::Initialisation::he_uniform_torch_bias;

  static constexpr int latent_size = LatentSize;

  template <int Outputs>
  using network =
      nn::Sequential<nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Conv<32, 4, 2, 1, nn::Relu>,
                     nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Flatten,
                     nn::Dense<256, nn::Relu>, nn::Dense<256, nn::Relu>, nn::Dense<Outputs>>;

  friend bool operator==(BurgessConv const&, BurgessConv const&) = default;
};

}  // namespace disentangle::encoder
