// SPDX-License-Identifier: Apache-2.0
// The shared trunk of PartedVAE's encoder.
#pragma once

#include <disentangle/encoder/dupont_conv.hpp>

namespace disentangle::encoder {

/// The convolutions of DupontConv, LeakyReLU(0.1) after the last, then a dense layer of `Features` with LeakyReLU(0.1). Hajimiri,
/// Lotfi, Soleymani Baghshah 2021 (BibTeX: hajimiri2021semi), as the authors' code has it for 32 x 32 and 64 x 64 images.
template <int Features = 256>
struct HajimiriTrunk {
  template <class Backend, class Image>
  using On =
      typename detail::DupontChain<Image::height, nn::LeakyRelu<100>,
                                   nn::Dense<Features, nn::LeakyRelu<100>>>::template On<Backend, Image>;
};

}  // namespace disentangle::encoder
