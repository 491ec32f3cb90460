// SPDX-License-Identifier: Apache-2.0
// The training steps that are timed: beta-VAE, batch 64, 64x64 images, latent 10, with the network of Higgins
// et al. 2017 (Mlp) or of Locatello et al. 2019 (Conv). Everything runs as users run it: policies, tape,
// optimiser, and batches from a prefetching source.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/decoder/higgins_mlp.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/train/model.hpp>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace benchmarks {

using Conv = disentangle::method::BetaVae;
using Mlp = disentangle::With<Conv, disentangle::Encoder<disentangle::encoder::HigginsMlp<>>,
                              disentangle::Decoder<disentangle::decoder::HigginsMlp>>;

/// A model and its data: `count` binary images of noise, as many as the peers have.
template <class Method, class Image, class Backend = disentangle::backend::Cpu>
class TrainingStep {
 public:
  explicit TrainingStep(unsigned threads)
      : data_(disentangle::data::arrays<Image>(noise())),
        model_(Method{}, Backend(threads), Image{}, disentangle::seed(0)) {
    for (int i = 0; i < Model::minibatches; ++i) {
      sources_.push_back(std::make_unique<Source>(
          data_,
          disentangle::data::BatchOptions{.batch_size = batch, .stream = "batches " + std::to_string(i)}));
    }
  }

  void operator()() {
    std::array<disentangle::Minibatch, Model::minibatches> batches;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      auto const& minibatch = sources_[i]->next();
      batches[i] = {.images = minibatch.images, .labels = {}, .size = batch, .data_size = count};
    }
    model_.step(std::span<disentangle::Minibatch const>(batches));
  }

  static constexpr std::size_t batch = 64, count = 512;

 private:
  static std::vector<float> noise() {
    std::vector<float> images(count * Image::size);
    for (std::size_t i = 0; i < images.size(); ++i) {
      images[i] = static_cast<float>(disentangle::Philox{1, 0, 0}.bits(i) & 1u);
    }
    return images;
  }

  using Model = disentangle::Model<Method, Backend, Image>;
  using Source = disentangle::data::BatchSource<disentangle::data::Arrays<Image>>;

  disentangle::data::Arrays<Image> data_;
  std::vector<std::unique_ptr<Source>> sources_;  // one for each minibatch of a step
  Model model_;
};

}  // namespace benchmarks
