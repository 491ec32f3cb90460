// SPDX-License-Identifier: Apache-2.0
// Draws the images of dSprites (Matthey, Higgins, Hassabis, Lerchner 2017) from their factor values.
//
// The published images were drawn by LOVE2D without antialiasing: a pixel is on when its centre lies inside
// the shape. With X = column + 0.5, Y = row + 0.5 (y downwards), and values in units of pixels,
//   centre   cx = 16 + 32 * posX / 31,   cy = 16 + 32 * posY / 31
//   scale    s = 0.5 + 0.1 * scale,      angle = 2 pi * orientation / 39, counter-clockwise on screen
//   u = ((X - cx) cos - (Y - cy) sin) / s,   v = ((X - cx) sin + (Y - cy) cos) / s
// and in (u, v) the shapes are polygons:
//   square    max(|u|, |v|) < 9.5993
//   ellipse   100 vertices (12.766 cos(2 pi k / 100), 7.216 sin(2 pi k / 100))
//   heart     1024 vertices of u = 16 A sin^3 t, v = y0 - B (13 cos t - 5 cos 2t - 2 cos 3t - cos 4t)
//             with A = 0.59963, B = 0.66214, y0 = -1.4363
// The seven numbers were fitted to published images, since the drawing program was not published. Of 358 real
// images with 4096 pixels each, 353 are reproduced bit for bit (squares 84 of 86, ellipses 70 of 71, hearts
// 199 of 201); the other five differ in 1, 1, 2, 2 and 7 pixels, all on grazing edges
// (tests/unit/data/dsprites_test.cpp).
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>

#include <disentangle/core/config.hpp>

namespace disentangle::data {

/// Renders one image a call; const, thread-safe, without heap allocation. 0.1 (square) to 1.2 (heart)
/// microseconds an image on one core of an AMD EPYC (benchmarks/data_benchmark.cpp).
class DspritesRenderer {
 public:
  static constexpr int side = 64;
  /// One image: bit c of word r is the pixel in row r, column c.
  using Rows = std::array<std::uint64_t, side>;

  DISENTANGLE_COLD DspritesRenderer() {
    for (std::size_t k = 0; k < square_.u.size(); ++k) {
      square_.u[k] = k == 0 || k == 3 ? 9.5993 : -9.5993;
      square_.v[k] = k < 2 ? 9.5993 : -9.5993;
    }
    for (std::size_t k = 0; k < ellipse_.u.size(); ++k) {
      double const t = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(ellipse_.u.size());
      ellipse_.u[k] = 12.766 * std::cos(t);
      ellipse_.v[k] = 7.216 * std::sin(t);
    }
    for (std::size_t k = 0; k < heart_.u.size(); ++k) {
      double const t = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(heart_.u.size());
      double const sine = std::sin(t);
      heart_.u[k] = 16 * 0.59963 * sine * sine * sine;
      heart_.v[k] = -1.4363 - 0.66214 * (13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) -
                                         std::cos(4 * t));
    }
    for (std::size_t k = 0; k < angles_.size(); ++k) {
      // The last orientation is a whole turn: exactly the first.
      double const t = 2 * std::numbers::pi * static_cast<double>(k % 39) / 39;
      angles_[k] = {std::cos(t), std::sin(t)};
    }
  }

  /// Draws the image of `values` = shape 0..2 (square, ellipse, heart), scale 0..5, orientation 0..39, posX
  /// 0..31, posY 0..31, which must be in range.
  void render(std::span<int const, 5> values, Rows& rows) const {
    double const scale = 0.5 + 0.1 * values[1];
    auto const& angle = angles_[static_cast<std::size_t>(values[2])];
    Pose const pose{scale * angle[0], scale * angle[1], 16 + 32 * values[3] / 31.0,
                    16 + 32 * values[4] / 31.0};
    rows.fill(0);
    if (values[0] == 0) fill(square_, pose, rows);
    if (values[0] == 1) fill(ellipse_, pose, rows);
    if (values[0] == 2) fill(heart_, pose, rows);
  }

 private:
  /// The vertices of a closed polygon around the origin.
  template <std::size_t N>
  struct Polygon {
    std::array<double, N> u{};
    std::array<double, N> v{};
  };
  /// From (u, v) to pixels: X = x + cosine u + sine v, Y = y - sine u + cosine v; the scale is in both.
  struct Pose {
    double cosine, sine, x, y;
  };

  /// The first row (column) whose centre is not below z, 0 < z < 64: ceil(z - 0.5) without a library call.
  [[nodiscard]] static int first_at(double z) { return side - static_cast<int>((side + 0.5) - z); }

  /// Even-odd filling: each edge inverts, in every row whose centre it crosses, all pixels right of the
  /// crossing.
  template <std::size_t N>
  static void fill(Polygon<N> const& polygon, Pose const& pose, Rows& rows) {
    std::array<double, N> y;
    std::array<int, N> row;
    for (std::size_t i = 0; i < N; ++i) {
      y[i] = pose.y - pose.sine * polygon.u[i] + pose.cosine * polygon.v[i];
      row[i] = first_at(y[i]);
    }
    for (std::size_t i = 0, last = N - 1; i < N; last = i++) {
      if (row[i] == row[last]) continue;
      double const x0 = pose.x + pose.cosine * polygon.u[last] + pose.sine * polygon.v[last];
      double const x1 = pose.x + pose.cosine * polygon.u[i] + pose.sine * polygon.v[i];
      double const slope = (x1 - x0) / (y[i] - y[last]);
      int const from = row[i] < row[last] ? row[i] : row[last];
      int const to = row[i] < row[last] ? row[last] : row[i];
      for (int r = from; r < to; ++r) {
        // Shapes stay inside columns 3 .. 60, so the shift is below 64.
        rows[static_cast<std::size_t>(r)] ^= ~std::uint64_t{0} << first_at(x0 + (r + 0.5 - y[last]) * slope);
      }
    }
  }

  Polygon<4> square_;
  Polygon<100> ellipse_;
  Polygon<1024> heart_;
  std::array<std::array<double, 2>, 40> angles_{};
};

}  // namespace disentangle::data
