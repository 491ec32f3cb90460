// SPDX-License-Identifier: Apache-2.0
// The fully connected network of beta-VAE on dSprites.
#pragma once

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

namespace disentangle::encoder {

/// Dense 1200, 1200 (ReLU), head. Any image shape. Higgins et al., "beta-VAE", ICLR 2017, appendix A.4
/// (BibTeX: higgins2017betavae). Initialisation: TensorFlow's.
template <int LatentSize = 10>
struct HigginsMlp {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;

  static constexpr int latent_size = LatentSize;

  template <int Outputs>
  using network =
      nn::Sequential<nn::Flatten, nn::Dense<1200, nn::Relu>, nn::Dense<1200, nn::Relu>, nn::Dense<Outputs>>;

  friend bool operator==(HigginsMlp const&, HigginsMlp const&) = default;
};

}  // namespace disentangle::encoder
