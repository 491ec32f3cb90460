// SPDX-License-Identifier: Apache-2.0
// Latent traversals: what one latent does to the image while the others stand still.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/sample_indices.hpp>
#include <disentangle/data/encode_images.hpp>
#include <disentangle/report/image_grid.hpp>
#include <disentangle/report/latents.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace disentangle::report {

/// Range, reference image, size.
struct TraversalOptions {
  /// The latent goes from `low` to `high` in equal steps, in units of the prior's standard deviation.
  float low = -2;
  float high = 2;
  int columns = 10;
  /// The image whose code holds the other latents; by default one whose factors are all in the middle of
  /// their range.
  std::optional<std::size_t> reference{};
  /// Rows at most, those of highest KL; 0 for all latents.
  std::size_t max_latents = 0;
  /// Images from which KL and mutual information are estimated.
  std::size_t images = 5000;
  std::uint64_t seed = 0;
  /// Side of a square that one image pixel becomes; 0 chooses.
  int zoom = 0;
  /// Above the picture; empty for "Latent traversals on <data set>".
  std::string title{};
};

/// An image whose factors are all in the middle of their range; the first image where there are no factors.
/// In a data set that is no grid it is the nearest of 2000 random images.
template <class Data>
[[nodiscard]] std::size_t middle_image(Data const& data, std::uint64_t seed = 0) {
  std::vector<Factor> const& factors = data.factors();
  if (factors.empty()) return 0;
  std::vector<int> middle;
  for (auto const& factor : factors) middle.push_back(factor.cardinality / 2);
  if constexpr (requires { data.index(std::span<int const>(middle)); }) {
    return data.index(std::span<int const>(middle));
  } else {
    auto const indices = sample_indices(data.size(), 2000, seed, stream("report.middle_image"));
    std::vector<int> labels(indices.size() * factors.size());
    data.labels(indices, labels);
    double nearest = std::numeric_limits<double>::infinity();
    std::size_t best = 0;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      double distance = 0;
      for (std::size_t k = 0; k < factors.size(); ++k) {
        int const label = labels[i * factors.size() + k];
        distance += label < 0 ? 1 : std::fabs(label - middle[k]) / std::max(1, factors[k].cardinality);
      }
      if (distance < nearest) {
        nearest = distance;
        best = indices[i];
      }
    }
    return best;
  }
}

/// One row per latent, sorted by mean KL (highest first), labelled with latent, KL and the factor of highest
/// mutual information; one column per value.
template <class Model, class Data>
Canvas draw_traversals(Model& model, Data const& data, TraversalOptions const& options = {}) {
  using Shape = typename Data::image_shape_type;
  if (options.columns < 2 || !(options.low < options.high)) {
    throw ValueError("traversals: " + std::to_string(options.columns) + " columns from " +
                     number_text(options.low) + " to " + number_text(options.high) +
                     ", expected at least 2 and an ascending range");
  }
  auto const summaries = summarise_latents(model, data, options.images, options.seed);
  std::size_t const latents = model.latent_size, columns = static_cast<std::size_t>(options.columns);
  std::size_t const rows = options.max_latents == 0 ? latents : std::min(latents, options.max_latents);
  std::size_t const reference = options.reference ? *options.reference : middle_image(data, options.seed);
  if (reference >= data.size()) {
    throw ValueError("traversals: reference image " + std::to_string(reference) + ", expected less than " +
                     std::to_string(data.size()));
  }
  auto const code = data::encode_images(model, data, std::span(&reference, 1)).mean;
  std::vector<float> codes(rows * columns * latents), images(rows * columns * Shape::size);
  GridText words;
  char text[96];
  for (std::size_t c = 0; c < columns; ++c) {
    float const value =
        options.low + (options.high - options.low) * static_cast<float>(c) / static_cast<float>(columns - 1);
    std::snprintf(text, sizeof text, "%+.1f", static_cast<double>(value));
    words.column_labels.emplace_back(text);
    for (std::size_t r = 0; r < rows; ++r) {
      float* const row = codes.data() + (r * columns + c) * latents;
      std::copy(code.begin(), code.end(), row);
      row[summaries[r].latent] = value;
    }
  }
  model.decode(codes, images);
  bool const has_factors = !data.factors().empty();
  for (std::size_t r = 0; r < rows; ++r) {
    GridLabel label;
    std::snprintf(text, sizeof text, "z%zu  KL %.2f", summaries[r].latent, summaries[r].kl);
    label.heading = text;
    if (has_factors) {
      std::snprintf(text, sizeof text, "%.60s %.2f", summaries[r].factor.c_str(),
                    summaries[r].mutual_information);
      label.note = summaries[r].factor.empty() ? "no factor" : text;
    }
    words.row_labels.push_back(label);
  }
  words.title = options.title.empty() ? "Latent traversals on " + std::string(data.name()) : options.title;
  words.note = "one latent per row, by mean KL (nats)";
  if (has_factors) words.note += "; below it the factor of highest mutual information (nats)";
  GridStyle style;
  style.zoom = options.zoom;
  return image_grid(images, static_cast<int>(rows), options.columns, Shape::height, Shape::width,
                    Shape::channels, words, style);
}

/// The same, written as a PNG.
template <class Model, class Data>
void traversals(Model& model, Data const& data, std::filesystem::path const& path,
                TraversalOptions const& options = {}) {
  draw_traversals(model, data, options).save(path);
}

}  // namespace disentangle::report
