// SPDX-License-Identifier: Apache-2.0
// The residual encoder of RF-VAE's authors for Teapots.
#pragma once

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/preactivation.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::encoder {

/// Convolution 3 x 3 of 64 channels, four residual blocks that normalise before they convolve and halve the
/// image (128, 256, 512, 512 channels), dense head. Image sides that 16 divides. Kim, Wang, Sahu, Pavlovic
/// 2019 (BibTeX: kim2019relevance): what the authors' code of its successor has for Teapots. 7.6 million
/// weights, 1.7 G multiplications and additions for an image of 64 x 64: for a device rather than a CPU.
/// Initialisation: as in that code, He's for the convolutions 3 x 3 of the blocks, PyTorch's for all other
/// layers.
/// @tparam Width channels of the first convolution; 64 is the authors'
template <int LatentSize = 10, int Width = 64>
struct TeapotsResNet {
  nn::Initialisation initialisation = nn::Initialisation::torch_he_residual;

  static constexpr int latent_size = LatentSize;

  template <int Outputs>
  using network =
      nn::Sequential<nn::SameSizeConv<Width, 3>, nn::PreactivationDown<Width, 2 * Width>,
                     nn::PreactivationDown<2 * Width, 4 * Width>, nn::PreactivationDown<4 * Width, 8 * Width>,
                     nn::PreactivationDown<8 * Width, 8 * Width>, nn::Flatten, nn::Dense<Outputs>>;

  friend bool operator==(TeapotsResNet const&, TeapotsResNet const&) = default;
};

}  // namespace disentangle::encoder
