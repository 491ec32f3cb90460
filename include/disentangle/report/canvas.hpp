// SPDX-License-Identifier: Apache-2.0
// A picture to draw on: 8-bit RGB, rectangles, lines, images, text.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/png.hpp>
#include <disentangle/report/font.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace disentangle::report {

/// An RGB colour.
struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  friend constexpr bool operator==(Colour, Colour) = default;
};

/// The colours of the library's pictures: dark ink on white.
namespace colours {
inline constexpr Colour white{255, 255, 255}, ink{33, 37, 41}, muted{84, 92, 100}, rule{206, 212, 218},
    frame{173, 181, 189}, shade{248, 249, 250};
/// Distinguishable series, also for colour-blind readers (after Okabe and Ito).
inline constexpr Colour series[] = {{0, 114, 178},  {213, 94, 0},   {0, 158, 115}, {204, 121, 167},
                                    {230, 159, 0},  {86, 180, 233}, {90, 90, 90},  {150, 90, 40},
                                    {110, 70, 160}, {150, 160, 20}};
}  // namespace colours

/// Where a text stands relative to its point.
enum class Align { left, centre, right };

/// Pixels that a text takes at a zoom.
[[nodiscard]] constexpr int text_width(std::string_view text, int zoom) {
  return text.empty() ? 0 : static_cast<int>(text.size()) * font_advance * zoom - zoom;
}
[[nodiscard]] constexpr int text_height(int zoom) { return font_height * zoom; }

/// Coordinates count pixels from the top left corner; what falls outside is cut off.
class Canvas {
 public:
  /// Throws ShapeError unless both sides are 1 to 32768.
  Canvas(int width, int height, Colour background = colours::white) : width_(width), height_(height) {
    if (width < 1 || height < 1 || width > io::max_png_side || height > io::max_png_side ||
        static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) > io::max_png_pixels) {
      throw ShapeError("a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                       " pixels, expected 1 to " + std::to_string(io::max_png_side) + " a side and at most " +
                       std::to_string(io::max_png_pixels) + " in all");
    }
    pixels_.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    rectangle(0, 0, width, height, background);
  }

  int width() const { return width_; }
  int height() const { return height_; }

  /// The colour of a pixel, which must lie inside.
  Colour at(int x, int y) const {
    auto const* p = pixels_.data() + offset(x, y);
    return {p[0], p[1], p[2]};
  }

  void set(int x, int y, Colour colour) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
    auto* p = pixels_.data() + offset(x, y);
    p[0] = colour.red;
    p[1] = colour.green;
    p[2] = colour.blue;
  }

  /// A filled rectangle.
  void rectangle(int x, int y, int width, int height, Colour colour) {
    int const right = std::min(x + width, width_), bottom = std::min(y + height, height_);
    for (int v = std::max(y, 0); v < bottom; ++v) {
      for (int u = std::max(x, 0); u < right; ++u) set(u, v, colour);
    }
  }

  /// The outline of a rectangle, `thickness` pixels inwards.
  void outline(int x, int y, int width, int height, Colour colour, int thickness = 1) {
    rectangle(x, y, width, thickness, colour);
    rectangle(x, y + height - thickness, width, thickness, colour);
    rectangle(x, y, thickness, height, colour);
    rectangle(x + width - thickness, y, thickness, height, colour);
  }

  /// A straight line of a thickness in pixels with smoothed edges; coordinates are those of pixel centres.
  void line(double x0, double y0, double x1, double y1, Colour colour, double thickness = 1) {
    double const reach = thickness / 2 + 1;
    double const dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
    if (!std::isfinite(length2)) return;
    int const left = clamp_to(std::min(x0, x1) - reach, width_),
              right = clamp_to(std::max(x0, x1) + reach, width_);
    int const top = clamp_to(std::min(y0, y1) - reach, height_),
              bottom = clamp_to(std::max(y0, y1) + reach, height_);
    for (int y = top; y <= bottom; ++y) {
      for (int x = left; x <= right; ++x) {
        double const t = length2 > 0 ? std::clamp(((x - x0) * dx + (y - y0) * dy) / length2, 0.0, 1.0) : 0.0;
        double const distance = std::hypot(x - x0 - t * dx, y - y0 - t * dy);
        blend(x, y, colour, std::clamp(thickness / 2 + 0.5 - distance, 0.0, 1.0));
      }
    }
  }

  /// Mixes a colour into a pixel: weight 0 leaves it, 1 replaces it.
  void blend(int x, int y, Colour colour, double weight) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_ || weight <= 0) return;
    auto* p = pixels_.data() + offset(x, y);
    std::uint8_t const over[3] = {colour.red, colour.green, colour.blue};
    for (int c = 0; c < 3; ++c)
      p[c] = static_cast<std::uint8_t>(std::lround(p[c] + weight * (over[c] - p[c])));
  }

  /// An image as the library keeps them: (height, width, channels) floats in [0, 1], clamped; 1 channel is
  /// grey, 3 are RGB. Each pixel becomes a square of zoom x zoom. Throws ShapeError for another number of
  /// channels or values.
  void image(int x, int y, std::span<float const> values, int width, int height, int channels, int zoom = 1) {
    if ((channels != 1 && channels != 3) || width < 1 || height < 1 || zoom < 1 ||
        values.size() != static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                             static_cast<std::size_t>(channels)) {
      throw ShapeError("cannot draw " + std::to_string(values.size()) + " values as an image of " +
                       std::to_string(height) + " x " + std::to_string(width) + " x " +
                       std::to_string(channels) + "; expected 1 or 3 channels");
    }
    for (int v = 0; v < height; ++v) {
      for (int u = 0; u < width; ++u) {
        auto const* value = values.data() + (static_cast<std::size_t>(v) * static_cast<std::size_t>(width) +
                                             static_cast<std::size_t>(u)) *
                                                static_cast<std::size_t>(channels);
        Colour const colour = channels == 1 ? Colour{to_byte(value[0]), to_byte(value[0]), to_byte(value[0])}
                                            : Colour{to_byte(value[0]), to_byte(value[1]), to_byte(value[2])};
        rectangle(x + u * zoom, y + v * zoom, zoom, zoom, colour);
      }
    }
  }

  /// Text whose cell (see font.hpp) has its top at y; x is its left end, centre or right end. ASCII only,
  /// other bytes become '?'. From zoom 2 on, diagonal strokes are smoothed.
  void text(int x, int y, std::string_view text, Colour colour = colours::ink, int zoom = 1,
            Align align = Align::left) {
    if (align == Align::centre) x -= text_width(text, zoom) / 2;
    if (align == Align::right) x -= text_width(text, zoom);
    for (char const c : text) {
      glyph(c, zoom, [&](int u, int v, double weight) { blend(x + u, y + v, colour, weight); });
      x += font_advance * zoom;
    }
  }

  /// Text turned by 90 degrees, read from bottom to top; x is the left side of its cells, y its middle.
  void vertical_text(int x, int y, std::string_view text, Colour colour = colours::ink, int zoom = 1) {
    y += text_width(text, zoom) / 2;
    for (char const c : text) {
      glyph(c, zoom, [&](int u, int v, double weight) { blend(x + v, y - 1 - u, colour, weight); });
      y -= font_advance * zoom;
    }
  }

  io::Image8 to_image() const { return {width_, height_, 3, pixels_}; }

  /// Writes a PNG, beside and renamed.
  void save(std::filesystem::path const& path) const { io::write_png(path, to_image()); }

 private:
  [[nodiscard]] static std::uint8_t to_byte(float value) {
    // NaN fails both comparisons of clamp's, so it is mapped first.
    return value > 0 ? static_cast<std::uint8_t>(std::lround(std::min(value, 1.0f) * 255)) : std::uint8_t{0};
  }

  [[nodiscard]] static int clamp_to(double value, int extent) {
    return static_cast<int>(std::clamp(std::round(value), 0.0, static_cast<double>(extent - 1)));
  }

  /// Calls put(x, y, weight) for the pixels of a glyph, relative to the top left of its cell.
  template <class Put>
  static void glyph(char c, int zoom, Put&& put) {
    auto const& rows = detail::glyph_of(c);
    auto const ink = [&](int u, int v) {
      return u >= 0 && v >= 0 && u < font_width && v < font_height &&
             (rows[static_cast<std::size_t>(v)] >> u & 1) != 0;
    };
    for (int v = 0; v < font_height; ++v) {
      for (int u = 0; u < font_width; ++u) {
        for (int j = 0; j < zoom; ++j) {
          for (int i = 0; i < zoom; ++i) {
            double weight = ink(u, v) ? 1 : 0;
            // In the inner corner of a diagonal step, the pixels near the corner are partly covered.
            for (int const side : {-1, 1}) {
              for (int const down : {-1, 1}) {
                if (weight == 1 || !ink(u + side, v) || !ink(u, v + down) || ink(u + side, v + down))
                  continue;
                int const distance = (side > 0 ? zoom - 1 - i : i) + (down > 0 ? zoom - 1 - j : j);
                weight = std::max(weight, std::clamp(0.7 * (zoom / 2.0 - distance), 0.0, 0.9));
              }
            }
            if (weight > 0 && (weight == 1 || zoom > 1)) put(u * zoom + i, v * zoom + j, weight);
          }
        }
      }
    }
  }

  std::size_t offset(int x, int y) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3;
  }

  int width_;
  int height_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace disentangle::report
