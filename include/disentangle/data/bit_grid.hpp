// SPDX-License-Identifier: Apache-2.0
// A factor grid of black-and-white images held in memory, one bit a pixel, read from a NPZ file of dSprites'
// members:
//   imgs             (size, height, width), bytes or booleans of values 0 and 1, in the order of the grid
//   latents_classes  (size, factors) or (size, 1 + factors) integers: the factor values of each image, after
//                    a column of zeros where there is one more (dSprites' color); checked when it is there
// Everything else in the file (latents_values, the pickled metadata) is left alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/bits.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/grid.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/npz.hpp>

namespace disentangle::data {

/// The data set. A factor_grid. Copies share their storage.
template <class Shape>
class BitGrid {
  static_assert(Shape::channels == 1, "[disentangle] BitGrid holds images of one channel");

 public:
  using image_shape_type = Shape;

  /// Reads a file; the images pass through a buffer of some hundred rows, so that only the bits are held.
  /// Throws FileError when the file is missing, truncated or corrupt, when `imgs` has other extents than the
  /// grid and the shape say or another value than 0 and 1, or when `latents_classes` shows another order.
  BitGrid(std::filesystem::path const& path, std::vector<Factor> factors)
      : grid_(std::move(factors)), name_(path.filename().string()) {
    io::NpzReader const file(path);
    read_images(file);
    if (file.contains("latents_classes")) check_classes(file);
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return name_; }
  std::size_t size() const { return grid_.size(); }
  std::vector<Factor> const& factors() const { return grid_.factors(); }
  std::size_t index(std::span<int const> values) const { return grid_.index(values); }

  /// out: (n, height, width, 1), each value 0 or 1.
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    check_request(name_.c_str(), "images", indices, size(), out.size(), Shape::size);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      detail::expand_bits(bits_->data() + indices[i] * words, out.subspan(i * Shape::size, Shape::size));
    }
  }

  /// out: (n, factors).
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors().size();
    check_request(name_.c_str(), "labels", indices, size(), out.size(), width);
    for (std::size_t i = 0; i < indices.size(); ++i) grid_.values(indices[i], out.subspan(i * width, width));
  }

 private:
  static constexpr std::size_t words = detail::words_of(Shape::size);

  void read_images(io::NpzReader const& file) {
    io::NpyRows rows = file.rows("imgs");
    std::vector<std::size_t> expected{size(), Shape::height, Shape::width};
    bool const byte_like = rows.dtype() == io::DType::u1 || rows.dtype() == io::DType::b1;
    if (rows.shape() != expected || !byte_like) {
      throw FileError(rows.name(), "found " + io::shape_text(rows.shape()) + " of " +
                                       io::name_of(rows.dtype()) + ", expected " + io::shape_text(expected) +
                                       " of u1");
    }
    std::vector<std::uint64_t> bits;
    io::make_room(bits, size() * words, rows.name());
    rows.for_each_chunk(256, [&](std::size_t first, std::size_t count, std::span<std::byte const> bytes) {
      for (std::size_t i = 0; i < count; ++i) {
        auto const image = bytes.subspan(i * Shape::size, Shape::size);
        std::uint64_t* const target = bits.data() + (first + i) * words;
        for (std::size_t w = 0; w < words; ++w) {
          std::size_t const pixels = std::min<std::size_t>(64, Shape::size - 64 * w);
          std::uint64_t word = 0, other = 0;
          for (std::size_t p = 0; p < pixels; ++p) {
            auto const value = std::to_integer<std::uint64_t>(image[64 * w + p]);
            word |= (value & 1) << p;
            other |= value;
          }
          if (other > 1) report_value(rows.name(), first + i, image);
          target[w] = word;
        }
      }
    });
    bits_ = std::make_shared<std::vector<std::uint64_t> const>(std::move(bits));
  }

  [[noreturn]] static void report_value(std::string const& name, std::size_t index,
                                        std::span<std::byte const> image) {
    auto const at = std::ranges::find_if(image, [](std::byte value) { return value > std::byte{1}; });
    auto const pixel = static_cast<std::size_t>(at - image.begin());
    throw FileError(name, "image " + std::to_string(index) + ", row " + std::to_string(pixel / Shape::width) +
                              ", column " + std::to_string(pixel % Shape::width) + " is " +
                              std::to_string(std::to_integer<int>(*at)) + ", expected 0 or 1");
  }

  void check_classes(io::NpzReader const& file) const {
    io::NpyRows rows = file.rows("latents_classes");
    switch (rows.dtype()) {
      case io::DType::i8: return check_classes<std::int64_t>(rows);
      case io::DType::i4: return check_classes<std::int32_t>(rows);
      case io::DType::u1: return check_classes<std::uint8_t>(rows);
      default:
        throw FileError(rows.name(), std::string("found elements of ") + io::name_of(rows.dtype()) +
                                         ", expected i8, i4 or u1");
    }
  }

  template <class T>
  void check_classes(io::NpyRows& rows) const {
    std::size_t const width = factors().size();
    std::vector<std::size_t> const& shape = rows.shape();
    if (shape.size() != 2 || shape[0] != size() || (shape[1] != width && shape[1] != width + 1)) {
      throw FileError(rows.name(), "found shape " + io::shape_text(shape) + ", expected (" +
                                       std::to_string(size()) + ", " + std::to_string(width) +
                                       ") or one column more");
    }
    std::size_t const columns = shape[1], lead = columns - width;
    std::size_t constexpr chunk = 4096;
    std::vector<T> found(chunk * columns);
    std::vector<int> expected(width);
    std::size_t image = 0;
    while (std::size_t const count = rows.read(std::span<T>(found))) {
      for (std::size_t i = 0; i < count; ++i, ++image) {
        grid_.values(image, expected);
        for (std::size_t c = 0; c < columns; ++c) {
          long long const wanted = c < lead ? 0 : expected[c - lead];
          if (static_cast<long long>(found[i * columns + c]) == wanted) continue;
          throw FileError(rows.name(), "row " + std::to_string(image) + ", column " + std::to_string(c) +
                                           " (" + (c < lead ? "color" : factors()[c - lead].name) + ") is " +
                                           std::to_string(found[i * columns + c]) + ", expected " +
                                           std::to_string(wanted) + ": the images are in another order");
        }
      }
    }
  }

  Grid grid_;
  std::string name_;
  std::shared_ptr<std::vector<std::uint64_t> const> bits_;
};

/// Writes a grid of black-and-white images as a NPZ file of the members above, latents_classes with dSprites'
/// first column. `values`, one list per factor, gives what the factor values stand for: they are written as
/// latents_values (size, 1 + factors) after a first column of ones; empty writes no such member. Throws
/// ValueError for a pixel that is neither 0 nor 1, ShapeError for lists that do not fit the factors. All of
/// dSprites takes about half a minute.
template <factor_grid Data>
void write_grid_npz(std::filesystem::path const& path, Data const& data,
                    std::vector<std::vector<double>> const& values = {}, io::ZipOptions options = {}) {
  using Shape = typename Data::image_shape_type;
  std::vector<Factor> const& factors = data.factors();
  std::size_t const size = data.size(), width = factors.size(), chunk = 256;
  bool fits = values.empty() || values.size() == width;
  for (std::size_t k = 0; fits && k < values.size(); ++k) {
    fits = values[k].size() == static_cast<std::size_t>(factors[k].cardinality);
  }
  if (!fits) throw ShapeError("write_grid_npz: the lists of values do not fit the factors of " + data.name());
  std::vector<std::size_t> indices;
  std::vector<int> classes;
  auto const for_each_chunk = [&](auto const& write) {
    for (std::size_t first = 0; first < size; first += chunk) {
      indices.clear();
      for (std::size_t i = first; i < std::min(first + chunk, size); ++i) indices.push_back(i);
      write();
    }
  };
  auto const append_rows = [&](io::NpzWriter& file, auto constant, auto const& value_of) {
    std::vector<decltype(constant)> rows;
    for_each_chunk([&] {
      classes.resize(indices.size() * width);
      data.labels(indices, classes);
      rows.clear();
      for (std::size_t i = 0; i < classes.size(); ++i) {
        if (i % width == 0) rows.push_back(constant);
        rows.push_back(value_of(i % width, classes[i]));
      }
      file.append(std::as_bytes(std::span(rows)));
    });
  };

  io::NpzWriter file(path, options);
  file.begin("imgs", {size, Shape::height, Shape::width}, io::DType::u1);
  std::vector<float> pixels;
  std::vector<std::uint8_t> bytes;
  for_each_chunk([&] {
    pixels.resize(indices.size() * Shape::size);
    bytes.resize(pixels.size());
    data.images(indices, pixels);
    for (std::size_t p = 0; p < pixels.size(); ++p) {
      if (pixels[p] != 0 && pixels[p] != 1) {
        throw ValueError("write_grid_npz: image " + std::to_string(indices[p / Shape::size]) + " of " +
                         data.name() + " has the value " + number_text(pixels[p]) + ", expected 0 or 1");
      }
      bytes[p] = pixels[p] == 1 ? 1 : 0;
    }
    file.append(std::as_bytes(std::span(bytes)));
  });
  file.end();
  file.begin("latents_classes", {size, 1 + width}, io::DType::i8);
  append_rows(file, std::int64_t{0}, [](std::size_t, int value) { return std::int64_t{value}; });
  file.end();
  if (!values.empty()) {
    file.begin("latents_values", {size, 1 + width}, io::DType::f8);
    append_rows(file, 1.0,
                [&](std::size_t k, int value) { return values[k][static_cast<std::size_t>(value)]; });
    file.end();
  }
  file.commit();
}

}  // namespace disentangle::data
