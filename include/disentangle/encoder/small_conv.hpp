// SPDX-License-Identifier: Apache-2.0
// A small convolutional network with BatchNorm, for contrastive methods on a CPU.
#pragma once

#include <type_traits>

#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/activate.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/nn/pooling.hpp>

namespace disentangle::encoder {

/// Convolutions 3 x 3 of 32, 64, 128 and `Features` channels, each with BatchNorm and ReLU, all but the first
/// with stride 2; the mean over the pixels; a dense head where ResNet has one (encoder/resnet.hpp). Images of
/// any sides, about 32 x 32. 15 M multiplications and additions for 32 x 32 x 3 and 256 features, a 37th of
/// ResNet-18's. Our own: no paper has it.
template <int Features = 256, int LatentSize = Features>
struct SmallConv {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;

  static constexpr int latent_size = LatentSize;
  static constexpr int features = Features;

 private:
  template <class... Head>
  using trunk =
      nn::Sequential<nn::FloorConv<32>, nn::BatchNorm, nn::Activate<nn::Relu>, nn::FloorConv<64, 3, 2>,
                     nn::BatchNorm, nn::Activate<nn::Relu>, nn::FloorConv<128, 3, 2>, nn::BatchNorm,
                     nn::Activate<nn::Relu>, nn::FloorConv<Features, 3, 2>, nn::BatchNorm,
                     nn::Activate<nn::Relu>, nn::GlobalAveragePool, Head...>;

 public:
  template <int Outputs>
  using network =
      std::conditional_t<LatentSize == Features && Outputs == Features, trunk<>, trunk<nn::Dense<Outputs>>>;

  friend bool operator==(SmallConv const&, SmallConv const&) = default;
};

}  // namespace disentangle::encoder
