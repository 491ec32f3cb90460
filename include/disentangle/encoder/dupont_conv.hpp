// SPDX-License-Identifier: Apache-2.0
// The convolutional network of JointVAE.
#pragma once

#include <type_traits>

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::encoder {

namespace detail {

/// Convolutions (kernel 4, stride 2, padding 1) for a side, the last with an activation of its own, then
/// other layers.
template <int Side, class Last, class... Rest>
using DupontChain = std::conditional_t<
    (Side >= 64),
    nn::Sequential<nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Conv<32, 4, 2, 1, nn::Relu>,
                   nn::Conv<64, 4, 2, 1, nn::Relu>, nn::Conv<64, 4, 2, 1, Last>, nn::Flatten, Rest...>,
    std::conditional_t<
        (Side >= 32),
        nn::Sequential<nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Conv<64, 4, 2, 1, nn::Relu>,
                       nn::Conv<64, 4, 2, 1, Last>, nn::Flatten, Rest...>,
        nn::Sequential<nn::Conv<32, 4, 2, 1, nn::Relu>, nn::Conv<64, 4, 2, 1, Last>, nn::Flatten, Rest...>>>;

}  // namespace detail

/// Conv 32, 32, 64, 64 for 64 x 64 images and more, 32, 64, 64 for 32 x 32 (kernel 4, stride 2, padding 1,
/// ReLU), dense 256 ReLU, head. Dupont, NeurIPS 2018 (BibTeX: dupont2018learning), as in the author's code;
/// its initialisation is PyTorch's. Smaller images have conv 32, 64: a RECONSTRUCTION, the code has none for
/// them. Sides that 4 divides, 8 for a side of 32 or more, 16 for 64 or more.
template <int LatentSize = 20>
struct DupontConv {
  nn::Initialisation initialisation = nn::Initialisation::torch_default;

  static constexpr int latent_size = LatentSize;

  template <int Outputs>
  struct network {
    template <class Backend, class Image>
    using On = typename detail::DupontChain<Image::height, nn::Relu, nn::Dense<256, nn::Relu>,
                                            nn::Dense<Outputs>>::template On<Backend, Image>;
  };

  friend bool operator==(DupontConv const&, DupontConv const&) = default;
};

}  // namespace disentangle::encoder
