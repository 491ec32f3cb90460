// SPDX-License-Identifier: Apache-2.0
// The residual decoder of RF-VAE's authors for Teapots.
#pragma once

#include <disentangle/decoder/decoder.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/preactivation.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::decoder {

/// Dense (side / 16)^2 * 512 with BatchNorm over its features and ReLU, four residual blocks that double the
/// image (512, 256, 128, 64 channels; all but the first normalise before they convolve), BatchNorm, ReLU,
/// convolution 3 x 3 to the image's channels (logits). encoder::TeapotsResNet says how it starts. The
/// authors' code has a bias before BatchNorm in the blocks, which does nothing and is left out.
template <int Width = 64>
struct TeapotsResNet {
  nn::Initialisation initialisation = nn::Initialisation::torch_he_residual;

  template <class Image>
  using network =
      nn::Sequential<nn::Dense<(Image::height / 16) * (Image::width / 16) * 8 * Width>, nn::BatchNorm,
                     nn::Activate<nn::Relu>, nn::Reshape<Image::height / 16, Image::width / 16, 8 * Width>,
                     nn::PreactivationUp<8 * Width>,
                     nn::PreactivationUp<4 * Width, nn::BatchNorm, nn::Activate<nn::Relu>>,
                     nn::PreactivationUp<2 * Width, nn::BatchNorm, nn::Activate<nn::Relu>>,
                     nn::PreactivationUp<Width, nn::BatchNorm, nn::Activate<nn::Relu>>, nn::BatchNorm,
                     nn::Activate<nn::Relu>, nn::SameSizeConv<Image::channels, 3>>;

  friend bool operator==(TeapotsResNet const&, TeapotsResNet const&) = default;
};

}  // namespace disentangle::decoder
