// SPDX-License-Identifier: Apache-2.0
// The shared trunks of PartedVAE's encoder.
#pragma once

#include <disentangle/encoder/dupont_conv.hpp>

namespace disentangle::encoder {

/// The convolutions of DupontConv, LeakyReLU(0.1) after the last, then a dense layer of `Features` with
/// LeakyReLU(0.1). Hajimiri, Lotfi, Soleymani Baghshah 2021 (BibTeX: hajimiri2021semi), as the authors' code
/// has it for 32 x 32 and 64 x 64 images.
template <int Features = 256>
struct HajimiriTrunk {
  template <class Backend, class Image>
  using On =
      typename detail::DupontChain<Image::height, nn::LeakyRelu<100>,
                                   nn::Dense<Features, nn::LeakyRelu<100>>>::template On<Backend, Image>;
};

/// The authors' trunk for photographs of 218 x 178, CelebA's own shape: conv 32, 32, 64, 64, 64 (kernel 4,
/// stride 2, padded so that every side comes out whole: 108 x 90, 54 x 46, 26 x 24, 12 x 12, 5 x 5), ReLU,
/// LeakyReLU(0.1) after the last; then the same dense layer. BibTeX: hajimiri2021semi, as the authors' code
/// has it.
template <int Features = 256>
struct HajimiriFaceTrunk {
  template <class Backend, class Image>
  using On = typename nn::Sequential<nn::Conv<32, 4, 2, 0, nn::Relu, 2>, nn::Conv<32, 4, 2, 1, nn::Relu, 2>,
                                     nn::Conv<64, 4, 2, 0, nn::Relu, 2>, nn::Conv<64, 4, 2, 0, nn::Relu, 1>,
                                     nn::Conv<64, 4, 2, 0, nn::LeakyRelu<100>>, nn::Flatten,
                                     nn::Dense<Features, nn::LeakyRelu<100>>>::template On<Backend, Image>;
};

}  // namespace disentangle::encoder
