// SPDX-License-Identifier: Apache-2.0
// The convolutional network of the large comparison study.
#pragma once

#include <disentangle/decoder/decoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::decoder {

/// Dense 256, dense (side / 16)^2 * 64, transposed conv 64, 32, 32 (kernel 4, stride 2, padding 1), all ReLU,
/// then the image's channels without activation (logits). Locatello et al. 2019, appendix (BibTeX:
/// locatello2019challenging).
struct LocatelloConv {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;

  template <class Image>
  using network =
      nn::Sequential<nn::Dense<256, nn::Relu>,
                     nn::Dense<(Image::height / 16) * (Image::width / 16) * 64, nn::Relu>,
                     nn::Reshape<Image::height / 16, Image::width / 16, 64>,
                     nn::ConvTranspose<64, 4, 2, 1, nn::Relu>, nn::ConvTranspose<32, 4, 2, 1, nn::Relu>,
                     nn::ConvTranspose<32, 4, 2, 1, nn::Relu>, nn::ConvTranspose<Image::channels>>;

  friend bool operator==(LocatelloConv const&, LocatelloConv const&) = default;
};

}  // namespace disentangle::decoder
