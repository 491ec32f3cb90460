// SPDX-License-Identifier: Apache-2.0
// Images of a data set above what a model makes of them.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/sample_indices.hpp>
#include <disentangle/data/encode_images.hpp>
#include <disentangle/report/image_grid.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace disentangle::report {

/// How many images, which, how large.
struct ReconstructionOptions {
  /// Images side by side.
  int count = 10;
  /// Pairs of rows (originals above reconstructions).
  int rows = 3;
  /// Draws the images.
  std::uint64_t seed = 0;
  /// Side of a square that one image pixel becomes; 0 chooses.
  int zoom = 0;
  /// Above the picture; empty for "Reconstructions of <data set>".
  std::string title{};
};

/// Rows of random originals, each above the row of the decoder's means for the encoder's means.
template <class Model, class Data>
Canvas draw_reconstructions(Model& model, Data const& data, ReconstructionOptions const& options = {}) {
  using Shape = typename Data::image_shape_type;
  if (options.count < 1 || options.rows < 1) {
    throw ValueError("reconstructions: " + std::to_string(options.rows) + " rows of " +
                     std::to_string(options.count) + " images, expected at least 1 of 1");
  }
  auto const columns = static_cast<std::size_t>(options.count), rows = static_cast<std::size_t>(options.rows);
  if (data.size() == 0) throw ValueError("reconstructions: no images, expected at least 1");
  // Where the data set is smaller than the picture it is gone through again.
  auto indices = sample_indices(data.size(), rows * columns, options.seed, stream("report.reconstructions"));
  for (std::size_t i = indices.size(); i < rows * columns; ++i) indices.push_back(indices[i % data.size()]);
  auto const codes = data::encode_images(model, data, indices);
  std::vector<float> originals(indices.size() * Shape::size), decoded(originals.size());
  data.images(indices, originals);
  model.decode(codes.mean, decoded);
  std::vector<float> images;
  GridText words;
  words.title = options.title.empty() ? "Reconstructions of " + std::string(data.name()) : options.title;
  for (std::size_t r = 0; r < rows; ++r) {
    auto const first = static_cast<std::ptrdiff_t>(r * columns * Shape::size);
    auto const last = static_cast<std::ptrdiff_t>((r + 1) * columns * Shape::size);
    images.insert(images.end(), originals.begin() + first, originals.begin() + last);
    images.insert(images.end(), decoded.begin() + first, decoded.begin() + last);
    words.row_labels.push_back({"data", ""});
    words.row_labels.push_back({"model", ""});
  }
  GridStyle style;
  style.zoom = options.zoom;
  style.rows_per_group = 2;
  return image_grid(images, 2 * options.rows, options.count, Shape::height, Shape::width, Shape::channels,
                    words, style);
}

/// The same, written as a PNG.
template <class Model, class Data>
void reconstructions(Model& model, Data const& data, std::filesystem::path const& path,
                     ReconstructionOptions const& options = {}) {
  draw_reconstructions(model, data, options).save(path);
}

}  // namespace disentangle::report
