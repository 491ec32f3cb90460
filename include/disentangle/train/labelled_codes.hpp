// SPDX-License-Identifier: Apache-2.0
// labelled_codes(model, data): the codes of all images of a data set beside their labels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

#include <disentangle/data/data_set.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle {

/// Rows in the order of the images, as metrics take them.
struct LabelledCodes {
  metric::Matrix<float> codes;  ///< (images, latents): the posterior's means, or features
  metric::Matrix<int> labels;   ///< (images, factors), -1 for a missing one

  /// One factor's label of every image.
  std::vector<int> factor(std::size_t k) const {
    std::vector<int> column(labels.rows);
    for (std::size_t i = 0; i < labels.rows; ++i) column[i] = labels(i, k);
    return column;
  }
};

/// Encodes every image once, as it is: an augmentation is not applied. In memory are the codes and 256
/// images.
///
///     auto const train = dis::labelled_codes(model, images);
///     auto const score = dis::metric::NearestNeighbours{}(train.codes.view(), train.factor(0), ...);
template <class Model, data::data_set Data>
LabelledCodes labelled_codes(Model& model, Data const& data) {
  static_assert(std::is_same_v<typename Model::image_shape_type, typename Data::image_shape_type>,
                "[disentangle] the model's image shape is not that of the data set");
  constexpr std::size_t image = Data::image_shape_type::size, most = 256;
  LabelledCodes result{metric::Matrix<float>(data.size(), model.latent_size),
                       metric::Matrix<int>(data.size(), data.factors().size())};
  std::size_t const latents = result.codes.columns, factors = result.labels.columns;
  std::vector<float> images(std::min(most, data.size()) * image);
  std::vector<std::size_t> indices;
  for (std::size_t first = 0; first < data.size(); first += indices.size()) {
    indices.resize(std::min(most, data.size() - first));
    std::iota(indices.begin(), indices.end(), first);
    auto const pixels = std::span(images).first(indices.size() * image);
    data.images(indices, pixels);
    model.encode(pixels, std::span(result.codes.values).subspan(first * latents, indices.size() * latents),
                 {});
    data.labels(indices, std::span(result.labels.values).subspan(first * factors, indices.size() * factors));
  }
  return result;
}

}  // namespace disentangle
