// SPDX-License-Identifier: Apache-2.0
// Grey images made harder, in colour: in a random colour each, on noise, or on a picture. Of dSprites these
// are Color-, Noisy- and Scream-dSprites of Locatello et al., "Challenging common assumptions in the
// unsupervised learning of disentangled representations", ICML 2019, with one difference: what is random
// there anew each time an image is drawn is here a function of (seed, index of the image), so that an epoch
// shows the same images again.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/coloured.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/io/png.hpp>

namespace disentangle::data {

/// How in_random_colour() paints: grey times a colour of three numbers of U[darkest, 1].
struct RandomColour {
  float darkest = 0.5f;

  /// Paints one image of `pixels` grey values in order, each before its target is written; both may lie in
  /// one piece of memory with the target in front.
  void operator()(Philox const& random, std::size_t pixels, float const* grey, float* target) const {
    Rgb colour;
    for (std::size_t c = 0; c < 3; ++c) colour[c] = darkest + (1 - darkest) * random.uniform(c);
    for (std::size_t p = 0; p < pixels; ++p, target += 3) {
      float const value = grey[p];
      for (std::size_t c = 0; c < 3; ++c) target[c] = value * colour[c];
    }
  }
  static constexpr char const* name = "colour";
};

/// How on_noise() paints: min(grey + U[0, 1], 1), each channel of each pixel with its own number.
struct PixelNoise {
  void operator()(Philox const& random, std::size_t pixels, float const* grey, float* target) const {
    // A block of random numbers has four: three channels of four pixels take three blocks.
    for (std::size_t p = 0; p < pixels; p += 4) {
      std::array<float, 12> noise;
      for (std::size_t b = 0; b < 3; ++b) {
        auto const block = random.block(p / 4 * 3 + b);
        for (std::size_t k = 0; k < 4; ++k) noise[b * 4 + k] = Philox::to_uniform(block[k]);
      }
      for (std::size_t q = 0; q < std::min<std::size_t>(4, pixels - p); ++q, target += 3) {
        float const value = grey[p + q];
        for (std::size_t c = 0; c < 3; ++c) target[c] = std::min(value + noise[q * 3 + c], 1.0f);
      }
    }
  }
  static constexpr char const* name = "noisy";
};

/// How on_picture() paints: a random part of a picture, its colours averaged with a random colour of U[0,
/// 1]^3, and inverted where the grey image is 1 (in between where it is).
class Picture {
 public:
  /// The picture must be in colour and not smaller than height x width; throws ShapeError otherwise.
  Picture(io::Image8 const& picture, int height, int width)
      : height_(picture.height), width_(picture.width), side_(width) {
    if (picture.channels != 3 || picture.height < height || picture.width < width ||
        picture.pixels.size() !=
            static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width) * 3) {
      throw ShapeError("on_picture: found a picture of " + std::to_string(picture.height) + " x " +
                       std::to_string(picture.width) + " with " + std::to_string(picture.channels) +
                       " channels, expected three and at least " + std::to_string(height) + " x " +
                       std::to_string(width));
    }
    rows_ = height_ - height + 1;
    columns_ = width_ - width + 1;
    auto values = std::make_shared<std::vector<float>>(picture.pixels.size());
    for (std::size_t p = 0; p < values->size(); ++p)
      (*values)[p] = static_cast<float>(picture.pixels[p]) * (1.0f / 255);
    values_ = std::move(values);
  }

  void operator()(Philox const& random, std::size_t pixels, float const* grey, float* target) const {
    auto const top = static_cast<std::size_t>(random.integer(0, static_cast<std::uint32_t>(rows_))),
               left = static_cast<std::size_t>(random.integer(1, static_cast<std::uint32_t>(columns_)));
    Rgb const colour{random.uniform(2), random.uniform(3), random.uniform(4)};
    auto const side = static_cast<std::size_t>(side_), stride = static_cast<std::size_t>(width_);
    for (std::size_t p = 0; p < pixels; ++p, target += 3) {
      float const value = grey[p];
      float const* const source = values_->data() + ((top + p / side) * stride + left + p % side) * 3;
      for (std::size_t c = 0; c < 3; ++c) {
        float const ground = (source[c] + colour[c]) / 2;
        target[c] = ground + value * (1 - 2 * ground);
      }
    }
  }
  static constexpr char const* name = "on_picture";

 private:
  int height_, width_, side_, rows_ = 1, columns_ = 1;
  std::shared_ptr<std::vector<float> const> values_;
};

/// A data set of grey images that are painted in colour by (seed, index). Factors, and the grid if there is
/// one, are those of the grey images. Make one with in_random_colour(), on_noise() or on_picture().
template <data_set Data, class Paint>
class Painted {
  static_assert(Data::image_shape_type::channels == 1,
                "[disentangle] these variants take images of one channel");

 public:
  using image_shape_type = detail::InColour<Data>;

  Painted(Data data, Paint paint, Seed seed)
      : data_(std::move(data)), paint_(std::move(paint)), seed_(seed) {}

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return std::string(Paint::name) + " " + std::string(data_.name()); }
  std::size_t size() const { return data_.size(); }
  std::vector<Factor> const& factors() const { return data_.factors(); }
  std::size_t index(std::span<int const> values) const
    requires factor_grid<Data>
  {
    return data_.index(values);
  }
  /// The grey images.
  Data const& grey() const { return data_; }

  /// out: (n, height, width, 3), values 0 .. 1.
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    constexpr std::size_t pixels = Data::image_shape_type::size;
    check_request(Paint::name, "images", indices, size(), out.size(), image_shape_type::size);
    // The grey images lie in the last third; the painting of an image never reaches a grey one that is still
    // to come.
    float const* grey = out.data() + 2 * indices.size() * pixels;
    data_.images(indices, out.last(indices.size() * pixels));
    float* target = out.data();
    for (std::size_t const index : indices) {
      paint_(Philox{seed_.value, stream(Paint::name), index}, pixels, grey, target);
      grey += pixels;
      target += 3 * pixels;
    }
  }

  void labels(std::span<std::size_t const> indices, std::span<int> out) const { data_.labels(indices, out); }

 private:
  Data data_;
  Paint paint_;
  Seed seed_;
};

/// Each image in a colour of its own, no channel darker than `darkest` (0 .. 1; ValueError otherwise):
/// Color-dSprites.
template <data_set Data>
[[nodiscard]] Painted<Data, RandomColour> in_random_colour(Data data, Seed seed, float darkest = 0.5f) {
  if (!(darkest >= 0 && darkest <= 1)) {
    throw ValueError("in_random_colour: found a darkest value of " + number_text(darkest) +
                     ", expected 0 .. 1");
  }
  return {std::move(data), RandomColour{darkest}, seed};
}

/// Each image on coloured noise: Noisy-dSprites.
template <data_set Data>
Painted<Data, PixelNoise> on_noise(Data data, Seed seed) {
  return {std::move(data), PixelNoise{}, seed};
}

/// Each image on a random part of a picture, inverted there: Scream-dSprites, whose picture (The Scream,
/// shrunk to 350 x 274) is for you to bring: on_picture(dsprites(), io::read_png("scream.png", 3), seed(0)).
/// Throws ShapeError for a picture that is smaller than the images.
template <data_set Data>
Painted<Data, Picture> on_picture(Data data, io::Image8 const& picture, Seed seed) {
  using Shape = typename Data::image_shape_type;
  return {std::move(data), Picture(picture, Shape::height, Shape::width), seed};
}

}  // namespace disentangle::data
