// SPDX-License-Identifier: Apache-2.0
// A method small enough to train within a test: 8 x 8 images of bars, an encoder and a decoder of one
// convolution each.
#pragma once

#include <cstddef>
#include <vector>

#include <disentangle/core/minibatch.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/train/model.hpp>

namespace disentangle::test {

using SmallImage = ImageShape<8, 8, 1>;

struct SmallEncoder {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  static constexpr int latent_size = 3;
  template <int Outputs>
  using network = nn::Sequential<nn::Conv<8, 4, 2, 1, nn::Relu>, nn::Flatten, nn::Dense<32, nn::Relu>,
                                 nn::Dense<Outputs>>;
  friend bool operator==(SmallEncoder const&, SmallEncoder const&) = default;
};
struct SmallDecoder {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  template <class Image>
  using network =
      nn::Sequential<nn::Dense<32, nn::Relu>,
                     nn::Dense<(Image::height / 2) * (Image::width / 2) * 8, nn::Relu>,
                     nn::Reshape<Image::height / 2, Image::width / 2, 8>, nn::ConvTranspose<Image::channels>>;
  friend bool operator==(SmallDecoder const&, SmallDecoder const&) = default;
};

using SmallVae = With<method::Vae, Encoder<SmallEncoder>, Decoder<SmallDecoder>>;
using SmallTcVae = With<SmallVae, Regularizer<regularizer::TotalCorrelation>>;

/// Images of a bright bar at a place and with a width that the index decides; 48 different ones.
struct Bars {
  std::vector<float> images;
  std::vector<int> labels;
  std::size_t size;

  explicit Bars(std::size_t n, std::size_t first = 0) : images(n * SmallImage::size, 0.0f), size(n) {
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t const index = (first + 5 * i) % 48, place = index % 8, width = 1 + index / 8 % 3;
      bool const upright = index / 24 == 1;
      labels.push_back(static_cast<int>(place));
      for (std::size_t a = place; a < place + width && a < 8; ++a) {
        for (std::size_t b = 0; b < 8; ++b) images[i * 64 + (upright ? b * 8 + a : a * 8 + b)] = 1;
      }
    }
  }
  Minibatch batch() const { return {images, labels, size, 48}; }
};

}  // namespace disentangle::test
