// SPDX-License-Identifier: Apache-2.0
// MPI3D (Gondal et al., "On the transfer of inductive bias from simulation to the real world: a new
// disentanglement data set", NeurIPS 2019): photographs and renderings 64 x 64 of a robot's arm with an
// object, each combination of seven factors once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/byte_grid.hpp>
#include <disentangle/data/grid.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/npz.hpp>

namespace disentangle::data {

/// A grid of images (size, height, width, channels) of bytes from a member of a NPZ file, read by rows and
/// held as bytes. The file must have them in the order of the grid. Throws FileError naming the file and
/// member, what was found and what was expected.
template <class Shape>
[[nodiscard]] ByteGrid<Shape> npz_grid(std::filesystem::path const& path, std::vector<Factor> factors,
                                       std::string const& images = "images") {
  io::NpyRows rows = io::NpzReader(path).rows(images);
  Grid const grid(factors);
  std::vector<std::size_t> const expected{grid.size(), Shape::height, Shape::width, Shape::channels};
  if (rows.shape() != expected || rows.dtype() != io::DType::u1) {
    throw FileError(rows.name(), "found " + io::shape_text(rows.shape()) + " of " +
                                     io::name_of(rows.dtype()) + ", expected " + io::shape_text(expected) +
                                     " of u1");
  }
  std::vector<std::uint8_t> pixels;
  io::reserve_room(pixels, grid.size() * Shape::size, rows.name());
  rows.for_each_chunk(256, [&](std::size_t, std::size_t, std::span<std::byte const> bytes) {
    auto const* const first = reinterpret_cast<std::uint8_t const*>(bytes.data());
    pixels.insert(pixels.end(), first, first + bytes.size());
  });
  return {std::move(pixels), std::move(factors), path.filename().string()};
}

/// The factors of MPI3D toy, realistic and real. Colour 0 white, 1 green, 2 red, 3 blue, 4 brown, 5 olive;
/// shape 0 cone, 1 cube, 2 cylinder, 3 hexagonal, 4 pyramid, 5 sphere; size small, large; camera top, centre,
/// bottom; background purple, sea green, salmon; the two axes of the arm.
[[nodiscard]] inline std::vector<Factor> mpi3d_factors() {
  return {{"colour", 6},           {"shape", 6},         {"size", 2}, {"camera", 3}, {"background", 3},
          {"horizontal_axis", 40}, {"vertical_axis", 40}};
}

/// The factors of MPI3D complex, which has four everyday objects in four colours.
[[nodiscard]] inline std::vector<Factor> mpi3d_complex_factors() {
  auto factors = mpi3d_factors();
  factors[0].cardinality = 4;
  factors[1].cardinality = 4;
  return factors;
}

/// MPI3D from a published file, whose member `images` is (1036800, 64, 64, 3), or (460800, ...) for the
/// complex one. Held as bytes: 12.7 GB (5.7 GB). Throws FileError as npz_grid().
[[nodiscard]] inline ByteGrid<ImageShape<64, 64, 3>> mpi3d(std::filesystem::path const& path) {
  auto factors = mpi3d_factors();
  auto const shape = io::NpzReader(path).header("images").shape;
  if (!shape.empty() && shape[0] == Grid(mpi3d_complex_factors()).size()) factors = mpi3d_complex_factors();
  return npz_grid<ImageShape<64, 64, 3>>(path, std::move(factors));
}

}  // namespace disentangle::data
