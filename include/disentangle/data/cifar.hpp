// SPDX-License-Identifier: Apache-2.0
// CIFAR-10 and CIFAR-100 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009): 60,000
// colour images 32 x 32, from the binary files. A record is its labels, one byte each, and the planes red,
// green, blue of 32 rows.
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
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/part.hpp>
#include <disentangle/data/resize.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>

namespace disentangle::data {

namespace detail {

/// Planes (3, rows, columns) of one image as (rows, columns, 3); planes in column order (3, columns, rows)
/// where `transposed`.
inline void interleave_planes(std::span<std::byte const> planes, std::size_t side, bool transposed,
                              std::span<std::uint8_t> out) {
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < side; ++y) {
      for (std::size_t x = 0; x < side; ++x) {
        std::size_t const at = transposed ? x * side + y : y * side + x;
        out[(y * side + x) * 3 + c] = std::to_integer<std::uint8_t>(planes[c * side * side + at]);
      }
    }
  }
}

/// Appends the records of one binary file.
template <class Shape>
void read_cifar_file(io::InputFile const& file, std::span<Factor const> factors,
                     std::vector<std::uint8_t>& pixels, std::vector<int>& labels) {
  constexpr std::size_t side = 32, planes = 3 * side * side;
  std::size_t const record = factors.size() + planes;
  if (file.size() == 0 || file.size() % record != 0) {
    throw FileError(file.name(), "found " + std::to_string(file.size()) +
                                     " bytes, expected a positive number of records of " +
                                     std::to_string(record));
  }
  auto const count = static_cast<std::size_t>(file.size() / record);
  std::vector<std::byte> bytes(record);
  std::vector<std::uint8_t> image(planes);
  io::reserve_room(pixels, pixels.size() + count * Shape::size, file.name());
  Resampling resample(side, side, 3, Shape::height, Shape::width);
  for (std::size_t i = 0; i < count; ++i) {
    file.read(std::uint64_t{i} * record, bytes);
    for (std::size_t k = 0; k < factors.size(); ++k) {
      int const label = std::to_integer<int>(bytes[k]);
      if (label >= factors[k].cardinality) {
        throw FileError(file.name(), "record " + std::to_string(i) + ": " + factors[k].name + " is " +
                                         std::to_string(label) + ", expected 0 .. " +
                                         std::to_string(factors[k].cardinality - 1));
      }
      labels.push_back(label);
    }
    std::size_t const at = pixels.size();
    pixels.resize(at + Shape::size);
    auto const target = std::span(pixels).subspan(at);
    if (Shape::height == side && Shape::width == side) {
      interleave_planes(std::span(bytes).subspan(factors.size()), side, false, target);
    } else {
      interleave_planes(std::span(bytes).subspan(factors.size()), side, false, image);
      resample(image, target);
    }
  }
}

template <class Shape>
Arrays<Shape> read_cifar(std::filesystem::path const& folder, std::string const& inner,
                         std::vector<std::string> const& files, std::string name,
                         std::vector<Factor> factors) {
  static_assert(Shape::channels == 3,
                "[disentangle] these images are in colour: take an ImageShape of three channels");
  std::error_code ignored;
  auto const where = std::filesystem::is_directory(folder / inner, ignored) ? folder / inner : folder;
  std::vector<std::uint8_t> pixels;
  std::vector<int> labels;
  for (std::string const& file : files) {
    read_cifar_file<Shape>(io::InputFile(where / file), factors, pixels, labels);
  }
  return {std::move(pixels), std::move(labels), {.name = std::move(name), .factors = std::move(factors)}};
}

}  // namespace detail

/// CIFAR-10 from a folder that holds data_batch_1.bin .. data_batch_5.bin (50,000 images) and test_batch.bin
/// (10,000), or holds the folder cifar-10-batches-bin. Factor "class": 0 aeroplane, 1 car, 2 bird, 3 cat, 4
/// deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 lorry. Another ImageShape than 32 x 32 resizes, as idx() says.
/// Held as bytes. Throws FileError naming the file, what was found and what was expected, for files missing
/// or of another size and labels out of range.
template <class Shape = ImageShape<32, 32, 3>>
[[nodiscard]] Arrays<Shape> cifar10(std::filesystem::path const& folder, Part part = Part::train) {
  std::vector<std::string> files{"test_batch.bin"};
  if (part == Part::train) {
    files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
             "data_batch_5.bin"};
  }
  return detail::read_cifar<Shape>(folder, "cifar-10-batches-bin", files,
                                   part == Part::train ? "cifar10 train" : "cifar10 test", {{"class", 10}});
}

/// CIFAR-100 from a folder that holds train.bin (50,000 images) and test.bin (10,000), or holds the folder
/// cifar-100-binary. Factors "superclass" (20) and "class" (100). Otherwise as cifar10().
template <class Shape = ImageShape<32, 32, 3>>
[[nodiscard]] Arrays<Shape> cifar100(std::filesystem::path const& folder, Part part = Part::train) {
  return detail::read_cifar<Shape>(
      folder, "cifar-100-binary", {part == Part::train ? "train.bin" : "test.bin"},
      part == Part::train ? "cifar100 train" : "cifar100 test", {{"superclass", 20}, {"class", 100}});
}

}  // namespace disentangle::data
