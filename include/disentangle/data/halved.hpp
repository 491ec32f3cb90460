// SPDX-License-Identifier: Apache-2.0
// Images at half their size.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// A data set whose images have half the height and width: each pixel the mean of four. Make one with
/// halved().
template <data_set Data>
class Halved {
  using Inner = typename Data::image_shape_type;
  static_assert(Inner::height % 2 == 0 && Inner::width % 2 == 0,
                "[disentangle] halved needs images of even height and width");

 public:
  using image_shape_type = ImageShape<Inner::height / 2, Inner::width / 2, Inner::channels>;

  explicit Halved(Data data) : data_(std::move(data)) {}

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
    check_request("halved", "images", indices, size(), out.size(), image_shape_type::size);
    constexpr std::size_t channels = Inner::channels, row = Inner::width * channels;
    std::array<float, Inner::size> whole;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      data_.images(indices.subspan(i, 1), whole);
      float* to = out.data() + i * image_shape_type::size;
      for (std::size_t y = 0; y < Inner::height; y += 2) {
        for (std::size_t x = 0; x < Inner::width; x += 2) {
          float const* const from = whole.data() + y * row + x * channels;
          for (std::size_t c = 0; c < channels; ++c) {
            *to++ = 0.25f * (from[c] + from[c + channels] + from[c + row] + from[c + row + channels]);
          }
        }
      }
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const { data_.labels(indices, out); }

 private:
  Data data_;
};

/// The same images at half their size: halved(dsprites()) is 32 x 32.
template <data_set Data>
[[nodiscard]] Halved<Data> halved(Data data) {
  return Halved<Data>(std::move(data));
}

}  // namespace disentangle::data
