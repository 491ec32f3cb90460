// SPDX-License-Identifier: Apache-2.0
// The convolutional network of Burgess et al.
#pragma once

#include <disentangle/decoder/decoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::decoder {

/// The transpose of the encoder: dense 256, 256, (side / 16)^2 * 32, transposed conv 32, 32, 32, image
/// channels (logits). Burgess et al. 2018, appendix (BibTeX: burgess2018understanding). Initialisation: as in
/// the encoder.
struct BurgessConv {
  nn::Initialisation initialisation = nn::Initialisation::he_uniform_torch_bias;

  template <class Image>
  using network =
      nn::Sequential<nn::Dense<256, nn::Relu>, nn::Dense<256, nn::Relu>,
                     nn::Dense<(Image::height / 16) * (Image::width / 16) * 32, nn::Relu>,
                     nn::Reshape<Image::height / 16, Image::width / 16, 32>,
                     nn::ConvTranspose<32, 4, 2, 1, nn::Relu>, nn::ConvTranspose<32, 4, 2, 1, nn::Relu>,
                     nn::ConvTranspose<32, 4, 2, 1, nn::Relu>, nn::ConvTranspose<Image::channels>>;

  friend bool operator==(BurgessConv const&, BurgessConv const&) = default;
};

}  // namespace disentangle::decoder
