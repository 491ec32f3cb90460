// SPDX-License-Identifier: Apache-2.0
// STL-10 (Coates, Lee, Ng, "An analysis of single-layer networks in unsupervised feature learning", AISTATS
// 2011): colour images 96 x 96 of ten classes, 5,000 to train, 8,000 to test, 100,000 without labels. The
// files hold the planes red, green, blue of each image, each plane column by column.
#pragma once

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
#include <disentangle/data/cifar.hpp>
#include <disentangle/data/resize.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>

namespace disentangle::data {

/// Which part of STL-10 is read.
enum class Stl10Part { train, test, unlabelled };

namespace detail {

/// The images of a file of STL-10.
template <class Shape>
std::vector<std::uint8_t> read_stl10_images(io::InputFile const& file) {
  constexpr std::size_t side = 96, record = 3 * side * side;
  if (file.size() == 0 || file.size() % record != 0) {
    throw FileError(file.name(), "found " + std::to_string(file.size()) +
                                     " bytes, expected a positive number of images of " +
                                     std::to_string(record));
  }
  auto const count = static_cast<std::size_t>(file.size() / record);
  std::vector<std::uint8_t> pixels, image(record);
  io::make_room(pixels, count * Shape::size, file.name());
  std::vector<std::byte> bytes(record);
  Resampling resample(side, side, 3, Shape::height, Shape::width);
  for (std::size_t i = 0; i < count; ++i) {
    file.read(std::uint64_t{i} * record, bytes);
    auto const target = std::span(pixels).subspan(i * Shape::size, Shape::size);
    if (Shape::height == side && Shape::width == side) {
      interleave_planes(bytes, side, true, target);
    } else {
      interleave_planes(bytes, side, true, image);
      resample(image, target);
    }
  }
  return pixels;
}

/// The labels 1 .. 10 of a file of STL-10, as 0 .. 9.
inline std::vector<int> read_stl10_labels(io::InputFile const& file, std::size_t count) {
  if (file.size() != count) {
    throw FileError(file.name(),
                    "found " + std::to_string(file.size()) + " labels, expected " + std::to_string(count));
  }
  std::vector<int> labels;
  for (std::byte const stored : file.read_all()) {
    int const label = std::to_integer<int>(stored);
    if (label < 1 || label > 10) {
      throw FileError(file.name(), "label " + std::to_string(labels.size()) + " is " + std::to_string(label) +
                                       ", expected 1 .. 10");
    }
    labels.push_back(label - 1);
  }
  return labels;
}

}  // namespace detail

/// STL-10 from a folder that holds {train,test,unlabeled}_X.bin and {train,test}_y.bin, or holds the folder
/// stl10_binary. Factor "class", the file's 1 .. 10 as 0 .. 9: aeroplane, bird, car, cat, deer, dog, horse,
/// monkey, ship, lorry; all missing (-1) in the unlabelled part. Another ImageShape than 96 x 96 resizes, as
/// idx() says. Held as bytes: 2.8 GB for the unlabelled part at its own size. Throws FileError naming the
/// file, what was found and what was expected.
template <class Shape = ImageShape<96, 96, 3>>
[[nodiscard]] Arrays<Shape> stl10(std::filesystem::path const& folder, Stl10Part part = Stl10Part::train) {
  static_assert(Shape::channels == 3,
                "[disentangle] these images are in colour: take an ImageShape of three channels");
  std::error_code ignored;
  auto const inner = folder / "stl10_binary";
  auto const where = std::filesystem::is_directory(inner, ignored) ? inner : folder;
  std::string const name = part == Stl10Part::train  ? "train"
                           : part == Stl10Part::test ? "test"
                                                     : "unlabeled";
  auto pixels = detail::read_stl10_images<Shape>(io::InputFile(where / (name + "_X.bin")));
  std::size_t const count = pixels.size() / Shape::size;
  std::vector<int> labels(count, -1);
  if (part != Stl10Part::unlabelled)
    labels = detail::read_stl10_labels(io::InputFile(where / (name + "_y.bin")), count);
  return {std::move(pixels), std::move(labels), {.name = "stl10 " + name, .factors = {{"class", 10}}}};
}

}  // namespace disentangle::data
