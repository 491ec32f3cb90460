// SPDX-License-Identifier: Apache-2.0
// Draws a mesh of triangles under Lambert's law into a small picture: what the renderers of teapots and heads
// share.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <disentangle/core/error.hpp>

namespace disentangle::data::detail {

using Float3 = std::array<float, 3>;

inline float dot(Float3 const& a, Float3 const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline Float3 cross(Float3 const& a, Float3 const& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
/// Of length 1; the zero vector stays as it is.
inline Float3 unit(Float3 const& a) {
  float const length = std::sqrt(dot(a, a));
  return length > 1e-12f ? Float3{a[0] / length, a[1] / length, a[2] / length} : Float3{};
}

/// Corners, their normals and the triangles between them. At most Mesh::most corners.
struct Mesh {
  static constexpr std::size_t most = 4096;
  std::vector<Float3> corners;
  std::vector<Float3> normals;
  std::vector<std::array<std::uint16_t, 3>> triangles;
  /// Whether all triangles run anticlockwise as seen from outside of a closed body, so that those behind need
  /// no drawing.
  bool closed = false;

  /// Gives every corner the mean of the normals of its triangles, weighted by their areas; corners at the
  /// same place are taken together, so that seams do not show.
  void smooth_normals() {
    normals.assign(corners.size(), Float3{});
    for (auto const& t : triangles) {
      Float3 const &a = corners[t[0]], &b = corners[t[1]], &c = corners[t[2]];
      Float3 const n =
          cross({b[0] - a[0], b[1] - a[1], b[2] - a[2]}, {c[0] - a[0], c[1] - a[1], c[2] - a[2]});
      for (std::size_t const k : t) {
        for (std::size_t d = 0; d < 3; ++d) normals[k][d] += n[d];
      }
    }
    std::vector<std::uint16_t> order(corners.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint16_t>(i);
    auto const key = [&](std::uint16_t i) {
      return std::array{std::lround(corners[i][0] * 1e4f), std::lround(corners[i][1] * 1e4f),
                        std::lround(corners[i][2] * 1e4f)};
    };
    std::ranges::sort(order, [&](std::uint16_t a, std::uint16_t b) { return key(a) < key(b); });
    for (std::size_t first = 0; first < order.size();) {
      std::size_t last = first;
      Float3 sum{};
      for (; last < order.size() && key(order[last]) == key(order[first]); ++last) {
        Float3 const& n = normals[order[last]];
        // Triangles of either side may run either way round.
        float const sign = dot(sum, n) < 0 ? -1.0f : 1.0f;
        for (std::size_t d = 0; d < 3; ++d) sum[d] += sign * n[d];
      }
      for (; first < last; ++first) normals[order[first]] = unit(sum);
    }
  }
};

/// From where a mesh is seen: the rows of `axes` point to the right, up, and towards the eye; `centre` is in
/// the middle of the picture, `zoom` pixels are one unit. Parallel projection.
struct View {
  std::array<Float3, 3> axes;
  Float3 centre{};
  float zoom = 1;
  /// The direction towards the light, in the coordinates of the mesh.
  Float3 light{};
  /// Brightness = ambient + diffuse * max(0, cosine of normal and light).
  float ambient = 0.3f, diffuse = 0.7f;
};

/// The direction from which azimuth and elevation (radians) look at the origin, z up, as the axes of a View.
inline std::array<Float3, 3> axes_from(double azimuth, double elevation) {
  auto const f = [](double v) { return static_cast<float>(v); };
  double const ca = std::cos(azimuth), sa = std::sin(azimuth), ce = std::cos(elevation),
               se = std::sin(elevation);
  return {Float3{f(-sa), f(ca), 0}, Float3{f(-se * ca), f(-se * sa), f(ce)},
          Float3{f(ce * ca), f(ce * sa), f(se)}};
}

/// Draws the mesh into side x side pixels: the brightness of what is seen, and how much of the pixel it
/// covers, both 0 .. 1 and both summed over 2 x 2 points; brightness is that of the covered part. Without
/// heap allocation; 200 KB of stack.
template <int Side>
void draw(Mesh const& mesh, View const& view, std::span<float, Side * Side> brightness,
          std::span<float, Side * Side> cover) {
  constexpr int fine = 2 * Side;
  std::array<float, std::size_t{fine} * fine> depth, shade;
  std::array<std::array<float, 4>, Mesh::most> seen;  // column, row, depth, brightness of each corner
  depth.fill(-1e30f);
  for (std::size_t i = 0; i < mesh.corners.size(); ++i) {
    Float3 const& corner = mesh.corners[i];
    Float3 const p{corner[0] - view.centre[0], corner[1] - view.centre[1], corner[2] - view.centre[2]};
    Float3 normal = mesh.normals[i];
    if (dot(normal, view.axes[2]) < 0) normal = {-normal[0], -normal[1], -normal[2]};
    seen[i] = {Side + 2 * view.zoom * dot(p, view.axes[0]), Side - 2 * view.zoom * dot(p, view.axes[1]),
               dot(p, view.axes[2]), view.ambient + view.diffuse * std::max(0.0f, dot(normal, view.light))};
  }
  for (auto const& t : mesh.triangles) {
    auto const &a = seen[t[0]], &b = seen[t[1]], &c = seen[t[2]];
    float const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if (std::abs(area) < 1e-9f || (mesh.closed && area > 0)) continue;
    // Points lie in the middles of the fine pixels.
    float const x0 = std::min(a[0], std::min(b[0], c[0])), x1 = std::max(a[0], std::max(b[0], c[0]));
    float const y0 = std::min(a[1], std::min(b[1], c[1])), y1 = std::max(a[1], std::max(b[1], c[1]));
    // Rounding by truncation: the bounds are positive once they are cut.
    int const left = static_cast<int>(std::clamp(x0 + 0.5f, 0.0f, static_cast<float>(fine))),
              right = static_cast<int>(std::clamp(x1 + 0.5f, 0.0f, static_cast<float>(fine)));
    int const top = static_cast<int>(std::clamp(y0 + 0.5f, 0.0f, static_cast<float>(fine))),
              bottom = static_cast<int>(std::clamp(y1 + 0.5f, 0.0f, static_cast<float>(fine)));
    if (left == right || top == bottom) continue;
    float const inverse = 1 / area;
    float const bx = (c[1] - a[1]) * inverse,
                by = (a[0] - c[0]) * inverse;  // weights of b and c grow so by column and row
    float const cx = (a[1] - b[1]) * inverse, cy = (b[0] - a[0]) * inverse;
    for (int y = top; y < bottom; ++y) {
      float const v = static_cast<float>(y) + 0.5f - a[1];
      float const b_row = v * by, c_row = v * cy;
      for (int x = left; x < right; ++x) {
        float const u = static_cast<float>(x) + 0.5f - a[0];
        float const wb = u * bx + b_row, wc = u * cx + c_row, wa = 1 - wb - wc;
        if (wa < 0 || wb < 0 || wc < 0) continue;
        float const z = wa * a[2] + wb * b[2] + wc * c[2];
        auto const at = static_cast<std::size_t>(y * fine + x);
        if (z <= depth[at]) continue;
        depth[at] = z;
        shade[at] = wa * a[3] + wb * b[3] + wc * c[3];
      }
    }
  }
  for (std::size_t y = 0; y < Side; ++y) {
    for (std::size_t x = 0; x < Side; ++x) {
      float sum = 0, covered = 0;
      for (std::size_t k = 0; k < 4; ++k) {
        std::size_t const at = (2 * y + k / 2) * fine + 2 * x + k % 2;
        if (depth[at] == -1e30f) continue;
        sum += shade[at];
        ++covered;
      }
      brightness[y * Side + x] = covered > 0 ? sum / covered : 0.0f;
      cover[y * Side + x] = covered / 4;
    }
  }
}

}  // namespace disentangle::data::detail
