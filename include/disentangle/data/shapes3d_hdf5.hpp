// SPDX-License-Identifier: Apache-2.0
// 3D Shapes from the published HDF5 file, and grids of images of other HDF5 files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/data/byte_grid.hpp>
#include <disentangle/data/grid.hpp>
#include <disentangle/data/shapes3d.hpp>
#include <disentangle/io/hdf5.hpp>
#include <disentangle/io/memory.hpp>

namespace disentangle::data {

namespace detail {

/// Checks that labels (size, factors) are those of a grid in its order: each value of a factor stands for one
/// number, and the numbers grow with the values.
inline void check_grid_labels(io::Hdf5Reader const& file, std::string const& member, Grid const& grid) {
  std::vector<Factor> const& factors = grid.factors();
  std::string const name = file.name() + ":" + member;
  auto const [shape, dtype] = file.header(member);
  std::vector<std::size_t> const expected{grid.size(), factors.size()};
  if (shape != expected) {
    throw FileError(name, "found shape " + io::shape_text(shape) + ", expected " + io::shape_text(expected));
  }
  std::vector<std::vector<double>> known(factors.size());
  for (std::size_t k = 0; k < factors.size(); ++k) {
    known[k].assign(static_cast<std::size_t>(factors[k].cardinality),
                    std::numeric_limits<double>::quiet_NaN());
  }
  std::vector<int> values(factors.size());
  constexpr std::size_t chunk = 8192;
  for (std::size_t first = 0; first < grid.size(); first += chunk) {
    std::size_t const count = std::min(chunk, grid.size() - first);
    std::vector<double> const found = file.rows(member, first, count).as<double>(member);
    for (std::size_t i = 0; i < count; ++i) {
      grid.values(first + i, values);
      for (std::size_t k = 0; k < factors.size(); ++k) {
        double& number = known[k][static_cast<std::size_t>(values[k])];
        double const here = found[i * factors.size() + k];
        if (number != number) number = here;
        if (here == number) continue;
        throw FileError(name, "row " + std::to_string(first + i) + ", column " + std::to_string(k) + " (" +
                                  factors[k].name + ") is " + number_text(here) + ", expected " +
                                  number_text(number) + ": the images are in another order");
      }
    }
  }
  for (std::size_t k = 0; k < factors.size(); ++k) {
    for (std::size_t v = 1; v < known[k].size(); ++v) {
      if (known[k][v] > known[k][v - 1]) continue;
      throw FileError(name, "column " + std::to_string(k) + " (" + factors[k].name + "): value " +
                                std::to_string(v) + " is " + number_text(known[k][v]) +
                                ", expected more than " + number_text(known[k][v - 1]));
    }
  }
}

}  // namespace detail

/// A grid of images (size, height, width, channels) of bytes from a data set of an HDF5 file, read by blocks
/// of rows and held as bytes; `labels`, unless empty, names the data set (size, factors) whose order is
/// checked. Throws FileError naming the file and data set, what was found and
/// what was expected.
template <class Shape>
ByteGrid<Shape> hdf5_grid(std::filesystem::path const& path, std::vector<Factor> factors,
                          std::string const& images = "images", std::string const& labels = "labels") {
  io::Hdf5Reader const file(path);
  Grid const grid(factors);
  auto const [shape, dtype] = file.header(images);
  std::vector<std::size_t> const expected{grid.size(), Shape::height, Shape::width, Shape::channels};
  if (shape != expected || dtype != io::DType::u1) {
    throw FileError(file.name() + ":" + images, "found " + io::shape_text(shape) + " of " +
                                                    io::name_of(dtype) + ", expected " +
                                                    io::shape_text(expected) + " of u1");
  }
  if (!labels.empty()) detail::check_grid_labels(file, labels, grid);
  std::vector<std::uint8_t> pixels;
  io::reserve_room(pixels, grid.size() * Shape::size, file.name() + ":" + images);
  constexpr std::size_t block = 2048;
  for (std::size_t first = 0; first < grid.size(); first += block) {
    io::Array const part = file.rows(images, first, std::min(block, grid.size() - first));
    auto const bytes = part.view<std::uint8_t>();
    pixels.insert(pixels.end(), bytes.begin(), bytes.end());
  }
  return {std::move(pixels), std::move(factors), path.filename().string()};
}

/// 3D Shapes from the published file 3dshapes.h5: `images` (480000, 64, 64, 3) of bytes and `labels` (480000,
/// 6), whose order is checked. Held as bytes: 5.9 GB. Throws FileError as
/// hdf5_grid().
inline Shapes3d shapes3d(std::filesystem::path const& path) {
  return Shapes3d(hdf5_grid<Shapes3d::image_shape_type>(path, shapes3d_factors()));
}

}  // namespace disentangle::data
