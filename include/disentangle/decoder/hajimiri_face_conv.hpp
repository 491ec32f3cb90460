// SPDX-License-Identifier: Apache-2.0
// The decoder of PartedVAE for photographs of faces.
#pragma once

#include <disentangle/decoder/decoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::decoder {

/// For images of 218 x 178, CelebA's own shape: dense 256, 1600, as 5 x 5 x 64, then transposed conv 64, 64,
/// 32, 32, image channels (kernel 4, stride 2; 12 x 12, 26 x 24, 54 x 46, 108 x 90, 218 x 178), ReLU, a
/// sigmoid at the end: its output is an image in (0, 1), not logits, so reconstruction::Laplace or Gaussian
/// goes with it. Initialisation: PyTorch's. Hajimiri, Lotfi, Soleymani Baghshah 2021 (BibTeX:
/// hajimiri2021semi), as the authors' code has it.
struct HajimiriFaceConv {
  nn::Initialisation initialisation = nn::Initialisation::torch_default;

  template <class Image>
  using network =
      nn::Sequential<nn::Dense<256, nn::Relu>, nn::Dense<1600, nn::Relu>, nn::Reshape<5, 5, 64>,
                     nn::ConvTranspose<64, 4, 2, 0, nn::Relu>, nn::ConvTranspose<64, 4, 2, 0, nn::Relu, 1>,
                     nn::ConvTranspose<32, 4, 2, 0, nn::Relu, 2>, nn::ConvTranspose<32, 4, 2, 1, nn::Relu, 2>,
                     nn::ConvTranspose<Image::channels, 4, 2, 0, nn::Sigmoid, 2>>;

  friend bool operator==(HajimiriFaceConv const&, HajimiriFaceConv const&) = default;
};

}  // namespace disentangle::decoder
