// SPDX-License-Identifier: Apache-2.0
// The convolutional network of JointVAE.
#pragma once

#include <type_traits>

#include <disentangle/decoder/decoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::decoder {

namespace detail {

template <class Image, int Shrinking, class... Rest>
using DupontChain =
    nn::Sequential<nn::Dense<256, nn::Relu>,
                   nn::Dense<(Image::height / Shrinking) * (Image::width / Shrinking) * 64, nn::Relu>,
                   nn::Reshape<Image::height / Shrinking, Image::width / Shrinking, 64>, Rest...,
                   nn::ConvTranspose<Image::channels>>;

/// The chain for an image; a type that does not fit it is never named.
template <class Image>
auto dupont_network() {
  using Wide = nn::ConvTranspose<64, 4, 2, 1, nn::Relu>;
  using Narrow = nn::ConvTranspose<32, 4, 2, 1, nn::Relu>;
  if constexpr (Image::height >= 64) {
    return std::type_identity<DupontChain<Image, 16, Wide, Narrow, Narrow>>{};
  } else if constexpr (Image::height >= 32) {
    return std::type_identity<DupontChain<Image, 8, Narrow, Narrow>>{};
  } else {
    return std::type_identity<DupontChain<Image, 4, Narrow>>{};
  }
}

}  // namespace detail

/// Dense 256, (side / 16)^2 * 64, transposed conv 64, 32, 32, image channels (kernel 4, stride 2; logits) for
/// 64 x 64 images and more; 32, 32, channels for 32 x 32. Dupont, NeurIPS 2018 (BibTeX: dupont2018learning),
/// as in the author's code. Initialisation: PyTorch's of today, as PartedVAE's authors have it; JointVAE's,
/// with PyTorch 0.3, starts it as torch_before_1. Smaller images have 32, channels: a RECONSTRUCTION.
struct DupontConv {
  nn::Initialisation initialisation = nn::Initialisation::torch_default;

  template <class Image>
  using network = typename decltype(detail::dupont_network<Image>())::type;

  friend bool operator==(DupontConv const&, DupontConv const&) = default;
};

}  // namespace disentangle::decoder
