// SPDX-License-Identifier: Apache-2.0
// Images on a larger black ground.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// A data set whose images stand in the middle of black ones of Shape (a row or column above or left of the
/// middle where that is none). Make one with padded().
template <class Shape, data_set Data>
class Padded {
  using Inner = typename Data::image_shape_type;
  static_assert(
      Shape::height >= Inner::height && Shape::width >= Inner::width && Shape::channels == Inner::channels,
      "[disentangle] padded<Shape> needs a Shape that is not smaller than the images and has their channels");

 public:
  using image_shape_type = Shape;

  explicit Padded(Data data) : data_(std::move(data)) {}

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return data_.name(); }
  std::size_t size() const { return data_.size(); }
  std::vector<Factor> const& factors() const { return data_.factors(); }
  std::size_t index(std::span<int const> values) const
    requires factor_grid<Data>
  {
    return data_.index(values);
  }

  /// out: (n, height, width, channels).
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request("padded", "images", indices, size(), out.size(), Shape::size);
    constexpr std::size_t row = std::size_t{Inner::width} * Inner::channels,
                          wide = std::size_t{Shape::width} * Shape::channels;
    constexpr std::size_t top = (Shape::height - Inner::height) / 2,
                          left = std::size_t{(Shape::width - Inner::width) / 2} * Inner::channels;
    // The small images are asked for at the end of `out` and moved to their places from the front: no row's
    // place lies behind the row.
    std::size_t const n = indices.size(), start = out.size() - n * Inner::size;
    data_.images(indices, out.subspan(start));
    for (std::size_t i = 0; i < n; ++i) {
      float* const image = out.data() + i * Shape::size;
      float const* const small_image = out.data() + start + i * Inner::size;
      float* at = image;
      for (std::size_t y = 0; y < Inner::height; ++y) {
        float* const target = image + (top + y) * wide + left;
        std::fill(at, target, 0.0f);
        std::memmove(target, small_image + y * row, row * sizeof(float));
        at = target + row;
      }
      std::fill(at, image + Shape::size, 0.0f);
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const { data_.labels(indices, out); }

 private:
  Data data_;
};

/// The same images in the middle of a larger black ground: padded<dis::ImageShape<32, 32,
/// 1>>(mnist("mnist")).
template <class Shape, data_set Data>
[[nodiscard]] Padded<Shape, Data> padded(Data data) {
  return Padded<Shape, Data>(std::move(data));
}

}  // namespace disentangle::data
