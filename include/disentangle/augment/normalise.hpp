// SPDX-License-Identifier: Apache-2.0
// Channels shifted and scaled by constants.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include <disentangle/augment/policy.hpp>

namespace disentangle::augment {

/// A number for each channel.
template <int Channels>
struct PerChannel;
template <>
struct PerChannel<1> {
  double grey;
  friend bool operator==(PerChannel const&, PerChannel const&) = default;
};
template <>
struct PerChannel<3> {
  double red, green, blue;
  friend bool operator==(PerChannel const&, PerChannel const&) = default;
};

/// x -> (x - mean) / deviation, channel by channel, as torchvision's Normalize. It draws nothing, and the
/// images leave [0, 1], so it comes last, and is for methods without a decoder. Images of augmented(...) that
/// are scored are normalised alike. A network that learns scale and shift (a normalisation after its first
/// layer) needs none of it.
/// @param mean, deviation (above 0) of images in [0, 1]; no defaults: see cifar_normalisation()
template <int Channels>
struct Normalise {
  PerChannel<Channels> mean, deviation;
  friend bool operator==(Normalise const&, Normalise const&) = default;

  template <class Shape>
  void check(Shape) const {
    static_assert(Shape::channels == Channels,
                  "[disentangle] Normalise<Channels> takes images of that many channels");
    for (double const x : values(mean)) {
      detail::require(std::isfinite(x), "Normalise", "mean", x, "a number");
    }
    for (double const x : values(deviation)) {
      detail::require(x > 0 && std::isfinite(x), "Normalise", "deviation", x, "above 0");
    }
  }

  template <class Shape>
  void operator()(Philox, Shape shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    detail::require_images<Shape>(samples.size(), images.size());
    test_transform(shape, images);
  }

  /// Of images that are scored too.
  template <class Shape>
  void test_transform(Shape shape, std::span<float> images) const {
    check(shape);
    auto const m = values(mean), d = values(deviation);
    std::array<float, Channels> scale, shift;
    for (std::size_t c = 0; c < Channels; ++c) {
      scale[c] = static_cast<float>(1 / d[c]);
      shift[c] = static_cast<float>(-m[c] / d[c]);
    }
    for (std::size_t i = 0; i < images.size(); i += Channels) {
      for (std::size_t c = 0; c < Channels; ++c) images[i + c] = images[i + c] * scale[c] + shift[c];
    }
  }

 private:
  [[nodiscard]] static std::array<double, 1> values(PerChannel<1> const& x) { return {x.grey}; }
  [[nodiscard]] static std::array<double, 3> values(PerChannel<3> const& x) {
    return {x.red, x.green, x.blue};
  }
};

/// The constants of CIFAR-10, which the authors of IP-IRM take for all data sets (BibTeX: wang2021self,
/// authors' code).
[[nodiscard]] inline Normalise<3> cifar_normalisation() {
  return {{0.4914, 0.4822, 0.4465}, {0.2023, 0.1994, 0.2010}};
}

}  // namespace disentangle::augment
