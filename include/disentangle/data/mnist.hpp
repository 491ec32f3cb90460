// SPDX-License-Identifier: Apache-2.0
// MNIST (LeCun, Bottou, Bengio, Haffner 1998) and the data sets that come in its files: Fashion-MNIST (Xiao,
// Rasul, Vollgraf 2017), KMNIST (Clanuwat et al. 2018), EMNIST (Cohen, Afshar, Tapson, van Schaik 2017). Grey
// images 28 x 28 with one label.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
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
#include <disentangle/io/idx.hpp>
#include <disentangle/io/memory.hpp>

namespace disentangle::data {

/// How idx() reads.
struct IdxOptions {
  /// For reports; empty: the name of the image file.
  std::string name = {};
  /// The label's name and number of values; 0 values: found from the labels.
  Factor factor = {"label", 0};
  /// The label in the file that is value 0 here (EMNIST's letters are numbered from 1).
  int first_label = 0;
  /// Rows and columns of the file are exchanged, as in EMNIST.
  bool transposed = false;
};

namespace detail {

/// The first of several names, plain or gzipped, that is in a folder; FileError naming the first where none
/// is.
inline std::filesystem::path one_of(std::filesystem::path const& folder,
                                    std::initializer_list<std::string> names) {
  std::error_code ignored;
  for (std::string const& name : names) {
    for (char const* const end : {"", ".gz"}) {
      if (std::filesystem::exists(folder / (name + end), ignored)) return folder / (name + end);
    }
  }
  throw FileError((folder / *names.begin()).string(), "no such file, with or without .gz");
}

/// Labels 0 .. cardinality - 1 of an IDX file of `count` labels.
inline std::vector<int> idx_labels(std::filesystem::path const& path, std::size_t count,
                                   IdxOptions const& options) {
  io::Array const array = io::read_idx(path);
  if (array.dtype != io::DType::u1 || array.shape != std::vector<std::size_t>{count}) {
    throw FileError(path.string(), "found labels of shape " + io::shape_text(array.shape) + " of " +
                                       io::name_of(array.dtype) + ", expected (" + std::to_string(count) +
                                       ",) of u1, one for each image");
  }
  std::vector<int> labels;
  labels.reserve(count);
  for (std::uint8_t const stored : array.view<std::uint8_t>()) {
    int const label = stored - options.first_label;
    if (label < 0 || (options.factor.cardinality > 0 && label >= options.factor.cardinality)) {
      throw FileError(path.string(),
                      "label " + std::to_string(labels.size()) + " is " + std::to_string(stored) +
                          ", expected " + std::to_string(options.first_label) +
                          (options.factor.cardinality > 0
                               ? " .. " + std::to_string(options.first_label + options.factor.cardinality - 1)
                               : std::string(" or more")));
    }
    labels.push_back(label);
  }
  return labels;
}

}  // namespace detail

/// A data set of grey images from an IDX file (n, height, width) of bytes and, unless the second path is
/// empty, labels from one of (n) bytes; gzipped or not. Images of another size than Shape are resized: linear
/// interpolation between pixel centres where they grow, as torchvision's bilinear Resize (and PartedVAE's 28
/// to 32) up to rounding by one of 255, area means where they shrink. Held as bytes.
///
/// Throws FileError naming the file, what was found and what was expected: missing, truncated or corrupt
/// files, another format, as many labels as images, labels out of range.
template <class Shape>
[[nodiscard]] Arrays<Shape> idx(std::filesystem::path const& images, std::filesystem::path const& labels = {},
                                IdxOptions options = {}) {
  static_assert(Shape::channels == 1,
                "[disentangle] these images are grey: take an ImageShape of one channel");
  io::Array const array = io::read_idx(images);
  if (array.dtype != io::DType::u1 || array.shape.size() != 3 || array.size() == 0) {
    throw FileError(images.string(), "found images of shape " + io::shape_text(array.shape) + " of " +
                                         io::name_of(array.dtype) + ", expected (n, height, width) of u1");
  }
  std::size_t const n = array.shape[0], h = array.shape[1], w = array.shape[2];
  auto const stored = array.view<std::uint8_t>();
  std::vector<std::uint8_t> pixels;
  io::make_room(pixels, stored.size(), images.string());
  std::ranges::copy(stored, pixels.begin());
  if (options.transposed) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t y = 0; y < w; ++y) {
        for (std::size_t x = 0; x < h; ++x) pixels[(i * w + y) * h + x] = stored[(i * h + x) * w + y];
      }
    }
  }
  typename Arrays<Shape>::Description description;
  description.name = options.name.empty() ? images.filename().string() : options.name;
  std::vector<int> values;
  if (!labels.empty()) {
    values = detail::idx_labels(labels, n, options);
    description.factors = {options.factor};
  }
  if (options.transposed)
    return {detail::fitted<Shape>(std::move(pixels), w, h, images.string()), std::move(values),
            std::move(description)};
  return {detail::fitted<Shape>(std::move(pixels), h, w, images.string()), std::move(values),
          std::move(description)};
}

namespace detail {

/// The files of MNIST's names in a folder.
template <class Shape>
Arrays<Shape> mnist_files(std::filesystem::path const& folder, Part part, std::string name, Factor factor) {
  std::string const start = part == Part::train ? "train" : "t10k";
  auto const images = one_of(folder, {start + "-images-idx3-ubyte", start + "-images.idx3-ubyte"});
  auto const labels = one_of(folder, {start + "-labels-idx1-ubyte", start + "-labels.idx1-ubyte"});
  return idx<Shape>(
      images, labels,
      {.name = std::move(name) + (part == Part::train ? " train" : " test"), .factor = std::move(factor)});
}

}  // namespace detail

/// MNIST from a folder that holds {train,t10k}-{images-idx3,labels-idx1}-ubyte, gzipped or not: 60,000 or
/// 10,000 handwritten digits 28 x 28 with the factor "digit". Another ImageShape resizes them, as idx() says:
///
///     auto digits = dis::data::mnist("mnist");                                            // 28 x 28
///     auto padded = dis::data::mnist<dis::ImageShape<32, 32, 1>>("mnist", dis::data::Part::test);
///
/// Throws FileError as idx().
template <class Shape = ImageShape<28, 28, 1>>
[[nodiscard]] Arrays<Shape> mnist(std::filesystem::path const& folder, Part part = Part::train) {
  return detail::mnist_files<Shape>(folder, part, "mnist", {"digit", 10});
}

/// KMNIST, ten classes of cursive Japanese characters in files of MNIST's names; as mnist().
template <class Shape = ImageShape<28, 28, 1>>
[[nodiscard]] Arrays<Shape> kmnist(std::filesystem::path const& folder, Part part = Part::train) {
  return detail::mnist_files<Shape>(folder, part, "kmnist", {"character", 10});
}

/// Where Debian's package dataset-fashion-mnist puts its files.
inline constexpr char const* debian_fashion_mnist_folder = "/usr/share/datasets/fashion-mnist";

/// Fashion-MNIST, 70,000 pictures of clothes, from a folder of files of MNIST's names; without one from
/// Debian's package dataset-fashion-mnist. Factor "clothing": 0 T-shirt, 1 trousers, 2 pullover, 3 dress, 4
/// coat, 5 sandal, 6 shirt, 7 trainer, 8 bag, 9 ankle boot. Throws FileError as idx(), and one that names the
/// package where it is not installed.
template <class Shape = ImageShape<28, 28, 1>>
[[nodiscard]] Arrays<Shape> fashion_mnist(std::filesystem::path const& folder, Part part = Part::train) {
  return detail::mnist_files<Shape>(folder, part, "fashion_mnist", {"clothing", 10});
}
template <class Shape = ImageShape<28, 28, 1>>
[[nodiscard]] Arrays<Shape> fashion_mnist(Part part = Part::train) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(debian_fashion_mnist_folder, ignored)) {
    throw FileError(debian_fashion_mnist_folder,
                    "no such folder: Fashion-MNIST is in Debian's package dataset-fashion-mnist "
                    "(apt-get install dataset-fashion-mnist); or give a folder");
  }
  return fashion_mnist<Shape>(debian_fashion_mnist_folder, part);
}

/// The divisions of EMNIST: classes of letters that look alike in both cases are merged in balanced and
/// bymerge.
enum class EmnistSplit { balanced, byclass, bymerge, digits, letters, mnist };

/// EMNIST from a folder that holds emnist-SPLIT-{train,test}-{images-idx3,labels-idx1}-ubyte, gzipped or not.
/// The images of these files are transposed; they are turned upright here. Factor "character" of 47, 62, 47,
/// 10, 26 or 10 values; the letters' labels 1 .. 26 become 0 .. 25. Throws FileError as idx().
template <class Shape = ImageShape<28, 28, 1>>
[[nodiscard]] Arrays<Shape> emnist(std::filesystem::path const& folder, EmnistSplit split,
                                   Part part = Part::train) {
  constexpr char const* names[] = {"balanced", "byclass", "bymerge", "digits", "letters", "mnist"};
  constexpr int cardinalities[] = {47, 62, 47, 10, 26, 10};
  auto const at = static_cast<std::size_t>(split);
  std::string const start = std::string("emnist-") + names[at] + (part == Part::train ? "-train" : "-test");
  auto const images = detail::one_of(folder, {start + "-images-idx3-ubyte"});
  auto const labels = detail::one_of(folder, {start + "-labels-idx1-ubyte"});
  return idx<Shape>(images, labels,
                    {.name = start,
                     .factor = {"character", cardinalities[at]},
                     .first_label = split == EmnistSplit::letters ? 1 : 0,
                     .transposed = true});
}

}  // namespace disentangle::data
