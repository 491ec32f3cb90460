// SPDX-License-Identifier: Apache-2.0
// A factor grid of images held in memory, one byte a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/grid.hpp>

namespace disentangle::data {

/// The data set: the images of a grid in its order, byte b standing for b / 255. A factor_grid. Copies share
/// their storage.
template <class Shape>
class ByteGrid {
 public:
  using image_shape_type = Shape;

  /// Takes over the bytes, (size, height, width, channels). Throws ShapeError when they are not as many as
  /// the grid has values.
  ByteGrid(std::vector<std::uint8_t> pixels, std::vector<Factor> factors, std::string name)
      : grid_(std::move(factors)), name_(std::move(name)) {
    if (pixels.size() / Shape::size != grid_.size() || pixels.size() % Shape::size != 0) {
      throw ShapeError(name_ + ": found " + std::to_string(pixels.size()) + " bytes, expected " +
                       std::to_string(grid_.size()) + " images of " + std::to_string(Shape::size));
    }
    pixels_ = std::make_shared<std::vector<std::uint8_t> const>(std::move(pixels));
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return name_; }
  std::size_t size() const { return grid_.size(); }
  std::vector<Factor> const& factors() const { return grid_.factors(); }
  std::size_t index(std::span<int const> values) const { return grid_.index(values); }

  /// out: (n, height, width, channels).
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request(name_.c_str(), "images", indices, size(), out.size(), Shape::size);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::uint8_t const* const source = pixels_->data() + indices[i] * Shape::size;
      float* const target = out.data() + i * Shape::size;
      for (std::size_t p = 0; p < Shape::size; ++p) target[p] = static_cast<float>(source[p]) * (1.0f / 255);
    }
  }

  /// out: (n, factors).
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors().size();
    check_request(name_.c_str(), "labels", indices, size(), out.size(), width);
    for (std::size_t i = 0; i < indices.size(); ++i) grid_.values(indices[i], out.subspan(i * width, width));
  }

 private:
  Grid grid_;
  std::string name_;
  std::shared_ptr<std::vector<std::uint8_t> const> pixels_;
};

}  // namespace disentangle::data
