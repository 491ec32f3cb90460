// SPDX-License-Identifier: Apache-2.0
// The convolutional network of the large comparison study.
#pragma once

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::encoder {

/// Conv 32, 32, 64, 64 (kernel 4, stride 2, padding 1, ReLU), dense 256 ReLU, head. Image sides that 16
/// divides. Locatello et al., "Challenging common assumptions in the unsupervised learning of disentangled
/// representations", ICML 2019, appendix (BibTeX: locatello2019challenging). disentanglement_lib's code has
/// kernel 2 in its last two layers; the kernel of 4 throughout is the one that FactorVAE, RF-VAE and the
/// PyTorch libraries use. Initialisation: TensorFlow's.
template <int LatentSize = 10>
struct LocatelloConv {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;

  static constexpr int latent_size = LatentSize;

  template <int Outputs>
  using network = nn::Sequential<nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Conv<32, 4, 2, 1, nn::Relu>,
                                 nn::Conv<64, 4, 2, 1, nn::Relu>, nn::Conv<64, 4, 2, 1, nn::Relu>,
                                 nn::Flatten, nn::Dense<256, nn::Relu>, nn::Dense<Outputs>>;

  friend bool operator==(LocatelloConv const&, LocatelloConv const&) = default;
};

}  // namespace disentangle::encoder
