// SPDX-License-Identifier: Apache-2.0
// Sprites: figures of a computer game, 64 x 64 in colour, put together from the sheets of the Liberated Pixel
// Cup, as in Li, Mandt, "Disentangled sequential autoencoder", ICML 2018 (after Reed et al. 2015). The sheets
// (CC BY-SA 3.0 and GPL 3) are not part of this library; the authors' repository YingzhenLi/Sprites has them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/grid.hpp>
#include <disentangle/io/png.hpp>

namespace disentangle::data {

/// The data set; make one with sprites(). A factor_grid. Copies share their storage.
class Sprites {
 public:
  using image_shape_type = ImageShape<64, 64, 3>;

  /// Reads the sheets; see sprites().
  Sprites(std::filesystem::path const& folder, bool back_view)
      : grid_({}), first_rotation_(back_view ? 0 : 1) {
    auto tiles = std::make_shared<std::vector<std::uint8_t>>();
    std::vector<Factor> factors;
    for (std::size_t part = 0; part < parts.size(); ++part) {
      first_sheet_[part] = sheets_;
      std::error_code ignored;
      int count = 0;
      for (; std::filesystem::exists(sheet(folder, part, count), ignored); ++count, ++sheets_) {
        cut(sheet(folder, part, count), *tiles);
      }
      if (count == 0) throw FileError(sheet(folder, part, 0).string(), "no such file");
      factors.push_back({parts[part], count});
    }
    factors.push_back({"action", actions});
    factors.push_back({"rotation", static_cast<int>(rotations - first_rotation_)});
    factors.push_back({"frame", frames});
    grid_ = Grid(std::move(factors));
    tiles_ = std::move(tiles);
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "sprites"; }
  std::size_t size() const { return grid_.size(); }
  std::vector<Factor> const& factors() const { return grid_.factors(); }
  std::size_t index(std::span<int const> values) const { return grid_.index(values); }

  /// out: (n, 64, 64, 3), on black.
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request("sprites", "images", indices, size(), out.size(), image_shape_type::size);
    std::array<int, parts.size() + 3> values{};
    std::array<std::uint8_t, pixels * 4> image;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      grid_.values(indices[i], values);
      std::size_t const tile = (static_cast<std::size_t>(values[6]) * rotations + first_rotation_ +
                                static_cast<std::size_t>(values[7])) *
                                   frames +
                               static_cast<std::size_t>(values[8]);
      image.fill(0);
      // What lies over what: body, shoes, bottomwear, topwear, eyes, hair.
      for (std::size_t const part : {5, 4, 0, 1, 3, 2}) {
        std::size_t const at = first_sheet_[part] + static_cast<std::size_t>(values[part]);
        std::uint8_t const* const source = tiles_->data() + (at * tiles_per_sheet + tile) * pixels * 4;
        for (std::size_t p = 0; p < pixels * 4; p += 4) {
          bool const covers = source[p + 3] > 128;
          for (std::size_t c = 0; c < 3; ++c) image[p + c] = covers ? source[p + c] : image[p + c];
        }
      }
      float* const target = out.data() + i * image_shape_type::size;
      for (std::size_t p = 0; p < pixels; ++p) {
        for (std::size_t c = 0; c < 3; ++c)
          target[p * 3 + c] = static_cast<float>(image[p * 4 + c]) * (1.0f / 255);
      }
    }
  }

  /// out: (n, 9).
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors().size();
    check_request("sprites", "labels", indices, size(), out.size(), width);
    for (std::size_t i = 0; i < indices.size(); ++i) grid_.values(indices[i], out.subspan(i * width, width));
  }

 private:
  static constexpr std::array<char const*, 6> parts{"bottomwear", "topwear", "hair", "eyes", "shoes", "body"};
  static constexpr int actions = 5, frames = 6;
  static constexpr std::size_t rotations = 4, side = 64, pixels = side * side;
  static constexpr std::size_t tiles_per_sheet = std::size_t{actions} * rotations * frames;

  [[nodiscard]] static std::filesystem::path sheet(std::filesystem::path const& folder, std::size_t part,
                                                   int number) {
    return folder / parts[part] / (std::to_string(number) + ".png");
  }

  /// Appends the tiles of a sheet that are used: row action * 4 + rotation, column frame.
  static void cut(std::filesystem::path const& path, std::vector<std::uint8_t>& tiles) {
    io::Image8 const image = io::read_png_rgba(path);
    constexpr int width = 13 * 64, height = 21 * 64;
    if (image.width != width || image.height != height) {
      throw FileError(path.string(), "found a sheet of " + std::to_string(image.width) + " x " +
                                         std::to_string(image.height) +
                                         ", expected 832 x 1344: 13 x 21 tiles of 64 x 64");
    }
    for (std::size_t row = 0; row < std::size_t{actions} * rotations; ++row) {
      for (std::size_t frame = 0; frame < frames; ++frame) {
        for (std::size_t y = 0; y < side; ++y) {
          auto const first =
              image.pixels.begin() +
              static_cast<std::ptrdiff_t>(((row * side + y) * std::size_t{width} + frame * side) * 4);
          tiles.insert(tiles.end(), first, first + static_cast<std::ptrdiff_t>(side * 4));
        }
      }
    }
  }

  Grid grid_;
  std::size_t first_rotation_;
  std::array<std::size_t, 6> first_sheet_{};
  std::size_t sheets_ = 0;
  std::shared_ptr<std::vector<std::uint8_t> const> tiles_;
};

/// Sprites from a folder that holds the folders bottomwear, topwear, hair, eyes, shoes and body, each with
/// the sheets 0.png, 1.png, ... of 13 x 21 tiles of 64 x 64 pixels. The factors are these six, as many values
/// as there are sheets, and action (0 spell-casting, 1 thrusting, 2 walking, 3 slashing, 4 shooting),
/// rotation (0 back, 1 left, 2 front, 3 right; without the first unless `back_view`) and frame (6): 6,174,000
/// images with the authors' 39 sheets. Two of these, bottomwear/5 and topwear/5, have no picture in some
/// tiles, where the figure goes without. 2 MB are held for each sheet. Throws FileError for a part without
/// sheets, a broken PNG and one of another size.
[[nodiscard]] inline Sprites sprites(std::filesystem::path const& folder, bool back_view = true) {
  return {folder, back_view};
}

}  // namespace disentangle::data
