// SPDX-License-Identifier: Apache-2.0
// Cars3D (Reed, Zhang, Zhang, Lee, "Deep visual analogy-making", NeurIPS 2015): renderings 128 x 128 of 183
// cars from 24 azimuths and 4 elevations.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/byte_grid.hpp>
#include <disentangle/data/resize.hpp>
#include <disentangle/io/mat5.hpp>
#include <disentangle/io/memory.hpp>

namespace disentangle::data {

/// Cars3D from the folder data/cars of the published archive: files car_NNN_mesh.mat (MAT level 5), each with
/// an array `im` (128, 128, 3, 24, 4) of bytes. Factors elevation 4, azimuth 24, car (as many as there are
/// files, in the order of their names; 183). Images of another size than Shape are resized, to 64 x 64 by
/// default, by area means. Throws FileError naming the file, what was found and what was expected.
template <class Shape = ImageShape<64, 64, 3>>
[[nodiscard]] ByteGrid<Shape> cars3d(std::filesystem::path const& folder) {
  static_assert(Shape::channels == 3,
                "[disentangle] these images are in colour: take an ImageShape of three channels");
  std::vector<std::filesystem::path> files;
  std::error_code code;
  auto entry = std::filesystem::directory_iterator(folder, code);
  for (; !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
    if (entry->path().extension() == ".mat") files.push_back(entry->path());
  }
  if (code) throw FileError(folder.string(), "cannot list the folder: " + code.message());
  if (files.empty())
    throw FileError(folder.string(), "found no .mat file, expected car_001_mesh.mat and others");
  std::ranges::sort(files);
  constexpr std::size_t side = 128, azimuths = 24, elevations = 4;
  std::vector<std::size_t> const expected{side, side, 3, azimuths, elevations};
  std::size_t const cars = files.size();
  std::vector<std::uint8_t> pixels, image(side * side * 3);
  io::make_room(pixels, elevations * azimuths * cars * Shape::size, folder.string());
  detail::Resampling resample(side, side, 3, Shape::height, Shape::width);
  for (std::size_t car = 0; car < cars; ++car) {
    auto const arrays = io::read_mat5(files[car]);
    auto const found = arrays.find("im");
    if (found == arrays.end()) throw FileError(files[car].string(), "found no array 'im', expected one");
    io::Array const& array = found->second;
    if (array.shape != expected || array.dtype != io::DType::u1) {
      throw FileError(files[car].string() + ":im", "found " + io::shape_text(array.shape) + " of " +
                                                       io::name_of(array.dtype) + ", expected " +
                                                       io::shape_text(expected) + " of u1");
    }
    auto const bytes = array.view<std::uint8_t>();
    for (std::size_t view = 0; view < azimuths * elevations; ++view) {
      std::size_t const azimuth = view / elevations, elevation = view % elevations;
      for (std::size_t p = 0; p < image.size(); ++p) image[p] = bytes[p * azimuths * elevations + view];
      auto const target = std::span(pixels).subspan(
          ((elevation * azimuths + azimuth) * cars + car) * Shape::size, Shape::size);
      if (Shape::height == side && Shape::width == side) {
        std::ranges::copy(image, target.begin());
      } else {
        resample(image, target);
      }
    }
  }
  return {std::move(pixels), {{"elevation", 4}, {"azimuth", 24}, {"car", static_cast<int>(cars)}}, "cars3d"};
}

}  // namespace disentangle::data
