// SPDX-License-Identifier: Apache-2.0
// What a generator draws: a grid of samples, and what each number of a code does to an image.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/report/image_grid.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace disentangle::report {

/// What a grid of samples shows.
struct SampleOptions {
  int rows = 6;
  int columns = 10;
  std::uint64_t number = 0;  ///< which draw of codes
  int zoom = 0;              ///< side of a square that one image pixel becomes; 0 chooses
  std::string title = "Samples";
};

/// Images of codes drawn from the model's prior. Works with every model whose method has a decoder and a
/// prior.
template <class Model>
Canvas draw_samples(Model& model, SampleOptions const& options = {}) {
  using Shape = typename Model::image_shape_type;
  if (options.rows < 1 || options.columns < 1) {
    throw ValueError("samples: found a grid of " + std::to_string(options.rows) + " x " +
                     std::to_string(options.columns) + ", expected at least 1 x 1");
  }
  auto const count = static_cast<std::size_t>(options.rows) * static_cast<std::size_t>(options.columns);
  std::vector<float> codes(count * model.latent_size), images(count * Shape::size);
  model.draw_codes(codes, options.number);
  model.decode(codes, images);
  GridText words;
  words.title = options.title;
  GridStyle style;
  style.zoom = options.zoom;
  return image_grid(images, options.rows, options.columns, Shape::height, Shape::width, Shape::channels,
                    words, style);
}

/// The same, written as a PNG.
template <class Model>
void samples(Model& model, std::filesystem::path const& path, SampleOptions const& options = {}) {
  draw_samples(model, options).save(path);
}

/// What a grid of a generator's traversals shows.
struct CodeTraversalOptions {
  float low =
      -1;  ///< the range of the number that changes, in the code's units: -1 to 1 for prior::UniformCode
  float high = 1;
  int columns = 9;
  std::uint64_t number = 0;  ///< which draw of codes holds the other numbers
  int zoom = 0;              ///< side of a square that one image pixel becomes; 0 chooses
  std::string title = "Traversals of the generator's code";
};

/// One row per number of the code, in their order, the others as the model's prior drew them. Each row says
/// how much the image changes: the mean absolute difference of a pixel between neighbours. Unlike
/// traversals() it needs no data and no encoder.
template <class Model>
Canvas draw_code_traversals(Model& model, CodeTraversalOptions const& options = {}) {
  using Shape = typename Model::image_shape_type;
  if (options.columns < 2 || !(options.low < options.high)) {
    throw ValueError("code_traversals: found " + std::to_string(options.columns) + " columns from " +
                     number_text(options.low) + " to " + number_text(options.high) +
                     ", expected at least 2 and an ascending range");
  }
  std::size_t const latents = model.latent_size, columns = static_cast<std::size_t>(options.columns);
  std::vector<float> code(latents), codes(latents * columns * latents),
      images(latents * columns * Shape::size);
  model.draw_codes(code, options.number);
  GridText words;
  char text[64];
  for (std::size_t c = 0; c < columns; ++c) {
    float const value =
        options.low + (options.high - options.low) * static_cast<float>(c) / static_cast<float>(columns - 1);
    std::snprintf(text, sizeof text, "%+.2f", static_cast<double>(value));
    words.column_labels.emplace_back(text);
    for (std::size_t k = 0; k < latents; ++k) {
      float* const row = codes.data() + (k * columns + c) * latents;
      std::copy(code.begin(), code.end(), row);
      row[k] = value;
    }
  }
  model.decode(codes, images);
  for (std::size_t k = 0; k < latents; ++k) {
    double change = 0;
    for (std::size_t i = 0; i < (columns - 1) * Shape::size; ++i) {
      float const* const at = images.data() + k * columns * Shape::size + i;
      change += std::abs(static_cast<double>(at[Shape::size] - at[0]));
    }
    std::snprintf(text, sizeof text, "change %.3f",
                  change / static_cast<double>((columns - 1) * Shape::size));
    words.row_labels.push_back({"c" + std::to_string(k), text});
  }
  words.title = options.title;
  words.note = "one number of the code per row; below it the mean change of a pixel from column to column";
  GridStyle style;
  style.zoom = options.zoom;
  return image_grid(images, static_cast<int>(latents), options.columns, Shape::height, Shape::width,
                    Shape::channels, words, style);
}

/// The same, written as a PNG.
template <class Model>
void code_traversals(Model& model, std::filesystem::path const& path,
                     CodeTraversalOptions const& options = {}) {
  draw_code_traversals(model, options).save(path);
}

}  // namespace disentangle::report
