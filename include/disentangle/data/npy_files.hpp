// SPDX-License-Identifier: Apache-2.0
// Data sets from NumPy's files: npz() takes images and labels from the members of one .npz, npy() from two
// .npy files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/npz.hpp>

namespace disentangle::data {

/// How the pixels of an image array lie.
enum class Layout {
  /// Found from the extents; where both orders would fit, channels_last.
  automatic,
  /// (n, height, width, channels), and (n, height, width) or (n, height * width * channels) all the same.
  channels_last,
  /// (n, channels, height, width), as PyTorch stores images.
  channels_first,
};

/// How npy() reads; npz() has the same fields.
struct NpyOptions {
  Layout layout = Layout::automatic;
  /// What elements are multiplied by, so that they fall into 0 .. 1. None: 1/255 for bytes, 1 for booleans
  /// and floats.
  std::optional<double> scale = std::nullopt;
  /// Names and cardinalities of the labels' columns; when empty, or where a cardinality is 0, found from the
  /// labels.
  std::vector<Factor> factors = {};
};

/// How npz() reads.
struct NpzOptions {
  /// Names of the members, without ".npy". No labels are read when `labels` is empty.
  std::string images = "images";
  std::string labels = "";
  Layout layout = Layout::automatic;
  std::optional<double> scale = std::nullopt;
  std::vector<Factor> factors = {};
};

namespace detail {

/// Whether an array of these extents holds images of Shape in channels-first order; throws FileError when in
/// neither.
template <class Shape>
bool is_channels_first(std::string const& name, std::vector<std::size_t> const& extents, Layout layout) {
  using Extents = std::vector<std::size_t>;
  std::size_t constexpr h = Shape::height, w = Shape::width, c = Shape::channels;
  Extents const image(extents.empty() ? extents.end() : extents.begin() + 1, extents.end());
  bool const last =
      image == Extents{h, w, c} || image == Extents{h * w * c} || (c == 1 && image == Extents{h, w});
  bool const first = image == Extents{c, h, w};
  if (layout != Layout::channels_first && last) return false;
  if (layout != Layout::channels_last && first) return true;
  std::string const n = "(n, ";
  std::string const hw = std::to_string(h) + ", " + std::to_string(w), channels = std::to_string(c);
  std::string expected;
  if (layout != Layout::channels_first) {
    expected = n + hw + ", " + channels + ")" + (c == 1 ? ", " + n + hw + ")" : "") + " or " + n +
               std::to_string(Shape::size) + ")";
  }
  if (layout != Layout::channels_last)
    expected += (expected.empty() ? "" : " or ") + n + channels + ", " + hw + ")";
  throw FileError(name, "found images of shape " + io::shape_text(extents) + ", expected " + expected);
}

/// The elements of an array in (n, height, width, channels) order, each passed through `convert`.
template <class Shape, class Element, class Convert>
auto reordered(std::string const& name, io::NpyArray const& array, bool channels_first,
               Convert const& convert) {
  std::size_t constexpr plane = std::size_t{Shape::height} * Shape::width, channels = Shape::channels;
  std::vector<decltype(convert(Element{}))> pixels;
  io::make_room(pixels, array.size(), name);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    std::size_t const image = i / Shape::size, p = i % Shape::size;
    std::size_t const source = channels_first ? image * Shape::size + p % channels * plane + p / channels : i;
    Element value;
    std::memcpy(&value, array.bytes.data() + source * sizeof(Element), sizeof(Element));
    pixels[i] = convert(value);
  }
  return pixels;
}

/// Labels as ints; (n) or (n, factors).
inline std::vector<int> read_labels(std::string const& name, io::NpyArray const& array, std::size_t images,
                                    std::size_t factors) {
  bool const fits = (array.shape.size() == 1 || array.shape.size() == 2) && array.shape[0] == images &&
                    (factors == 0 || array.size() == images * factors);
  if (!fits) {
    throw FileError(name, "found labels of shape " + io::shape_text(array.shape) + ", expected (" +
                              std::to_string(images) + ", " +
                              (factors == 0 ? "factors" : std::to_string(factors)) + ") or (" +
                              std::to_string(images) + ",)");
  }
  try {
    return array.as<int>("labels");
  } catch (ValueError const& error) {
    throw FileError(name, error.what());
  }
}

template <class Shape>
Arrays<Shape> from_npy_arrays(std::filesystem::path const& path, std::string const& image_name,
                              io::NpyArray const& images, std::string const& label_name,
                              std::optional<io::NpyArray> const& labels, NpyOptions options) {
  bool const channels_first = is_channels_first<Shape>(image_name, images.shape, options.layout);
  if (images.size() == 0) throw FileError(image_name, "holds no images");
  std::vector<int> values;
  if (labels) values = read_labels(label_name, *labels, images.shape[0], options.factors.size());
  typename Arrays<Shape>::Description description{.name = path.filename().string(),
                                                  .factors = std::move(options.factors)};
  try {
    switch (images.dtype) {
      case io::DType::u1:
      case io::DType::b1: {
        double const standard = images.dtype == io::DType::u1 ? 1.0 / 255 : 1.0;
        description.byte_scale = static_cast<float>(options.scale.value_or(standard));
        auto pixels = reordered<Shape, std::uint8_t>(image_name, images, channels_first,
                                                     [](std::uint8_t value) { return value; });
        return {std::move(pixels), std::move(values), std::move(description)};
      }
      case io::DType::f4:
      case io::DType::f8: {
        double const scale = options.scale.value_or(1.0);
        auto const convert = [scale](auto value) {
          return static_cast<float>(static_cast<double>(value) * scale);
        };
        auto pixels = images.dtype == io::DType::f4
                          ? reordered<Shape, float>(image_name, images, channels_first, convert)
                          : reordered<Shape, double>(image_name, images, channels_first, convert);
        return {std::move(pixels), std::move(values), std::move(description)};
      }
      default:
        throw FileError(image_name, std::string("found images of ") + io::name_of(images.dtype) +
                                        ", expected u1, b1, f4 or f8");
    }
  } catch (ValueError const& error) {
    throw FileError(image_name,
                    std::string(error.what()) + " (see the option scale for images of another range)");
  }
}

}  // namespace detail

/// A data set from a .npz file, read into memory (bytes stay bytes).
///
///     auto data = dis::data::npz<dis::ImageShape<64, 64, 3>>("faces.npz", {.images = "x", .labels = "y"});
///
/// Images: u1, b1, f4 or f8 of shape (n, height, width, channels), (n, channels, height, width), (n, height *
/// width * channels), or (n, height, width) for one channel. Labels: whole numbers of shape (n) or (n,
/// factors), -1 = missing.
///
/// Throws FileError naming the file and member, what was found and what was expected.
template <class Shape>
[[nodiscard]] Arrays<Shape> npz(std::filesystem::path const& path, NpzOptions options = {}) {
  io::NpzReader const file(path);
  std::optional<io::NpyArray> labels;
  if (!options.labels.empty()) labels = file.read(options.labels);
  return detail::from_npy_arrays<Shape>(path, path.string() + ":" + options.images, file.read(options.images),
                                        path.string() + ":" + options.labels, labels,
                                        {options.layout, options.scale, std::move(options.factors)});
}

/// A data set from a .npy file of images and, unless the second path is empty, one of labels; otherwise as
/// npz().
template <class Shape>
[[nodiscard]] Arrays<Shape> npy(std::filesystem::path const& images, std::filesystem::path const& labels = {},
                                NpyOptions options = {}) {
  std::optional<io::NpyArray> label_array;
  if (!labels.empty()) label_array = io::read_npy(labels);
  return detail::from_npy_arrays<Shape>(images, images.string(), io::read_npy(images), labels.string(),
                                        label_array, std::move(options));
}

}  // namespace disentangle::data
