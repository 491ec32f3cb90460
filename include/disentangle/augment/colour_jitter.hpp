// SPDX-License-Identifier: Apache-2.0
// Brightness, contrast, saturation and hue changed at random.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <disentangle/augment/policy.hpp>

namespace disentangle::augment {

/// With probability p, the four changes of torchvision's ColorJitter in a random order, each followed by
/// clamping to [0, 1]:
///
///     brightness   x -> f x                              f ~ U(max(0, 1 - brightness), 1 + brightness)
///     contrast     x -> f x + (1 - f) mean of the grey   f ~ U(max(0, 1 - contrast), 1 + contrast)
///     saturation   x -> f x + (1 - f) grey of the pixel  f ~ U(max(0, 1 - saturation), 1 + saturation)
///     hue          the hue of HSV moves by f turns       f ~ U(-hue, hue)
///
/// with the grey 0.299 red + 0.587 green + 0.114 blue (PIL's; torchvision's tensors take 0.2989 of the red).
/// In float throughout, where PIL rounds to bytes between the changes. A setting of 0 leaves its change out.
/// Images of three channels, or of one, whose saturation and hue have nothing to change.
/// @param brightness, contrast, saturation at least 0, default 0.4; @param hue 0 .. 0.5, default 0.1; @param
/// p default 0.8 (Wang et al., NeurIPS 2021, BibTeX: wang2021self, authors' code, after Chen et al. 2020,
/// whose strength is twice that)
struct ColourJitter {
  double brightness = 0.4;
  double contrast = 0.4;
  double saturation = 0.4;
  double hue = 0.1;
  double p = 0.8;
  friend bool operator==(ColourJitter const&, ColourJitter const&) = default;

  template <class Shape>
  void check(Shape) const {
    static_assert(Shape::channels == 1 || Shape::channels == 3,
                  "[disentangle] ColourJitter takes images of one or three channels");
    auto const factor = [](char const* name, double value) {
      detail::require(value >= 0 && std::isfinite(value), "ColourJitter", name, value, "at least 0");
    };
    factor("brightness", brightness);
    factor("contrast", contrast);
    factor("saturation", saturation);
    detail::require(hue >= 0 && hue <= 0.5, "ColourJitter", "hue", hue, "0 .. 0.5");
    detail::require_probability("ColourJitter", p);
  }

  template <class Shape>
  void operator()(Philox random, Shape shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    check(shape);
    detail::for_each_image<Shape>(samples, images, [&](std::size_t sample, float* image) {
      Changes const drawn = changes(random, sample);
      if (drawn.any) apply<Shape>(drawn, image);
    });
  }

  /// What is drawn for one image.
  struct Changes {
    bool any;                         // false: the image stays as it is
    std::array<int, 4> order;         // a permutation of 0 brightness, 1 contrast, 2 saturation, 3 hue
    std::array<float, 4> by;          // the factors, and the turns of the hue
    std::array<bool, 4> is_left_out;  // by a setting of 0
  };
  Changes changes(Philox const& random, std::size_t sample) const {
    auto const first = random.block(2 * sample), second = random.block(2 * sample + 1);
    auto const around_one = [](double strength, std::uint32_t bits) {
      return static_cast<float>(
          Range{std::max(0.0, 1 - strength), 1 + strength}.at(Philox::to_uniform(bits)));
    };
    Changes result{detail::happens(Philox::to_uniform(first[0]), p),
                   {0, 1, 2, 3},
                   {around_one(brightness, second[0]), around_one(contrast, second[1]),
                    around_one(saturation, second[2]),
                    static_cast<float>(Range{-hue, hue}.at(Philox::to_uniform(second[3])))},
                   {brightness == 0, contrast == 0, saturation == 0, hue == 0}};
    auto number = static_cast<std::uint32_t>((std::uint64_t{first[1]} * 24) >> 32);  // of the permutation
    for (std::uint32_t left = 4; left > 1; --left) {
      std::swap(result.order[left - 1], result.order[number % left]);
      number /= left;
    }
    return result;
  }

  /// Changes one image in place.
  template <class Shape>
  static void apply(Changes const& changes, float* image) {
    constexpr std::size_t pixels = std::size_t{Shape::height} * Shape::width;
    if constexpr (Shape::channels == 1) {
      for (int const which : changes.order) {
        auto const w = static_cast<std::size_t>(which);
        if (changes.is_left_out[w]) continue;
        if (which == 0) scale<pixels>(changes.by[0], image);
        if (which == 1)
          blend<pixels>(changes.by[1], mean<pixels>([&](std::size_t i) { return image[i]; }), image);
      }
    } else {
      // Planes of one colour each: all changes are then loops over contiguous numbers.
      float* const red = detail::scratch<Shape::size>();
      float* const green = red + pixels;
      float* const blue = green + pixels;
      for (std::size_t i = 0; i < pixels; ++i) {
        red[i] = image[3 * i];
        green[i] = image[3 * i + 1];
        blue[i] = image[3 * i + 2];
      }
      for (int const which : changes.order) {
        auto const w = static_cast<std::size_t>(which);
        if (changes.is_left_out[w]) continue;
        float const by = changes.by[w];
        if (which == 0) scale<Shape::size>(by, red);
        if (which == 1) {
          blend<Shape::size>(by, mean<pixels>([&](std::size_t i) { return grey(red[i], green[i], blue[i]); }),
                             red);
        }
        if (which == 2) saturate<pixels>(by, red, green, blue);
        if (which == 3) turn<pixels>(by, red, green, blue);
      }
      for (std::size_t i = 0; i < pixels; ++i) {
        image[3 * i] = red[i];
        image[3 * i + 1] = green[i];
        image[3 * i + 2] = blue[i];
      }
    }
  }

 private:
  [[nodiscard]] static float clamped(float x) { return std::min(std::max(x, 0.0f), 1.0f); }
  [[nodiscard]] static float grey(float red, float green, float blue) {
    return detail::red_weight * red + detail::green_weight * green + detail::blue_weight * blue;
  }

  template <std::size_t N>
  static void scale(float factor, float* values) {
    for (std::size_t i = 0; i < N; ++i) values[i] = clamped(factor * values[i]);
  }
  template <std::size_t N>
  static void blend(float factor, float other, float* values) {
    float const rest = (1 - factor) * other;
    for (std::size_t i = 0; i < N; ++i) values[i] = clamped(factor * values[i] + rest);
  }
  /// The mean of value(0 .. N - 1), in sixteen interleaved sums: the same with and without vector
  /// instructions.
  template <std::size_t N, class Value>
  [[nodiscard]] static float mean(Value const& value) {
    constexpr std::size_t lanes = 16;
    std::array<float, lanes> sums{};
    for (std::size_t i = 0; i + lanes <= N; i += lanes) {
      for (std::size_t k = 0; k < lanes; ++k) sums[k] += value(i + k);
    }
    float total = 0;
    for (std::size_t i = N / lanes * lanes; i < N; ++i) total += value(i);
    for (float const sum : sums) total += sum;
    return total / static_cast<float>(N);
  }
  template <std::size_t N>
  static void saturate(float factor, float* __restrict red, float* __restrict green, float* __restrict blue) {
    for (std::size_t i = 0; i < N; ++i) {
      float const rest = (1 - factor) * grey(red[i], green[i], blue[i]);
      red[i] = clamped(factor * red[i] + rest);
      green[i] = clamped(factor * green[i] + rest);
      blue[i] = clamped(factor * blue[i] + rest);
    }
  }
  /// Turns the hue. With V the largest of the three, C the largest minus the smallest and H the hue in sixths
  /// of a turn, a channel of HSV is V - C clamp(min(k, 4 - k), 0, 1), k = (n + H) mod 6, n = 5, 3, 1 for red,
  /// green, blue.
  template <std::size_t N>
  static void turn(float turns, float* __restrict red, float* __restrict green, float* __restrict blue) {
    float const shift = 6 * turns + 12;  // H + shift + n is then positive
    for (std::size_t i = 0; i < N; ++i) {
      float const r = red[i], g = green[i], b = blue[i];
      float const largest = std::max(std::max(r, g), b), smallest = std::min(std::min(r, g), b);
      float const chroma = largest - smallest;
      float const from_red = g - b, from_green = b - r, from_blue = r - g;
      float const other = largest == g ? from_green : from_blue, start = largest == g ? 2.0f : 4.0f;
      float const difference = largest == r ? from_red : other, sector = largest == r ? 0.0f : start;
      float const divisor = chroma > 0 ? chroma : 1.0f;
      float const place = sector + difference / divisor + shift;
      auto const channel = [&](float n) {
        float const whole = static_cast<float>(static_cast<std::int32_t>((n + place) * (1.0f / 6)));
        float const k = n + place - 6 * whole;
        return clamped(largest - chroma * clamped(std::min(k, 4 - k)));
      };
      red[i] = channel(5);
      green[i] = channel(3);
      blue[i] = channel(1);
    }
  }
};

}  // namespace disentangle::augment
