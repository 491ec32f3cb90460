// SPDX-License-Identifier: Apache-2.0
// encode_images(): the codes that a model gives to some images of a data set.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace disentangle::data {

/// Codes of images, (images, latents) each: the mean and the log variance of q(z|x).
struct ImageCodes {
  std::vector<float> mean;
  std::vector<float> log_variance;
};

/// The codes of images of a data set, in the order of `indices`; images are read and encoded a few hundred at
/// a time. The model is anything with `latent_size` and `encode(images, mean, log_variance)`.
///     auto const codes = dis::data::encode_images(model, data, dis::sample_indices(data.size(), 500, 0, 0));
template <class Model, class Data>
ImageCodes encode_images(Model& model, Data const& data, std::span<std::size_t const> indices) {
  constexpr std::size_t image_size = Data::image_shape_type::size, chunk = 250;
  std::size_t const latents = model.latent_size;
  ImageCodes codes{std::vector<float>(indices.size() * latents),
                   std::vector<float>(indices.size() * latents)};
  std::vector<float> images(std::min(chunk, indices.size()) * image_size);
  for (std::size_t i = 0; i < indices.size(); i += chunk) {
    std::size_t const count = std::min(chunk, indices.size() - i);
    auto const pixels = std::span(images).first(count * image_size);
    data.images(indices.subspan(i, count), pixels);
    model.encode(pixels, std::span(codes.mean).subspan(i * latents, count * latents),
                 std::span(codes.log_variance).subspan(i * latents, count * latents));
  }
  return codes;
}

}  // namespace disentangle::data
