// SPDX-License-Identifier: Apache-2.0
// A heat map of a matrix: a shade per entry, names of rows and columns, a colour bar, and the numbers
// themselves where there is room.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/score.hpp>
#include <disentangle/report/canvas.hpp>
#include <disentangle/report/line_plot.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disentangle::report {

/// Words, range and size of a heat map. Names have one entry per row and column, or are empty.
struct HeatMapOptions {
  std::string title{};
  /// A quieter line below the title.
  std::string note{};
  /// What rows and columns are: "latent", "factor".
  std::string row_axis{};
  std::string column_axis{};
  std::vector<std::string> row_names{};
  std::vector<std::string> column_names{};
  /// The values of the lightest and the darkest shade; without them 0 (or the smallest value, if it is less)
  /// and the largest.
  std::optional<double> low{};
  std::optional<double> high{};
  /// Side of a cell in pixels; 0 chooses one that keeps the picture below about 1200 x 900.
  int cell = 0;
};

namespace detail {

/// A shade of the scale from white over blue to a dark blue, share in [0, 1]; lightness falls evenly.
inline Colour heat(double share) {
  static constexpr Colour stops[] = {{247, 251, 255}, {198, 219, 239}, {120, 180, 216},
                                     {53, 130, 190},  {15, 80, 155},   {8, 38, 96}};
  double const at = std::clamp(share, 0.0, 1.0) * 5;
  auto const i = std::min<std::size_t>(static_cast<std::size_t>(at), 4);
  double const t = at - static_cast<double>(i);
  auto const mix = [&](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(std::lround(a + t * (b - a)));
  };
  return {mix(stops[i].red, stops[i + 1].red), mix(stops[i].green, stops[i + 1].green),
          mix(stops[i].blue, stops[i + 1].blue)};
}

/// A number in at most five characters or so: 0.42, 1.7, 23, 1e+05.
inline std::string cell_text(double value, double largest) {
  if (!std::isfinite(value)) return std::isnan(value) ? "-" : value > 0 ? "inf" : "-inf";
  char buffer[32];
  char const* const format = largest >= 1e4 || largest < 1e-2 ? "%.0e"
                             : largest < 10                   ? "%.2f"
                             : largest < 100                  ? "%.1f"
                                                              : "%.0f";
  std::snprintf(buffer, sizeof buffer, format, value);
  std::string text = buffer;
  if (largest < 1e-2 && value == 0) return "0";
  if (text.find_first_not_of("-0.") == std::string::npos && text[0] == '-') text.erase(0, 1);
  return text;
}

}  // namespace detail

/// Draws the matrix. An entry that is NaN is hatched; infinite ones take the ends of the scale. Throws
/// ShapeError for a matrix without entries, names that differ in number from it and a picture that is too
/// large.
inline Canvas heat_map(MatrixView<double const> values, HeatMapOptions const& options = {}) {
  std::size_t const rows = values.rows, columns = values.columns;
  auto const fits = [](std::vector<std::string> const& names, std::size_t n) {
    return names.empty() || names.size() == n;
  };
  if (rows == 0 || columns == 0 || !fits(options.row_names, rows) || !fits(options.column_names, columns)) {
    throw ShapeError("a heat map of " + std::to_string(rows) + " x " + std::to_string(columns) +
                     " values with " + std::to_string(options.row_names.size()) + " names of rows and " +
                     std::to_string(options.column_names.size()) +
                     " of columns, expected at least one value and as many names or none");
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double least = infinity, largest = -infinity;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values.data[i])) continue;
    least = std::min(least, values.data[i]);
    largest = std::max(largest, values.data[i]);
  }
  if (!(least <= largest)) least = largest = 0;
  double const low = options.low.value_or(std::min(0.0, least));
  double high = options.high.value_or(largest);
  if (!(high > low)) high = low + 1;
  double const magnitude = std::max(std::fabs(low), std::fabs(high));

  constexpr int zoom = 2, margin = 20, bar = 22;
  int const line = text_height(zoom);
  auto const row_name = [&](std::size_t i) {
    return options.row_names.empty() ? std::to_string(i) : options.row_names[i];
  };
  auto const column_name = [&](std::size_t j) {
    return options.column_names.empty() ? std::to_string(j) : options.column_names[j];
  };
  int widest_row = 0, widest_column = 0, widest_number = 0;
  for (std::size_t i = 0; i < rows; ++i) widest_row = std::max(widest_row, text_width(row_name(i), zoom));
  for (std::size_t j = 0; j < columns; ++j)
    widest_column = std::max(widest_column, text_width(column_name(j), zoom));
  for (std::size_t i = 0; i < values.size(); ++i)
    widest_number = std::max(widest_number, text_width(detail::cell_text(values.data[i], magnitude), zoom));

  // Cells are square unless short names of columns or numbers need a little more width.
  int const limit = static_cast<int>(std::min<std::size_t>(std::max(rows, columns), 100'000));
  int const height =
      options.cell > 0
          ? options.cell
          : std::clamp(std::min(900 / std::max(1, static_cast<int>(std::min<std::size_t>(rows, 900))),
                                1200 / std::max(1, std::min(limit, 1200))),
                       4, 56);
  bool const numbers = height >= line + 8 && (options.cell == 0 || widest_number + 8 <= options.cell);
  int width = height;
  if (options.cell == 0 && numbers) width = std::max(width, std::min(widest_number + 12, 96));
  // Names of columns stand upright where they fit, else they are turned.
  bool const turned = widest_column + 10 > width && static_cast<int>(columns) > 1 && widest_column + 10 > 120;
  if (options.cell == 0 && numbers && !turned) width = std::max(width, widest_column + 10);
  bool const vertical = widest_column + 10 > width;
  // Where cells are lower or narrower than a line only some rows and columns are named.
  auto const stride = [&](int side) {
    int step = 1;
    while (side * step < line + 4) step += step < 2 ? 1 : step == 2 ? 3 : step;
    return static_cast<std::size_t>(step);
  };
  std::size_t const name_rows = stride(height), name_columns = vertical ? stride(width) : 1;

  std::vector<double> ticks;
  double const step = detail::tick_step(high - low, 5);
  for (double at = std::ceil(low / step - 1e-9) * step; at <= high + step * 1e-6; at += step)
    ticks.push_back(at);
  int widest_tick = 0;
  for (double const at : ticks)
    widest_tick = std::max(widest_tick, text_width(detail::tick_text(at, step, {}), zoom));

  int const title_height = options.title.empty() ? 0 : text_height(zoom + 1) + 8;
  int const note_height = options.note.empty() ? 0 : line + 8;
  int const left = margin + (options.row_axis.empty() ? 0 : line + 10) + widest_row + 10;
  int const top = margin + title_height + note_height + (title_height + note_height > 0 ? 8 : 0) +
                  (options.column_axis.empty() ? 0 : line + 6) + (vertical ? widest_column : line) + 8;
  auto const side = [](int cell, std::size_t n) {
    if (n > 32768)
      throw ShapeError("a heat map of " + std::to_string(n) + " cells a side, expected at most 32768");
    return cell * static_cast<int>(n);
  };
  int const map_width = side(width, columns), map_height = side(height, rows);
  int const bar_height = std::max(map_height, 120), bar_x = left + map_width + 28;
  int const words =
      std::max(text_width(options.title, zoom + 1), text_width(options.note, zoom)) + 2 * margin;
  Canvas canvas(std::max(words, bar_x + bar + 12 + widest_tick + margin), top + bar_height + margin);

  int y = margin;
  if (!options.title.empty()) {
    canvas.text(margin, y, options.title, colours::ink, zoom + 1);
    y += title_height;
  }
  if (!options.note.empty()) {
    canvas.text(margin, y, options.note, colours::muted, zoom);
    y += note_height;
  }
  if (!options.column_axis.empty())
    canvas.text(left + map_width / 2, top - 8 - (vertical ? widest_column : line) - line - 6,
                options.column_axis, colours::muted, zoom, Align::centre);
  if (!options.row_axis.empty())
    canvas.vertical_text(margin, top + map_height / 2, options.row_axis, colours::muted, zoom);

  // The cells, touching where they are small, with a white line between them where they are not.
  int const gap = std::min(width, height) >= 16 ? 1 : 0;
  for (std::size_t i = 0; i < rows; ++i) {
    int const cell_y = top + height * static_cast<int>(i);
    if (i % name_rows == 0)
      canvas.text(left - 10, cell_y + (height - line) / 2 + 2, row_name(i), colours::ink, zoom, Align::right);
    for (std::size_t j = 0; j < columns; ++j) {
      int const cell_x = left + width * static_cast<int>(j);
      double const value = values(i, j);
      if (std::isnan(value)) {
        canvas.rectangle(cell_x, cell_y, width - gap, height - gap, colours::shade);
        canvas.line(cell_x, cell_y + height - gap - 1, cell_x + width - gap - 1, cell_y, colours::frame);
      } else {
        double const share = std::isinf(value) ? (value > 0 ? 1 : 0) : (value - low) / (high - low);
        canvas.rectangle(cell_x, cell_y, width - gap, height - gap, detail::heat(share));
        if (numbers)
          canvas.text(cell_x + width / 2, cell_y + (height - line) / 2 + 2,
                      detail::cell_text(value, magnitude), share > 0.5 ? colours::white : colours::ink, zoom,
                      Align::centre);
      }
    }
  }
  canvas.outline(left - 1, top - 1, map_width + 2 - gap, map_height + 2 - gap, colours::frame);
  for (std::size_t j = 0; j < columns; j += name_columns) {
    int const x = left + width * static_cast<int>(j) + width / 2;
    if (vertical)
      canvas.vertical_text(x - line / 2 + 1, top - 8 - text_width(column_name(j), zoom) / 2, column_name(j),
                           colours::ink, zoom);
    else canvas.text(x, top - 8 - line + 4, column_name(j), colours::ink, zoom, Align::centre);
  }

  for (int v = 0; v < bar_height; ++v)
    canvas.rectangle(bar_x, top + v, bar, 1, detail::heat(1 - (v + 0.5) / bar_height));
  canvas.outline(bar_x - 1, top - 1, bar + 2, bar_height + 2, colours::frame);
  for (double const at : ticks) {
    int const tick_y =
        top + static_cast<int>(std::lround((1 - (at - low) / (high - low)) * (bar_height - 1)));
    canvas.rectangle(bar_x + bar + 1, tick_y, 4, 1, colours::frame);
    canvas.text(bar_x + bar + 10, tick_y - line / 2 + 2, detail::tick_text(at, step, {}), colours::muted,
                zoom);
  }
  return canvas;
}

/// The table of this name as a picture, rows and columns named by their axes and by the score's factors.
/// Throws ValueError where there is none.
inline Canvas heat_map(metric::Score const& score, std::string_view table, HeatMapOptions options = {}) {
  for (metric::Table const& entry : score.tables) {
    if (entry.name != table) continue;
    if (options.title.empty()) {
      options.title = entry.name;
      std::replace(options.title.begin(), options.title.end(), '_', ' ');
    }
    if (options.note.empty()) options.note = score.metric + ", " + score.definition;
    auto const names = [&](std::string const& axis, std::size_t n, std::vector<std::string>& to) {
      if (to.empty() && axis == "factor" && score.factor_names.size() == n) to = score.factor_names;
    };
    if (options.row_axis.empty()) options.row_axis = entry.row_axis;
    if (options.column_axis.empty()) options.column_axis = entry.column_axis;
    names(entry.row_axis, entry.values.rows, options.row_names);
    names(entry.column_axis, entry.values.columns, options.column_names);
    return heat_map(entry.values.view(), options);
  }
  throw ValueError("score " + score.metric + ": no table is named " + std::string(table));
}

}  // namespace disentangle::report
