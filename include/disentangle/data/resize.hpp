// SPDX-License-Identifier: Apache-2.0
// Cropping and resizing of 8-bit images.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/png.hpp>

namespace disentangle::data {

namespace detail {

/// The source positions first .. first + weights.size() - 1 that make one target position; the weights sum to
/// 1.
struct Tap {
  std::size_t first = 0;
  std::vector<double> weights;
};

/// One axis. Shrinking: each target pixel is the mean over the interval of the source that it covers.
/// Enlarging: linear interpolation between the two nearest source centres, the border repeated.
inline std::vector<Tap> taps(std::size_t from, std::size_t to) {
  std::vector<Tap> result(to);
  double const ratio = static_cast<double>(from) / static_cast<double>(to);
  for (std::size_t i = 0; i < to; ++i) {
    Tap& tap = result[i];
    if (from >= to) {
      double const low = static_cast<double>(i) * ratio;
      double const high = i + 1 == to ? static_cast<double>(from) : static_cast<double>(i + 1) * ratio;
      tap.first = static_cast<std::size_t>(low);
      for (std::size_t s = tap.first; s < from && static_cast<double>(s) < high; ++s) {
        double const overlap =
            std::min(high, static_cast<double>(s + 1)) - std::max(low, static_cast<double>(s));
        tap.weights.push_back(overlap / (high - low));
      }
    } else {
      double const centre =
          std::clamp((static_cast<double>(i) + 0.5) * ratio - 0.5, 0.0, static_cast<double>(from - 1));
      tap.first = std::min(static_cast<std::size_t>(centre), from - 1);
      double const beyond = centre - static_cast<double>(tap.first);
      tap.weights.push_back(1 - beyond);
      if (tap.first + 1 < from) tap.weights.push_back(beyond);
    }
  }
  return result;
}

/// The change of size of images of one size, prepared once for many of them.
class Resampling {
 public:
  Resampling(std::size_t from_rows, std::size_t from_columns, std::size_t channels, std::size_t to_rows,
             std::size_t to_columns)
      : rows_(taps(from_rows, to_rows)),
        columns_(taps(from_columns, to_columns)),
        from_rows_(from_rows),
        from_columns_(from_columns),
        channels_(channels),
        narrow_(from_rows * to_columns * channels) {}

  /// in: (height, width, channels) of the size to change from, out: of the size to change to.
  void operator()(std::span<std::uint8_t const> in, std::span<std::uint8_t> out) {
    std::size_t const row_size = columns_.size() * channels_;
    for (std::size_t y = 0; y < from_rows_; ++y) {
      for (std::size_t x = 0; x < columns_.size(); ++x) {
        for (std::size_t c = 0; c < channels_; ++c) {
          double sum = 0;
          for (std::size_t k = 0; k < columns_[x].weights.size(); ++k) {
            sum += columns_[x].weights[k] * in[(y * from_columns_ + columns_[x].first + k) * channels_ + c];
          }
          narrow_[y * row_size + x * channels_ + c] = sum;
        }
      }
    }
    for (std::size_t y = 0; y < rows_.size(); ++y) {
      for (std::size_t p = 0; p < row_size; ++p) {
        double sum = 0;
        for (std::size_t k = 0; k < rows_[y].weights.size(); ++k) {
          sum += rows_[y].weights[k] * narrow_[(rows_[y].first + k) * row_size + p];
        }
        out[y * row_size + p] = static_cast<std::uint8_t>(std::clamp(std::lround(sum), 0L, 255L));
      }
    }
  }

 private:
  std::vector<Tap> rows_, columns_;
  std::size_t from_rows_, from_columns_, channels_;
  std::vector<double> narrow_;  // (source height, width, channels)
};

/// Images (n, height, width, channels of Shape) as images of Shape, resized where they are of another size.
template <class Shape>
std::vector<std::uint8_t> fitted(std::vector<std::uint8_t> pixels, std::size_t height, std::size_t width,
                                 std::string const& name) {
  if (height == Shape::height && width == Shape::width) return pixels;
  std::size_t const size = height * width * Shape::channels, n = pixels.size() / size;
  std::vector<std::uint8_t> result;
  io::make_room(result, n * Shape::size, name);
  Resampling resample(height, width, Shape::channels, Shape::height, Shape::width);
  for (std::size_t i = 0; i < n; ++i) {
    resample(std::span(pixels).subspan(i * size, size),
             std::span(result).subspan(i * Shape::size, Shape::size));
  }
  return result;
}

}  // namespace detail

/// The image at another size: area means along an axis that shrinks, linear interpolation along one that
/// grows; an image of the same size is unchanged. Throws ShapeError when an extent is not positive or the
/// pixels do not fit.
[[nodiscard]] inline io::Image8 resize(io::Image8 const& image, int height, int width) {
  auto const count = [](int extent) {
    return extent > 0 ? static_cast<std::size_t>(extent) : std::size_t{0};
  };
  std::size_t const from_rows = count(image.height), from_columns = count(image.width),
                    channels = count(image.channels), to_rows = count(height), to_columns = count(width);
  std::size_t const expected = from_rows * from_columns * channels;
  if (expected == 0 || to_rows == 0 || to_columns == 0 || image.pixels.size() != expected) {
    throw ShapeError("resize: an image of " + std::to_string(image.height) + " x " +
                     std::to_string(image.width) + " x " + std::to_string(image.channels) + " with " +
                     std::to_string(image.pixels.size()) + " bytes to " + std::to_string(height) + " x " +
                     std::to_string(width));
  }
  if (image.height == height && image.width == width) return image;
  io::Image8 result{width, height, image.channels,
                    std::vector<std::uint8_t>(to_rows * to_columns * channels)};
  detail::Resampling(from_rows, from_columns, channels, to_rows, to_columns)(image.pixels, result.pixels);
  return result;
}

/// The largest centred part of an image that has the proportions height : width, at that size. Throws as
/// resize().
[[nodiscard]] inline io::Image8 centre_crop_and_resize(io::Image8 const& image, int height, int width) {
  std::int64_t const h = image.height, w = image.width, c = image.channels;
  if (height < 1 || width < 1 || h < 1 || w < 1 || c < 1 ||
      static_cast<std::int64_t>(image.pixels.size()) != h * w * c) {
    return resize(image, height, width);  // throws
  }
  std::int64_t rows = h, columns = w;
  if (h * width > w * height) {
    rows = std::clamp<std::int64_t>((2 * w * height + width) / (2 * std::int64_t{width}), 1, h);
  } else {
    columns = std::clamp<std::int64_t>((2 * h * width + height) / (2 * std::int64_t{height}), 1, w);
  }
  std::int64_t const top = (h - rows) / 2, left = (w - columns) / 2;
  io::Image8 crop{static_cast<int>(columns), static_cast<int>(rows), image.channels, {}};
  crop.pixels.reserve(static_cast<std::size_t>(rows * columns * c));
  for (std::int64_t y = top; y < top + rows; ++y) {
    auto const row = image.pixels.begin() + (y * w + left) * c;
    crop.pixels.insert(crop.pixels.end(), row, row + columns * c);
  }
  return resize(crop, height, width);
}

}  // namespace disentangle::data
