// SPDX-License-Identifier: Apache-2.0
// 3D Shapes (Burgess, Kim, "3D shapes dataset", 2018): 480,000 colour images 64 x 64 of an object in a room,
// each combination of six factors once. Rendered here from the factor values, or read from a file
// (data/shapes3d_hdf5.hpp); both are the same class.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/byte_grid.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/grid.hpp>
#include <disentangle/data/shapes3d_renderer.hpp>

namespace disentangle::data {

/// The factors of 3D Shapes, in the published order; the last one moves quickest. Hues are 0, 0.1 .. 0.9 of
/// the colour circle, scale 0.75 .. 1.25, shape 0 cube, 1 cylinder, 2 sphere, 3 capsule, orientation -30 ..
/// 30 degrees.
[[nodiscard]] inline std::vector<Factor> shapes3d_factors() {
  return {{"floor_hue", 10}, {"wall_hue", 10}, {"object_hue", 10},
          {"scale", 8},      {"shape", 4},     {"orientation", 15}};
}

/// The data set; make one with shapes3d(). A factor_grid. Copies share their storage.
class Shapes3d {
 public:
  using image_shape_type = ImageShape<64, 64, 3>;

  /// Renders images on demand; nothing is read.
  Shapes3d() : grid_(shapes3d_factors()), renderer_(std::make_shared<Shapes3dRenderer const>()) {}
  /// Takes images from memory. Throws ShapeError unless their factors are those of 3D Shapes.
  explicit Shapes3d(ByteGrid<image_shape_type> images)
      : grid_(shapes3d_factors()), stored_(std::move(images)) {
    if (stored_->factors() != grid_.factors()) {
      throw ShapeError("shapes3d: the images of " + stored_->name() +
                       " do not have the factors of 3D Shapes");
    }
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "shapes3d"; }
  std::size_t size() const { return grid_.size(); }
  std::vector<Factor> const& factors() const { return grid_.factors(); }
  /// The image of factor values (floor hue, wall hue, object hue, scale, shape, orientation).
  std::size_t index(std::span<int const> values) const { return grid_.index(values); }
  /// Whether images are rendered (true) or come from a file (false).
  bool rendered() const { return !stored_.has_value(); }

  /// out: (n, 64, 64, 3), multiples of 1/255.
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    if (stored_) return stored_->images(indices, out);
    constexpr std::size_t values_per_image = image_shape_type::size;
    check_request("shapes3d", "images", indices, size(), out.size(), values_per_image);
    std::array<int, 6> values{};
    for (std::size_t i = 0; i < indices.size(); ++i) {
      grid_.values(indices[i], values);
      renderer_->render(values, out.subspan(i * values_per_image, values_per_image));
    }
  }

  /// out: (n, 6).
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    check_request("shapes3d", "labels", indices, size(), out.size(), 6);
    for (std::size_t i = 0; i < indices.size(); ++i) grid_.values(indices[i], out.subspan(i * 6, 6));
  }

 private:
  Grid grid_;
  std::shared_ptr<Shapes3dRenderer const> renderer_;
  std::optional<ByteGrid<image_shape_type>> stored_;
};

/// 3D Shapes without a file: images are rendered on demand, near to the published ones but not equal; see
/// shapes3d_renderer.hpp. Where pixels matter, read the published file.
[[nodiscard]] inline Shapes3d shapes3d() { return {}; }

}  // namespace disentangle::data
