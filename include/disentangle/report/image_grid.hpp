// SPDX-License-Identifier: Apache-2.0
// A labelled grid of images: row labels on the left, column labels above, a title.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/report/canvas.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace disentangle::report {

/// How a grid looks; lengths in pixels of the picture.
struct GridStyle {
  /// Side of a square that one image pixel becomes; 0 chooses one that makes images about 96 pixels wide.
  int zoom = 0;
  /// Magnification of the font of labels.
  int text_zoom = 2;
  int margin = 20;
  /// Between images.
  int gap = 4;
  /// Extra space, with a thin rule, above every row whose index is a multiple of this; 0 for none.
  int rows_per_group = 0;
};

/// A label of two lines: a heading and a quieter note below it (either may be empty).
struct GridLabel {
  std::string heading{};
  std::string note{};
};

/// The words around a grid. Row and column labels have one entry per row and column, or are empty.
struct GridText {
  std::string title{};
  /// A quieter line below the title.
  std::string note{};
  std::vector<GridLabel> row_labels{};
  std::vector<std::string> column_labels{};
};

/// Draws rows x columns images, given row by row as NHWC floats in [0, 1]. Throws ShapeError where the counts
/// disagree.
inline Canvas image_grid(std::span<float const> images, int rows, int columns, int height, int width,
                         int channels, GridText const& words = {}, GridStyle style = {}) {
  auto const& row_labels = words.row_labels;
  auto const& column_labels = words.column_labels;
  auto const count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  auto const image_size =
      static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  if (rows < 1 || columns < 1 || images.size() != count * image_size ||
      (!row_labels.empty() && row_labels.size() != static_cast<std::size_t>(rows)) ||
      (!column_labels.empty() && column_labels.size() != static_cast<std::size_t>(columns))) {
    throw ShapeError("a grid of " + std::to_string(rows) + " x " + std::to_string(columns) + " images of " +
                     std::to_string(image_size) + " values needs as many values, found " +
                     std::to_string(images.size()) + " with " + std::to_string(row_labels.size()) +
                     " row labels and " + std::to_string(column_labels.size()) + " column labels");
  }
  int const zoom = style.zoom > 0 ? style.zoom : std::max(1, (96 + width / 2) / width);
  int const text_zoom = style.text_zoom, cell_width = width * zoom, cell_height = height * zoom;
  int const line = text_height(text_zoom) + 2 * text_zoom;
  int label_width = 0;
  for (auto const& label : row_labels) {
    label_width =
        std::max({label_width, text_width(label.heading, text_zoom), text_width(label.note, text_zoom)});
  }
  if (label_width > 0) label_width += 12;
  int const title_zoom = text_zoom + 1;
  int const note_top = style.margin + (words.title.empty() ? 0 : text_height(title_zoom) + 8);
  int const title_height = note_top - style.margin + (words.note.empty() ? 0 : line + 6);
  int const column_label_height = column_labels.empty() ? 0 : line + 2;
  int const group_gap = style.rows_per_group > 0 ? 4 * style.gap : 0;
  int const groups = style.rows_per_group > 0 ? (rows - 1) / style.rows_per_group : 0;
  int const grid_width = columns * cell_width + (columns - 1) * style.gap;
  int const grid_height = rows * cell_height + (rows - 1) * style.gap + groups * group_gap;
  int const left = style.margin + label_width, top = style.margin + title_height + column_label_height;
  int const full_width = std::max({left + grid_width, style.margin + text_width(words.title, title_zoom),
                                   style.margin + text_width(words.note, text_zoom)}) +
                         style.margin;
  Canvas canvas(full_width, top + grid_height + style.margin);
  canvas.text(style.margin, style.margin, words.title, colours::ink, title_zoom);
  canvas.text(style.margin, note_top, words.note, colours::muted, text_zoom);
  for (int c = 0; c < static_cast<int>(column_labels.size()); ++c) {
    canvas.text(left + c * (cell_width + style.gap) + cell_width / 2, style.margin + title_height,
                column_labels[static_cast<std::size_t>(c)], colours::muted, text_zoom, Align::centre);
  }
  for (int r = 0; r < rows; ++r) {
    int const group = style.rows_per_group > 0 ? r / style.rows_per_group : 0;
    int const y = top + r * (cell_height + style.gap) + group * group_gap;
    if (style.rows_per_group > 0 && r > 0 && r % style.rows_per_group == 0) {
      canvas.rectangle(style.margin, y - (style.gap + group_gap) / 2, full_width - 2 * style.margin, 1,
                       colours::rule);
    }
    if (!row_labels.empty()) {
      auto const& label = row_labels[static_cast<std::size_t>(r)];
      bool const two = !label.heading.empty() && !label.note.empty();
      int text_y = y + (cell_height - (two ? 2 : 1) * line) / 2 + text_zoom;
      if (!label.heading.empty()) {
        canvas.text(style.margin, text_y, label.heading, colours::ink, text_zoom);
        text_y += line;
      }
      canvas.text(style.margin, text_y, label.note, colours::muted, text_zoom);
    }
    for (int c = 0; c < columns; ++c) {
      auto const index =
          static_cast<std::size_t>(r) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(c);
      int const x = left + c * (cell_width + style.gap);
      canvas.image(x, y, images.subspan(index * image_size, image_size), width, height, channels, zoom);
      canvas.outline(x - 1, y - 1, cell_width + 2, cell_height + 2, colours::frame);
    }
  }
  return canvas;
}

}  // namespace disentangle::report
