// SPDX-License-Identifier: Apache-2.0
// A random part of the image at a size of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include <disentangle/augment/policy.hpp>
#include <disentangle/augment/random_resized_crop.hpp>
#include <disentangle/core/shape.hpp>

namespace disentangle::augment {

namespace detail {

/// The pixels that make each of To pixels of one axis, when `length` pixels (at most From) are brought to To:
/// PIL's and torchvision's bilinear with antialiasing. Of a pixel at distance t from the centre the weight is
/// 1 - |t|, where distances are counted in target pixels when shrinking and in source pixels when enlarging;
/// weights sum to 1.
template <int From, int To>
struct AxisWeights {
  static constexpr int most = 2 * (From > To ? (From + To - 1) / To : 1) + 1;
  std::array<int, To> first{}, count{};
  std::array<std::array<float, most>, To> weight{};

  explicit AxisWeights(int length) {
    double const scale = static_cast<double>(length) / To, reach = std::max(1.0, scale);
    for (int i = 0; i < To; ++i) {
      auto const at = static_cast<std::size_t>(i);
      double const centre = (i + 0.5) * scale;
      first[at] = std::max(0, static_cast<int>(centre - reach + 0.5));
      int const end = std::min(length, static_cast<int>(centre + reach + 0.5));
      double sum = 0;
      std::array<double, most> own{};
      count[at] = std::min(end - first[at], most);
      for (int k = 0; k < count[at]; ++k) {
        double const t = std::abs((first[at] + k + 0.5 - centre) / reach);
        own[static_cast<std::size_t>(k)] = std::max(0.0, 1 - t);
        sum += own[static_cast<std::size_t>(k)];
      }
      for (std::size_t k = 0; k < static_cast<std::size_t>(count[at]); ++k)
        weight[at][k] = static_cast<float>(own[k] / sum);
    }
  }
};

}  // namespace detail

/// RandomResizedCrop whose rectangle is brought to Height x Width instead of the image's own size: images of
/// 96 x 96 give crops of 32 x 32 without being shrunk first, as the authors of IP-IRM train on STL-10 (Wang
/// et al., NeurIPS 2021, BibTeX: wang2021self, authors' code). Resampled as PIL and torchvision do with
/// antialiasing, in float where PIL rounds to bytes. Where the images have that size already it is
/// RandomResizedCrop, to the bit. Images that are scored are brought to the size whole.
/// @param scale, ratio as for RandomResizedCrop
template <int Height, int Width = Height>
struct RandomResizedCropTo {
  Range scale{0.08, 1};
  Range ratio{3.0 / 4, 4.0 / 3};
  friend bool operator==(RandomResizedCropTo const&, RandomResizedCropTo const&) = default;

  template <class Shape>
  using output_shape = ImageShape<Height, Width, Shape::channels>;

  template <class Shape>
  void check(Shape shape) const {
    RandomResizedCrop{scale, ratio}.check(shape);
  }

  template <class Shape>
    requires(Shape::height == Height && Shape::width == Width)
  void operator()(Philox random, Shape shape, std::size_t view, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    RandomResizedCrop{scale, ratio}(random, shape, view, samples, images);
  }
  template <class Shape>
  void operator()(Philox random, Shape shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float const> from, std::span<float> to) const {
    check(shape);
    detail::require_images<Shape>(samples.size(), from.size());
    detail::require_images<output_shape<Shape>>(samples.size(), to.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      auto const crop = RandomResizedCrop{scale, ratio}.crop(random, samples[i], Shape::height, Shape::width);
      resample<Shape>(crop, from.data() + i * Shape::size, to.data() + i * output_shape<Shape>::size);
    }
  }

  template <class Shape>
    requires(Shape::height == Height && Shape::width == Width)
  void test_transform(Shape, std::span<float>) const {}
  template <class Shape>
  void test_transform(Shape, std::span<float const> from, std::span<float> to) const {
    for (std::size_t i = 0; i < from.size() / Shape::size; ++i) {
      resample<Shape>({0, 0, Shape::height, Shape::width}, from.data() + i * Shape::size,
                      to.data() + i * output_shape<Shape>::size);
    }
  }

  /// Brings a crop of an image to Height x Width, first along its rows.
  template <class Shape>
  static void resample(RandomResizedCrop::Crop const& crop, float const* image, float* out) {
    constexpr std::size_t channels = Shape::channels, row = std::size_t{Width} * channels;
    detail::AxisWeights<Shape::width, Width> const columns(crop.width);
    detail::AxisWeights<Shape::height, Height> const rows(crop.height);
    float* const narrow = detail::scratch<Shape::height * row>();  // (crop height, Width, channels)
    for (std::size_t y = 0; y < static_cast<std::size_t>(crop.height); ++y) {
      float const* const source = image + ((static_cast<std::size_t>(crop.top) + y) * Shape::width +
                                           static_cast<std::size_t>(crop.left)) *
                                              channels;
      for (std::size_t x = 0; x < Width; ++x) {
        float const* const from = source + static_cast<std::size_t>(columns.first[x]) * channels;
        for (std::size_t c = 0; c < channels; ++c) {
          float sum = 0;
          for (std::size_t k = 0; k < static_cast<std::size_t>(columns.count[x]); ++k)
            sum += columns.weight[x][k] * from[k * channels + c];
          narrow[y * row + x * channels + c] = sum;
        }
      }
    }
    for (std::size_t y = 0; y < Height; ++y) {
      float* const to = out + y * row;
      std::fill_n(to, row, 0.0f);
      for (std::size_t k = 0; k < static_cast<std::size_t>(rows.count[y]); ++k) {
        float const weight = rows.weight[y][k];
        float const* const from = narrow + (static_cast<std::size_t>(rows.first[y]) + k) * row;
        for (std::size_t j = 0; j < row; ++j) to[j] += weight * from[j];
      }
    }
  }
};

}  // namespace disentangle::augment
