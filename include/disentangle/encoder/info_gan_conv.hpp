// SPDX-License-Identifier: Apache-2.0
// The convolutional trunk of InfoGAN-CR's discriminator.
#pragma once

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::encoder {

/// Conv 32, 32, 64, 64 (kernel 4, stride 2, padding 1), dense 128, all LeakyReLU(0.2), head. Image sides that
/// 16 divides, any number of channels: samples encoder, critic and difference encoder of generative methods.
/// Lin et al., "InfoGAN-CR and ModelCentrality", ICML 2020 (BibTeX: lin2020infogan), the sizes of their code
/// for dSprites, without its spectral normalisation. For DiD a RECONSTRUCTION: no source gives its networks
/// (docs/methods/did.md, R14).
template <int LatentSize = 10>
struct InfoGanConv {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;

  static constexpr int latent_size = LatentSize;

  template <int Outputs>
  using network =
      nn::Sequential<nn::Conv<32, 4, 2, 1, nn::LeakyRelu<>>, nn::Conv<32, 4, 2, 1, nn::LeakyRelu<>>,
                     nn::Conv<64, 4, 2, 1, nn::LeakyRelu<>>, nn::Conv<64, 4, 2, 1, nn::LeakyRelu<>>,
                     nn::Flatten, nn::Dense<128, nn::LeakyRelu<>>, nn::Dense<Outputs>>;

  friend bool operator==(InfoGanConv const&, InfoGanConv const&) = default;
};

}  // namespace disentangle::encoder
