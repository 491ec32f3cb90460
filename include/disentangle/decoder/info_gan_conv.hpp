// SPDX-License-Identifier: Apache-2.0
// The generator of InfoGAN-CR.
#pragma once

#include <disentangle/decoder/decoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::decoder {

/// Dense 128 ReLU, dense (side / 16)^2 * 64 ReLU, transposed conv 64, 32, 32 LeakyReLU(0.2), image channels
/// with sigmoid (kernel 4, stride 2, padding 1); batch normalisation after every activation but the last. Its
/// output is the image, in (0, 1): for methods without a Reconstruction. Lin et al., ICML 2020 (BibTeX:
/// lin2020infogan), the sizes of their code for dSprites. For DiD a RECONSTRUCTION (docs/methods/did.md,
/// R14).
struct InfoGanConv {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;

  template <class Image>
  using network = nn::Sequential<nn::Dense<128, nn::Relu>, nn::BatchNorm,
                                 nn::Dense<(Image::height / 16) * (Image::width / 16) * 64, nn::Relu>,
                                 nn::BatchNorm, nn::Reshape<Image::height / 16, Image::width / 16, 64>,
                                 nn::ConvTranspose<64, 4, 2, 1, nn::LeakyRelu<>>, nn::BatchNorm,
                                 nn::ConvTranspose<32, 4, 2, 1, nn::LeakyRelu<>>, nn::BatchNorm,
                                 nn::ConvTranspose<32, 4, 2, 1, nn::LeakyRelu<>>, nn::BatchNorm,
                                 nn::ConvTranspose<Image::channels, 4, 2, 1, nn::Sigmoid>>;

  friend bool operator==(InfoGanConv const&, InfoGanConv const&) = default;
};

}  // namespace disentangle::decoder
