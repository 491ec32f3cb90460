// SPDX-License-Identifier: Apache-2.0
// Heads: grey pictures 64 x 64 of made-up heads on the grid of the "3D faces" that beta-TCVAE was tested on
// (renderings of the Basel face model, Paysan et al. 2009, whose licence forbids passing them on). 50
// identities x 21 azimuths x 11 elevations x 11 lights = 127,050 images. A head is an ellipsoid with bumps
// for nose, brows, eye sockets, cheeks, mouth, chin and ears, whose sizes and places are the identity's; it
// looks like a head of clay, not like a face.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/factor.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/grid.hpp>
#include <disentangle/data/mesh.hpp>

namespace disentangle::data {

/// The factors of heads(): azimuth -90 .. 90 degrees, elevation -30 .. 30 degrees, the light's azimuth -90 ..
/// 90 degrees.
[[nodiscard]] inline std::vector<Factor> heads_factors() {
  return {{"identity", 50}, {"azimuth", 21}, {"elevation", 11}, {"light", 11}};
}

namespace detail {

/// A head of one identity, looking along x, z up.
inline Mesh head_mesh(Seed seed, int identity) {
  Philox const random{seed.value, stream("heads"), static_cast<std::uint64_t>(identity)};
  auto const vary = [&](std::size_t k, float middle, float spread) {
    return middle + spread * (2 * random.uniform(k) - 1);
  };
  // A bump adds height * exp(-angle^2 / (2 width^2)) around a direction given by longitude and latitude.
  struct Bump {
    float longitude, latitude, width, height;
    bool both_sides;
  };
  float const eye_apart = vary(0, 0.36f, 0.07f), nose_low = vary(1, -0.08f, 0.06f),
              mouth = vary(2, -0.42f, 0.05f);
  std::array<Bump, 9> const bumps{{
      {0, nose_low, vary(3, 0.10f, 0.025f), vary(4, 0.26f, 0.10f), false},      // nose
      {0, nose_low + 0.16f, 0.09f, vary(5, 0.10f, 0.05f), false},               // its bridge
      {eye_apart, 0.14f, vary(6, 0.13f, 0.03f), -vary(7, 0.10f, 0.04f), true},  // eye sockets
      {eye_apart, 0.13f, 0.06f, vary(8, 0.05f, 0.02f), true},                   // eyes
      {eye_apart, 0.34f, 0.12f, vary(9, 0.06f, 0.04f), true},                   // brows
      {vary(10, 0.55f, 0.08f), -0.18f, 0.20f, vary(11, 0.07f, 0.05f), true},    // cheeks
      {0, mouth, 0.10f, vary(12, 0.07f, 0.04f), false},                         // mouth
      {0, -0.78f, vary(13, 0.16f, 0.04f), vary(14, 0.14f, 0.09f), false},       // chin
      {1.52f, 0.02f, vary(15, 0.11f, 0.02f), vary(16, 0.20f, 0.08f), true},     // ears
  }};
  float const depth = vary(17, 0.92f, 0.08f), breadth = vary(18, 0.76f, 0.09f),
              height = vary(19, 1.12f, 0.10f), jaw = vary(20, 0.20f, 0.12f);
  constexpr std::size_t rings = 44, spokes = 64;
  Mesh mesh;
  for (std::size_t i = 0; i <= rings; ++i) {
    float const latitude = static_cast<float>(std::numbers::pi * (static_cast<double>(i) / rings - 0.5));
    for (std::size_t j = 0; j < spokes; ++j) {
      float const longitude = static_cast<float>(2 * std::numbers::pi * static_cast<double>(j) / spokes);
      Float3 const d{std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude),
                     std::sin(latitude)};
      float radius = 1;
      for (Bump const& bump : bumps) {
        for (float const side : {1.0f, -1.0f}) {
          if (side < 0 && !bump.both_sides) continue;
          Float3 const centre{std::cos(bump.latitude) * std::cos(side * bump.longitude),
                              std::cos(bump.latitude) * std::sin(side * bump.longitude),
                              std::sin(bump.latitude)};
          float const apart = 2 * (1 - dot(d, centre));  // about the angle squared
          radius += bump.height * std::exp(-apart / (2 * bump.width * bump.width));
        }
      }
      float const narrowing = 1 - jaw * std::max(0.0f, -d[2]);
      mesh.corners.push_back(
          {depth * radius * d[0] * narrowing, breadth * radius * d[1] * narrowing, height * radius * d[2]});
    }
  }
  for (std::size_t i = 0; i < rings; ++i) {
    for (std::size_t j = 0; j < spokes; ++j) {
      auto const at = [&](std::size_t a, std::size_t b) {
        return static_cast<std::uint16_t>(a * spokes + b % spokes);
      };
      mesh.triangles.push_back({at(i, j), at(i, j + 1), at(i + 1, j + 1)});
      mesh.triangles.push_back({at(i, j), at(i + 1, j + 1), at(i + 1, j)});
    }
  }
  mesh.closed = true;
  mesh.smooth_normals();
  return mesh;
}

}  // namespace detail

/// The data set; make one with heads(). A factor_grid. Copies share their storage.
class Heads {
 public:
  using image_shape_type = ImageShape<64, 64, 1>;

  explicit Heads(Seed seed) : grid_(heads_factors()) {
    auto meshes = std::make_shared<std::vector<detail::Mesh>>();
    for (int identity = 0; identity < 50; ++identity) meshes->push_back(detail::head_mesh(seed, identity));
    meshes_ = std::move(meshes);
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "heads"; }
  std::size_t size() const { return grid_.size(); }
  std::vector<Factor> const& factors() const { return grid_.factors(); }
  std::size_t index(std::span<int const> values) const { return grid_.index(values); }

  /// out: (n, 64, 64, 1), on black.
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    constexpr std::size_t pixels = image_shape_type::size;
    check_request("heads", "images", indices, size(), out.size(), pixels);
    std::array<int, 4> values{};
    std::array<float, pixels> cover;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      grid_.values(indices[i], values);
      constexpr double quarter = std::numbers::pi / 2, sixth = std::numbers::pi / 6;
      double const light = (values[3] / 5.0 - 1) * quarter;
      detail::View view;
      view.axes = detail::axes_from((values[1] / 10.0 - 1) * quarter, (values[2] / 5.0 - 1) * sixth);
      view.zoom = 24;
      view.light = detail::unit(
          detail::Float3{static_cast<float>(std::cos(light)), static_cast<float>(std::sin(light)), 0.3f});
      view.ambient = 0.15f;
      view.diffuse = 0.85f;
      auto const target = out.subspan(i * pixels).first<pixels>();
      detail::draw<64>((*meshes_)[static_cast<std::size_t>(values[0])], view, target, cover);
      for (std::size_t p = 0; p < pixels; ++p) target[p] = std::min(1.0f, target[p] * cover[p]);
    }
  }

  /// out: (n, 4).
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    check_request("heads", "labels", indices, size(), out.size(), 4);
    for (std::size_t i = 0; i < indices.size(); ++i) grid_.values(indices[i], out.subspan(i * 4, 4));
  }

 private:
  Grid grid_;
  std::shared_ptr<std::vector<detail::Mesh> const> meshes_;
};

/// 127,050 pictures of 50 heads that the seed makes; some tenths of a millisecond a picture, 6 MB held.
[[nodiscard]] inline Heads heads(Seed seed = {}) { return Heads(seed); }

}  // namespace disentangle::data
