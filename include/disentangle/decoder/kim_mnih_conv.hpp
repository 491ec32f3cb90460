// SPDX-License-Identifier: Apache-2.0
// The convolutional network of FactorVAE.
#pragma once

#include <disentangle/decoder/decoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::decoder {

/// Dense 128, (side / 16)^2 * 64, transposed conv 64, 32, 32 (kernel 4, stride 2, padding 1), all ReLU, image
/// channels (logits). Kim, Mnih 2018, appendix A (BibTeX: kim2018disentangling).
/// Initialisation: that of RF-VAE's authors, N(0, 0.02) and bias 0 for the dense layers, PyTorch's for the
/// transposed convolutions, weights and biases, because their loop names Linear and Conv2d alone. (With N(0,
/// 0.02) there too, a code reaches the image as good as not at all, and RF-VAE may never come to use one.)
struct KimMnihConv {
  nn::Initialisation initialisation = nn::Initialisation::normal_002_torch_transposed;

  template <class Image>
  using network =
      nn::Sequential<nn::Dense<128, nn::Relu>,
                     nn::Dense<(Image::height / 16) * (Image::width / 16) * 64, nn::Relu>,
                     nn::Reshape<Image::height / 16, Image::width / 16, 64>,
                     nn::ConvTranspose<64, 4, 2, 1, nn::Relu>, nn::ConvTranspose<32, 4, 2, 1, nn::Relu>,
                     nn::ConvTranspose<32, 4, 2, 1, nn::Relu>, nn::ConvTranspose<Image::channels>>;

  friend bool operator==(KimMnihConv const&, KimMnihConv const&) = default;
};

/// The same with dense 256: the network of RF-VAE's authors for 3D Faces and CelebA.
struct KimMnihConv256 {
  nn::Initialisation initialisation = nn::Initialisation::normal_002_torch_transposed;

  template <class Image>
  using network =
      nn::Sequential<nn::Dense<256, nn::Relu>,
                     nn::Dense<(Image::height / 16) * (Image::width / 16) * 64, nn::Relu>,
                     nn::Reshape<Image::height / 16, Image::width / 16, 64>,
                     nn::ConvTranspose<64, 4, 2, 1, nn::Relu>, nn::ConvTranspose<32, 4, 2, 1, nn::Relu>,
                     nn::ConvTranspose<32, 4, 2, 1, nn::Relu>, nn::ConvTranspose<Image::channels>>;

  friend bool operator==(KimMnihConv256 const&, KimMnihConv256 const&) = default;
};

}  // namespace disentangle::decoder
