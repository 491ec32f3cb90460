// SPDX-License-Identifier: Apache-2.0
// The fully connected network of beta-VAE on dSprites.
#pragma once

#include <disentangle/decoder/decoder.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::decoder {

/// Dense 1200, 1200, 1200 (tanh), one logit per pixel and channel. Higgins et al. 2017, appendix A.4 (BibTeX:
/// higgins2017betavae).
struct HigginsMlp {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;

  template <class Image>
  using network = nn::Sequential<nn::Dense<1200, nn::Tanh>, nn::Dense<1200, nn::Tanh>,
                                 nn::Dense<1200, nn::Tanh>, nn::Dense<static_cast<int>(Image::size)>,
                                 nn::Reshape<Image::height, Image::width, Image::channels>>;

  friend bool operator==(HigginsMlp const&, HigginsMlp const&) = default;
};

}  // namespace disentangle::decoder
