// SPDX-License-Identifier: Apache-2.0
// A TermStep for terms on generated images: a linear generator unless another is given, a small smooth
// encoder, the prior of uniform codes.
#pragma once

#include <cstddef>
#include <utility>

#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/nn/shape_layers.hpp>
#include <disentangle/prior/uniform_code.hpp>
#include <disentangle/train/term_step.hpp>

namespace disentangle::test {

/// A trunk for images of any shape: Hidden smooth or LeakyReLU features, head.
template <int Hidden, class Act = nn::LeakyRelu<>, int Latents = 10>
struct DenseTrunk {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  static constexpr int latent_size = Latents;
  template <int Outputs>
  using network = nn::Sequential<nn::Flatten, nn::Dense<Hidden, Act>, nn::Dense<Outputs>>;
  friend bool operator==(DenseTrunk const&, DenseTrunk const&) = default;
};
struct LinearGenerator {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  template <class Image>
  using network = nn::Sequential<nn::Dense<static_cast<int>(Image::size)>,
                                 nn::Reshape<Image::height, Image::width, Image::channels>>;
  friend bool operator==(LinearGenerator const&, LinearGenerator const&) = default;
};

template <int Latent, class Generator = LinearGenerator>
using GeneratorNetworks =
    StepNetworks<Encoder<DenseTrunk<12, nn::Tanh, Latent>>, Decoder<Generator>, Prior<prior::UniformCode>>;

/// Such a step with so many images of uniform numbers; its random numbers go with `seed`.
template <class Backend, class Policy, int Latent, class Image, class Generator = LinearGenerator>
struct GeneratorStep : TermStep<Policy, GeneratorNetworks<Latent, Generator>, Image, Backend> {
  explicit GeneratorStep(Policy const& policy, std::ptrdiff_t rows, StepArrays arrays = {.seed = 3})
      : GeneratorStep::TermStep(policy, with_images(std::move(arrays), rows)) {}

 private:
  static StepArrays with_images(StepArrays arrays, std::ptrdiff_t rows) {
    if (arrays.images.empty()) {
      arrays.images = random_array(Extents<2>{rows, static_cast<std::ptrdiff_t>(Image::size)}, 9, 0, 1);
    }
    return arrays;
  }
};

/// Whether a term trains the generator, and whether it trains anything else.
template <class Step>
struct Trained {
  bool generator = false, others = false;
  explicit Trained(Step& step) {
    for (auto const& g : step.value_and_gradient().gradients) {
      if (g.name == "images" || g.name == "codes") continue;
      for (double const x : g.values) (g.name.starts_with("decoder.") ? generator : others) |= x != 0;
    }
  }
};

}  // namespace disentangle::test
