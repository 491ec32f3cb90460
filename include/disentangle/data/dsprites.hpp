// SPDX-License-Identifier: Apache-2.0
// dSprites (Matthey, Higgins, Hassabis, Lerchner, "dSprites: disentanglement testing sprites dataset", 2017):
// 737,280 black-and-white images 64 x 64 of a square, an ellipse or a heart, each combination of five factors
// once. Rendered here from the factor values, or read from the published file; both are the same class.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <numbers>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/config.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/bit_grid.hpp>
#include <disentangle/data/bits.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/dsprites_renderer.hpp>
#include <disentangle/data/grid.hpp>

namespace disentangle::data {

/// The factors of dSprites, in the published order; the last one moves quickest:
///   index = (((shape * 6 + scale) * 40 + orientation) * 32 + posX) * 32 + posY.
/// Shape: 0 square, 1 ellipse, 2 heart. Scale: 0.5 .. 1. Orientation: 0 .. 2 pi, both ends, so the values 0
/// and 39 are the same picture. Positions: 0 .. 1, posX to the right, posY downwards. (The published `color`
/// has one value.)
[[nodiscard]] DISENTANGLE_COLD inline std::vector<Factor> dsprites_factors() {
  return {{"shape", 3}, {"scale", 6}, {"orientation", 40}, {"posX", 32}, {"posY", 32}};
}

/// The data set; make one with dsprites(). A factor_grid. Copies share their storage.
class Dsprites {
 public:
  using image_shape_type = ImageShape<64, 64, 1>;

  /// Renders images on demand: nothing is read, 20 KiB are held.
  DISENTANGLE_COLD Dsprites()
      : grid_(dsprites_factors()), renderer_(std::make_shared<DspritesRenderer const>()) {}
  /// Takes images from memory. Throws ShapeError unless their factors are those of dSprites.
  explicit Dsprites(BitGrid<image_shape_type> images)
      : grid_(dsprites_factors()), stored_(std::move(images)) {
    if (stored_->factors() != grid_.factors()) {
      throw ShapeError("dsprites: the images of " + stored_->name() + " do not have the factors of dSprites");
    }
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "dsprites"; }
  std::size_t size() const { return grid_.size(); }
  std::vector<Factor> const& factors() const { return grid_.factors(); }
  /// The image of factor values (shape, scale, orientation, posX, posY).
  std::size_t index(std::span<int const> values) const { return grid_.index(values); }
  /// Whether images are rendered (true) or come from a file (false).
  bool rendered() const { return !stored_.has_value(); }

  /// out: (n, 64, 64, 1), each value 0 or 1. About 1 microsecond an image rendered, half of that stored.
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    if (stored_) return stored_->images(indices, out);
    constexpr std::size_t pixels = image_shape_type::size;
    check_request("dsprites", "images", indices, size(), out.size(), pixels);
    DspritesRenderer::Rows rows;
    std::array<int, 5> values{};
    for (std::size_t i = 0; i < indices.size(); ++i) {
      grid_.values(indices[i], values);
      renderer_->render(values, rows);
      detail::expand_bits(rows.data(), out.subspan(i * pixels, pixels));
    }
  }

  /// out: (n, 5).
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    check_request("dsprites", "labels", indices, size(), out.size(), 5);
    for (std::size_t i = 0; i < indices.size(); ++i) grid_.values(indices[i], out.subspan(i * 5, 5));
  }

 private:
  Grid grid_;
  std::shared_ptr<DspritesRenderer const> renderer_;
  std::optional<BitGrid<image_shape_type>> stored_;
};

/// dSprites without a file: images are rendered on demand. 98.6 % of known real images are reproduced bit for
/// bit, the others up to a few grazing pixels; see dsprites_renderer.hpp.
[[nodiscard]] inline Dsprites dsprites() { return {}; }

/// dSprites from the published file dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz, or one of the same
/// members: `imgs` (737280, 64, 64) uint8 of 0 and 1, and `latents_classes` (737280, 6), which is checked
/// when it is there. Held as 360 MiB of bits; reading takes some seconds. Throws FileError when the file is
/// missing, truncated, corrupt, or holds other extents, other pixel values or another order of images.
[[nodiscard]] inline Dsprites dsprites(std::filesystem::path const& path) {
  return Dsprites(BitGrid<Dsprites::image_shape_type>(path, dsprites_factors()));
}

/// Writes images of dSprites as a file of the published members (imgs, latents_classes, latents_values; no
/// metadata) that dsprites(path) and other people's loaders read. About half a minute and 20 MB.
inline void write_dsprites_npz(std::filesystem::path const& path, Dsprites const& data = {}) {
  auto const range = [](std::size_t n, double low, double high) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i)
      values[i] = low + (high - low) * static_cast<double>(i) / static_cast<double>(n - 1);
    return values;
  };
  write_grid_npz(path, data,
                 {range(3, 1, 3), range(6, 0.5, 1), range(40, 0, 2 * std::numbers::pi), range(32, 0, 1),
                  range(32, 0, 1)});
}

}  // namespace disentangle::data
