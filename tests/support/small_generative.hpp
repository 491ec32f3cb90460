// SPDX-License-Identifier: Apache-2.0
// Generative methods small enough to train within a test, on the images of tests/support/small_model.hpp: a
// generator with batch normalisation, and one trunk for encoder, critic and difference encoder.
#pragma once

#include <array>
#include <cstddef>

#include <disentangle/method/did.hpp>
#include <disentangle/method/info_gan_cr.hpp>
#include <disentangle/nn/normalisation.hpp>

#include "tests/support/small_model.hpp"

namespace disentangle::test {

struct SmallTrunk {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  static constexpr int latent_size = 3;
  template <int Outputs>
  using network = nn::Sequential<nn::Conv<8, 4, 2, 1, nn::LeakyRelu<>>, nn::Flatten,
                                 nn::Dense<24, nn::LeakyRelu<>>, nn::Dense<Outputs>>;
  friend bool operator==(SmallTrunk const&, SmallTrunk const&) = default;
};
struct SmallGenerator {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  template <class Image>
  using network = nn::Sequential<nn::Dense<(Image::height / 2) * (Image::width / 2) * 8, nn::Relu>,
                                 nn::BatchNorm, nn::Reshape<Image::height / 2, Image::width / 2, 8>,
                                 nn::ConvTranspose<Image::channels, 4, 2, 1, nn::Sigmoid>>;
  friend bool operator==(SmallGenerator const&, SmallGenerator const&) = default;
};

/// A generative method of the shelf with small networks and two critic steps.
using SmallCritic = adversary::WassersteinCritic<SmallTrunk, 2>;
template <class M>
using SmallNetworks = With<M, Encoder<SmallTrunk>, Decoder<SmallGenerator>, Adversary<SmallCritic>>;
using SmallDifference = contrast::InterFactorDifference<SmallTrunk>;
using SmallWganGp = SmallNetworks<method::WganGp>;
using SmallDid = With<SmallNetworks<method::Did>, Contrast<SmallDifference>>;
using SmallInfoGanCr = With<SmallNetworks<method::InfoGanCr>, Contrast<contrast::KeptFactor<SmallTrunk>>>;

/// The minibatches of a training step of such a method.
struct SmallBatches {
  Bars first, second;
  std::array<Minibatch, 2> both;
  explicit SmallBatches(std::size_t n, std::size_t step)
      : first(n, 11 * step), second(n, 11 * step + 5), both{first.batch(), second.batch()} {}
  SmallBatches(SmallBatches const&) = delete;
  SmallBatches& operator=(SmallBatches const&) = delete;
};

}  // namespace disentangle::test
