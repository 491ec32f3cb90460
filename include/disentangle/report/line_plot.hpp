// SPDX-License-Identifier: Apache-2.0
// A line plot of several series: axes with round ticks, light grid, legend.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/report/canvas.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::report {

/// One curve. Points that are not finite are left out and interrupt it.
struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

/// Words and size of a plot.
struct PlotOptions {
  std::string title{};
  std::string x_label{};
  std::string y_label{};
  int width = 960;
  int height = 600;
  /// Base-10 logarithmic y axis; values of 0 or less are left out.
  bool log_y = false;
};

namespace detail {

/// 1, 2 or 5 times a power of ten, about range / count.
inline double tick_step(double range, int count) {
  double const raw = range / count, power = std::pow(10.0, std::floor(std::log10(raw)));
  double const mantissa = raw / power;
  return power * (mantissa < 1.5 ? 1 : mantissa < 3.5 ? 2 : mantissa < 7.5 ? 5 : 10);
}

/// The unit of an axis whose largest value is `largest`: 1, or a thousand, million or billion with its
/// letter.
struct TickUnit {
  double size = 1;
  char const* letter = "";

  static TickUnit of(double largest) {
    if (largest < 1e4 || largest >= 1e12) return {};
    return largest >= 1e9 ? TickUnit{1e9, "G"} : largest >= 1e6 ? TickUnit{1e6, "M"} : TickUnit{1e3, "k"};
  }
};

/// "20k", "1.5M", "0.25", "1e-06"; what is tiny beside the step is 0.
inline std::string tick_text(double value, double step, TickUnit unit) {
  if (std::fabs(value) < step * 1e-6) return "0";
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%.6g%s", value / unit.size, unit.letter);
  return buffer;
}

/// Limits of an axis, widened to whole ticks.
struct Axis {
  double low = 0, high = 1, step = 0.2;

  static Axis around(double low, double high, int ticks, bool widen) {
    if (!(low <= high)) return {};
    if (low == high) {
      double const margin = low == 0 ? 1 : std::fabs(low) * 0.1;
      low -= margin;
      high += margin;
    }
    Axis axis{low, high, tick_step(high - low, ticks)};
    if (widen) {
      axis.low = std::floor(low / axis.step + 1e-9) * axis.step;
      axis.high = std::ceil(high / axis.step - 1e-9) * axis.step;
    }
    return axis;
  }
  TickUnit unit() const { return TickUnit::of(std::max(std::fabs(low), std::fabs(high))); }
  double share(double value) const { return (value - low) / (high - low); }
};

}  // namespace detail

/// Draws the series; throws ShapeError where the x and y of one differ in number.
inline Canvas line_plot(std::span<Series const> series, PlotOptions const& options = {}) {
  double constexpr infinity = std::numeric_limits<double>::infinity();
  double x_low = infinity, x_high = -infinity, y_low = infinity, y_high = -infinity;
  auto const height_of = [&](double y) {
    return options.log_y ? (y > 0 ? std::log10(y) : std::numeric_limits<double>::quiet_NaN()) : y;
  };
  for (auto const& one : series) {
    if (one.x.size() != one.y.size()) {
      throw ShapeError("series '" + one.name + "' has " + std::to_string(one.x.size()) + " x values and " +
                       std::to_string(one.y.size()) + " y values");
    }
    for (std::size_t i = 0; i < one.x.size(); ++i) {
      double const y = height_of(one.y[i]);
      if (!std::isfinite(one.x[i]) || !std::isfinite(y)) continue;
      x_low = std::min(x_low, one.x[i]);
      x_high = std::max(x_high, one.x[i]);
      y_low = std::min(y_low, y);
      y_high = std::max(y_high, y);
    }
  }
  auto const x_axis = detail::Axis::around(x_low, x_high, 8, false);
  auto y_axis = detail::Axis::around(y_low, y_high, 6, true);
  if (options.log_y && y_axis.step < 1 && y_axis.high - y_axis.low > 1.5) y_axis.step = 1;

  constexpr int zoom = 2, margin = 20;
  int const line_height = text_height(zoom);
  auto const y_text = [&](double value) {
    return options.log_y ? detail::tick_text(std::pow(10.0, value), 0, {})
                         : detail::tick_text(value, y_axis.step, y_axis.unit());
  };
  int y_tick_width = 0;
  auto const each_tick = [](detail::Axis const& axis, auto&& visit) {
    double const first = std::ceil(axis.low / axis.step - 1e-9);
    for (int i = 0; i < 100; ++i) {
      double const value = (first + i) * axis.step;
      if (value > axis.high + axis.step * 1e-6) break;
      visit(value);
    }
  };
  each_tick(y_axis,
            [&](double value) { y_tick_width = std::max(y_tick_width, text_width(y_text(value), zoom)); });
  int legend_width = 0;
  for (auto const& one : series) legend_width = std::max(legend_width, text_width(one.name, zoom));
  bool const has_legend = legend_width > 0;

  Canvas canvas(options.width, options.height);
  int const left = margin + (options.y_label.empty() ? 0 : line_height + 10) + y_tick_width + 10;
  int const right = options.width - margin - (has_legend ? legend_width + 56 : 10);
  int const top = margin + (options.title.empty() ? line_height / 2 : text_height(zoom + 1) + 14);
  int const bottom =
      options.height - margin - (options.x_label.empty() ? 0 : line_height + 8) - line_height - 8;
  if (right - left < 40 || bottom - top < 40) {
    throw ShapeError("a plot of " + std::to_string(options.width) + " x " + std::to_string(options.height) +
                     " pixels is too small for its labels");
  }
  auto const column = [&](double x) { return left + x_axis.share(x) * (right - left); };
  auto const row = [&](double y) { return bottom - y_axis.share(y) * (bottom - top); };

  canvas.text(margin, margin, options.title, colours::ink, zoom + 1);
  each_tick(y_axis, [&](double value) {
    int const y = static_cast<int>(std::lround(row(value)));
    canvas.rectangle(left, y, right - left, 1, {233, 236, 239});
    canvas.text(left - 10, y - font_ascent * zoom / 2, y_text(value), colours::muted, zoom, Align::right);
  });
  each_tick(x_axis, [&](double value) {
    int const x = static_cast<int>(std::lround(column(value)));
    canvas.rectangle(x, top, 1, bottom - top, {233, 236, 239});
    canvas.rectangle(x, bottom, 1, 5, colours::frame);
    canvas.text(x, bottom + 10, detail::tick_text(value, x_axis.step, x_axis.unit()), colours::muted, zoom,
                Align::centre);
  });
  canvas.rectangle(left, top, 1, bottom - top, colours::frame);
  canvas.rectangle(left, bottom, right - left + 1, 1, colours::frame);
  canvas.text((left + right) / 2, options.height - margin - line_height, options.x_label, colours::ink, zoom,
              Align::centre);
  canvas.vertical_text(margin, (top + bottom) / 2, options.y_label, colours::ink, zoom);

  for (std::size_t s = 0; s < series.size(); ++s) {
    auto const& one = series[s];
    Colour const colour = colours::series[s % std::size(colours::series)];
    bool has_previous = false, joined = false;
    double previous_x = 0, previous_y = 0;
    auto const finish = [&] {
      // A point without neighbours would not be seen.
      if (has_previous && !joined) canvas.line(previous_x, previous_y, previous_x, previous_y, colour, 5);
    };
    for (std::size_t i = 0; i < one.x.size(); ++i) {
      double const y = height_of(one.y[i]);
      if (!std::isfinite(one.x[i]) || !std::isfinite(y)) {
        finish();
        has_previous = joined = false;
        continue;
      }
      double const at_x = column(one.x[i]), at_y = row(y);
      if (has_previous) {
        canvas.line(previous_x, previous_y, at_x, at_y, colour, 2);
        joined = true;
      }
      previous_x = at_x;
      previous_y = at_y;
      has_previous = true;
    }
    finish();
    if (has_legend) {
      int const y = top + static_cast<int>(s) * (line_height + 8);
      canvas.rectangle(right + 20, y + font_ascent * zoom / 2 - 2, 20, 4, colour);
      canvas.text(right + 48, y, one.name, colours::ink, zoom);
    }
  }
  return canvas;
}

}  // namespace disentangle::report
