// SPDX-License-Identifier: Apache-2.0
// The convolutional network of FactorVAE.
#pragma once

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::encoder {

/// Conv 32, 32, 64, 64 (kernel 4, stride 2, padding 1, ReLU), dense 128 ReLU, head. Image sides that 16
/// divides. Kim, Mnih, "Disentangling by factorising", ICML 2018, appendix A (BibTeX: kim2018disentangling).
/// Initialisation: N(0, 0.02), biases 0, as in the code of RF-VAE's authors, which has this network.
template <int LatentSize = 10>
struct KimMnihConv {
  nn::Initialisation initialisation = nn::Initialisation::normal_002;

  static constexpr int latent_size = LatentSize;

  template <int Outputs>
  using network = nn::Sequential<nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Conv<32, 4, 2, 1, nn::Relu>,
                                 nn::Conv<64, 4, 2, 1, nn::Relu>, nn::Conv<64, 4, 2, 1, nn::Relu>,
                                 nn::Flatten, nn::Dense<128, nn::Relu>, nn::Dense<Outputs>>;

  friend bool operator==(KimMnihConv const&, KimMnihConv const&) = default;
};

/// The same with dense 256: the network of RF-VAE's authors for 3D Faces and CelebA.
template <int LatentSize = 10>
struct KimMnihConv256 {
  nn::Initialisation initialisation = nn::Initialisation::normal_002;

  static constexpr int latent_size = LatentSize;

  template <int Outputs>
  using network = nn::Sequential<nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Conv<32, 4, 2, 1, nn::Relu>,
                                 nn::Conv<64, 4, 2, 1, nn::Relu>, nn::Conv<64, 4, 2, 1, nn::Relu>,
                                 nn::Flatten, nn::Dense<256, nn::Relu>, nn::Dense<Outputs>>;

  friend bool operator==(KimMnihConv256 const&, KimMnihConv256 const&) = default;
};

}  // namespace disentangle::encoder
