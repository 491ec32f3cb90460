// SPDX-License-Identifier: Apache-2.0
// Small NORB (LeCun, Huang, Bottou, "Learning methods for generic object recognition with invariance to pose
// and lighting", CVPR 2004): grey photographs 96 x 96 of 50 toys of five kinds, each combination of five
// factors once.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
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
#include <disentangle/data/resize.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/norb_matrix.hpp>

namespace disentangle::data {

/// The factors: kind 0 animal, 1 human, 2 aeroplane, 3 lorry, 4 car; ten toys of each; elevation 30, 35 .. 70
/// degrees; azimuth 0, 20 .. 340 degrees; six lightings.
[[nodiscard]] inline std::vector<Factor> small_norb_factors() {
  return {{"kind", 5}, {"toy", 10}, {"elevation", 9}, {"azimuth", 18}, {"lighting", 6}};
}

namespace detail {

/// Puts one published part (images, kinds, other factors) at its places in the grid. `seen` says which are
/// taken.
template <class Shape>
void place_small_norb(std::filesystem::path const& images, std::filesystem::path const& kinds,
                      std::filesystem::path const& others, Grid const& grid, std::span<std::uint8_t> pixels,
                      std::vector<bool>& seen) {
  auto const check = [](std::filesystem::path const& path, io::Array const& array, io::DType dtype,
                        std::vector<std::size_t> const& expected) {
    if (array.dtype == dtype && array.shape == expected) return;
    throw FileError(path.string(), "found " + io::shape_text(array.shape) + " of " +
                                       io::name_of(array.dtype) + ", expected " + io::shape_text(expected) +
                                       " of " + io::name_of(dtype));
  };
  constexpr std::size_t side = 96, plane = side * side;
  io::Array const kind = io::read_norb_matrix(kinds), other = io::read_norb_matrix(others);
  std::size_t const n = kind.shape.empty() ? 0 : kind.shape[0];
  check(kinds, kind, io::DType::i4, {n});
  check(others, other, io::DType::i4, {n, 4});
  io::Array const image = io::read_norb_matrix(images);
  check(images, image, io::DType::u1, {n, 2, side, side});
  auto const kind_values = kind.view<std::int32_t>(), other_values = other.view<std::int32_t>();
  auto const bytes = image.view<std::uint8_t>();
  Resampling resample(side, side, 1, Shape::height, Shape::width);
  for (std::size_t i = 0; i < n; ++i) {
    // The azimuth of the file is in steps of ten degrees, of which every other one is there.
    std::int32_t const azimuth = other_values[4 * i + 2];
    std::array<int, 5> const values{kind_values[i], other_values[4 * i], other_values[4 * i + 1],
                                    azimuth % 2 == 0 ? azimuth / 2 : -1, other_values[4 * i + 3]};
    std::size_t at = 0;
    try {
      at = grid.index(values);
    } catch (ValueError const& error) {
      throw FileError((values[0] < 0 || values[0] > 4 ? kinds : others).string(),
                      "row " + std::to_string(i) + ": " + error.what());
    }
    if (seen[at]) {
      throw FileError(others.string(),
                      "row " + std::to_string(i) + ": an image of these factor values was there before");
    }
    seen[at] = true;
    auto const source = bytes.subspan(i * 2 * plane, plane);  // the left camera
    auto const target = pixels.subspan(at * Shape::size, Shape::size);
    if (Shape::height == side && Shape::width == side) {
      std::ranges::copy(source, target.begin());
    } else {
      resample(source, target);
    }
  }
}

}  // namespace detail

/// Small NORB from a folder that holds the six published files,
/// smallnorb-5x46789x9x18x6x2x96x96-training-{dat,cat,info}.mat and
/// smallnorb-5x01235x9x18x6x2x96x96-testing-{dat,cat,info}.mat, gzipped or not. The 48,600 images of the left
/// camera of both parts are one grid; toys 4, 6, 7, 8, 9 are those of the training part (hold_out() takes the
/// parts apart again). Another ImageShape than 96 x 96 resizes, as idx() says. Throws FileError naming the
/// file, what was found and what was expected.
template <class Shape = ImageShape<96, 96, 1>>
[[nodiscard]] ByteGrid<Shape> small_norb(std::filesystem::path const& folder) {
  static_assert(Shape::channels == 1,
                "[disentangle] these images are grey: take an ImageShape of one channel");
  Grid const grid(small_norb_factors());
  std::vector<std::uint8_t> pixels;
  io::make_room(pixels, grid.size() * Shape::size, folder.string());
  std::vector<bool> seen(grid.size());
  for (std::string const start :
       {"smallnorb-5x46789x9x18x6x2x96x96-training-", "smallnorb-5x01235x9x18x6x2x96x96-testing-"}) {
    auto const file = [&](char const* what) {
      return io::plain_or_gzipped(folder / (start + what + ".mat"));
    };
    auto const images = file("dat"), kinds = file("cat"), others = file("info");
    detail::place_small_norb<Shape>(images, kinds, others, grid, pixels, seen);
  }
  auto const missing = std::ranges::count(seen, false);
  if (missing > 0) {
    throw FileError(folder.string(),
                    std::to_string(missing) + " of the " + std::to_string(grid.size()) +
                        " combinations of factor values have no image, expected one of each");
  }
  return {std::move(pixels), grid.factors(), "small_norb"};
}

}  // namespace disentangle::data
