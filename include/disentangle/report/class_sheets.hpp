// SPDX-License-Identifier: Apache-2.0
// Pictures of a model with classes: images drawn for each class, traversals of z and u for a class, styles
// swapped between images, interpolation between images.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/class_codes.hpp>
#include <disentangle/data/encode_images.hpp>
#include <disentangle/report/image_grid.hpp>
#include <disentangle/report/latents.hpp>

namespace disentangle::report {

/// What the pictures of classes share.
struct ClassSheetOptions {
  /// The class variable whose values are shown; the others have value 0.
  std::size_t variable = 0;
  /// Images side by side, where their number is free.
  int columns = 10;
  std::uint64_t seed = 0;
  /// Names of the variable's values; empty: their numbers.
  std::vector<std::string> names{};
  /// Side of a square that one image pixel becomes; 0 chooses.
  int zoom = 0;
  /// Above the picture; empty for one that says what it is.
  std::string title{};
};

namespace detail {

inline std::string class_name(ClassSheetOptions const& options, std::size_t value) {
  return value < options.names.size() ? options.names[value] : "class " + std::to_string(value);
}

/// Codes (n, latents) decoded and laid out.
template <class Model>
Canvas decoded_grid(Model& model, std::span<float const> codes, int rows, int columns, GridText const& words,
                    int zoom) {
  using Shape = typename Model::image_shape_type;
  std::vector<float> images(static_cast<std::size_t>(rows * columns) * Shape::size);
  model.decode(codes, images);
  GridStyle style;
  style.zoom = zoom;
  return image_grid(images, rows, columns, Shape::height, Shape::width, Shape::channels, words, style);
}

inline void append(std::vector<float>& codes, std::vector<float> const& code) {
  codes.insert(codes.end(), code.begin(), code.end());
}

}  // namespace detail

/// Images drawn for each value of a class variable, a row each: p(x | c). All of a column have the same z.
template <class Model>
Canvas draw_class_samples(Model& model, ClassCodes const& classes, ClassSheetOptions const& options = {}) {
  classes.expect(options.variable, 0);
  std::size_t const rows = classes.sizes[options.variable];
  std::vector<float> codes;
  GridText words;
  words.title = options.title.empty() ? "Images drawn for each class" : options.title;
  words.note = "a class per row, the same z per column, u drawn for each image";
  for (std::size_t k = 0; k < rows; ++k) {
    std::vector<std::size_t> values(classes.variables(), 0);
    values[options.variable] = k;
    words.row_labels.push_back({detail::class_name(options, k), ""});
    for (int c = 0; c < options.columns; ++c)
      detail::append(codes, classes.draw(values, options.seed, static_cast<std::uint64_t>(c)));
  }
  return detail::decoded_grid(model, codes, static_cast<int>(rows), options.columns, words, options.zoom);
}

/// What each latent does to the images of one class: a row for each latent of z, then one for each of the
/// class variable's columns u, over quantiles of the prior; the others stay in the middle (z = 0, the means
/// of the class's component).
template <class Model>
Canvas draw_class_traversals(Model& model, ClassCodes const& classes, std::size_t value,
                             ClassSheetOptions const& options = {}) {
  struct Quantile {
    char const* probability;
    float deviation;
  };
  static constexpr std::array<Quantile, 10> quantiles{{{".001", -3.0902323f},
                                                       {".01", -2.3263479f},
                                                       {".1", -1.2815516f},
                                                       {".25", -0.6744898f},
                                                       {".4", -0.2533471f},
                                                       {".6", 0.2533471f},
                                                       {".75", 0.6744898f},
                                                       {".9", 1.2815516f},
                                                       {".99", 2.3263479f},
                                                       {".999", 3.0902323f}}};
  classes.expect(options.variable, value);
  std::vector<std::size_t> values(classes.variables(), 0);
  values[options.variable] = value;
  auto const middle = classes.middle(values);
  auto const deviation = classes.deviation(options.variable, value);
  std::size_t const first = classes.column(options.variable);
  std::vector<float> codes;
  GridText words;
  words.title = options.title.empty() ? "What latents do to images of " + detail::class_name(options, value)
                                      : options.title;
  words.note = "columns are quantiles of the prior; z has nothing to do with the class, u has";
  for (auto const& quantile : quantiles) words.column_labels.emplace_back(quantile.probability);
  auto const row = [&](std::string const& name, std::size_t column, float scale) {
    words.row_labels.push_back({name, ""});
    for (auto const& quantile : quantiles) {
      auto code = middle;
      code[column] += scale * quantile.deviation;
      detail::append(codes, code);
    }
  };
  for (std::size_t d = 0; d < classes.independent; ++d) row("z" + std::to_string(d), d, 1);
  for (std::size_t j = 0; j < deviation.size(); ++j) row("u" + std::to_string(j), first + j, deviation[j]);
  return detail::decoded_grid(model, codes, static_cast<int>(words.row_labels.size()),
                              static_cast<int>(quantiles.size()), words, options.zoom);
}

/// Styles swapped: each image has the z of its row's image and the u of its column's image, from posterior
/// means. The first column and the first row are the images themselves. (The authors of PartedVAE have rows
/// and columns exchanged.)
template <class Model, class Data>
Canvas draw_swaps(Model& model, ClassCodes const& classes, Data const& data,
                  std::span<std::size_t const> of_rows, std::span<std::size_t const> of_columns,
                  ClassSheetOptions const& options = {}) {
  using Shape = typename Model::image_shape_type;
  std::size_t const rows = of_rows.size(), columns = of_columns.size(), latents = model.latent_size;
  if (rows == 0 || columns == 0)
    throw ValueError("swaps: found no images, expected at least one for rows and columns");
  auto const z = data::encode_images(model, data, of_rows).mean,
             u = data::encode_images(model, data, of_columns).mean;
  std::vector<float> codes(rows * columns * latents), decoded(rows * columns * Shape::size);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      float* const code = codes.data() + (r * columns + c) * latents;
      std::copy_n(u.data() + c * latents, latents, code);
      std::copy_n(z.data() + r * latents, classes.independent, code);
    }
  }
  model.decode(codes, decoded);
  std::vector<float> images((rows + 1) * (columns + 1) * Shape::size, 1.0f);
  auto const place = [&](std::size_t r, std::size_t c) {
    return std::span(images).subspan((r * (columns + 1) + c) * Shape::size, Shape::size);
  };
  for (std::size_t r = 0; r < rows; ++r) {
    data.images(of_rows.subspan(r, 1), place(r + 1, 0));
    for (std::size_t c = 0; c < columns; ++c)
      std::copy_n(decoded.data() + (r * columns + c) * Shape::size, Shape::size, place(r + 1, c + 1).data());
  }
  for (std::size_t c = 0; c < columns; ++c) data.images(of_columns.subspan(c, 1), place(0, c + 1));
  GridText words;
  words.title = options.title.empty() ? "Styles swapped on " + std::string(data.name()) : options.title;
  words.note = "z (style) of the image on the left, u (class-related) of the image above";
  GridStyle style;
  style.zoom = options.zoom;
  return image_grid(images, static_cast<int>(rows + 1), static_cast<int>(columns + 1), Shape::height,
                    Shape::width, Shape::channels, words, style);
}

/// From one image to another in equal steps of all posterior means, z and u together: a row for each pair.
/// @param steps images between, ends included; the authors of PartedVAE have 8
template <class Model, class Data>
Canvas draw_interpolations(Model& model, Data const& data, std::span<std::size_t const> from,
                           std::span<std::size_t const> to, int steps = 8,
                           ClassSheetOptions const& options = {}) {
  if (from.empty() || from.size() != to.size() || steps < 2) {
    throw ValueError("interpolations: found " + std::to_string(from.size()) + " and " +
                     std::to_string(to.size()) + " images and " + std::to_string(steps) +
                     " steps, expected as many ends as beginnings and 2 steps");
  }
  std::size_t const latents = model.latent_size;
  auto const a = data::encode_images(model, data, from).mean, b = data::encode_images(model, data, to).mean;
  std::vector<float> codes;
  for (std::size_t r = 0; r < from.size(); ++r) {
    for (int s = 0; s < steps; ++s) {
      float const t = static_cast<float>(s) / static_cast<float>(steps - 1);
      for (std::size_t l = 0; l < latents; ++l)
        codes.push_back((1 - t) * a[r * latents + l] + t * b[r * latents + l]);
    }
  }
  GridText words;
  words.title =
      options.title.empty() ? "From one image to another on " + std::string(data.name()) : options.title;
  words.note = "posterior means in equal steps, decoded";
  return detail::decoded_grid(model, codes, static_cast<int>(from.size()), steps, words, options.zoom);
}

}  // namespace disentangle::report
