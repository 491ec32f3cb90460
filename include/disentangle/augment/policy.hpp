// SPDX-License-Identifier: Apache-2.0
// What the augmentation policies share: how they walk over the images of a batch, draw, and refuse wrong
// settings.
//
// A policy is an aggregate of its hyper-parameters with
//
//     template <class Shape> void check(Shape) const;                          // throws ValueError
//     template <class Shape> void operator()(Philox random, Shape, std::size_t view,
//                                            std::span<std::size_t const> samples,
//                                            std::span<float> images) const;  // in place
//
// that is, an augmentation of data/batch_source.hpp. What it draws for an image depends on `random` and the
// image's entry of `samples` alone. One that belongs to every image, whether drawn for training or not, has
//
//     template <class Shape> void test_transform(Shape, std::span<float> images) const;   // in place
//
// too. One that changes the shape names it, template <class Shape> using output_shape, and takes (..., from,
// to).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/describe.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle::augment {

/// Where a number is drawn from, uniformly.
struct Range {
  double low = 0;
  double high = 1;
  friend bool operator==(Range const&, Range const&) = default;

  /// The number that a uniform number u of (0, 1) stands for.
  double at(double u) const { return low + u * (high - low); }
};

namespace detail {

/// The grey of a colour, ITU-R 601-2: what PIL and torchvision take.
inline constexpr float red_weight = 0.299f, green_weight = 0.587f, blue_weight = 0.114f;

/// Throws ShapeError unless `found` values are those of so many images.
template <class Shape>
void require_images(std::size_t samples, std::size_t found) {
  if (found == samples * Shape::size) return;
  throw ShapeError("augmentation: found " + std::to_string(found) + " values of " + std::to_string(samples) +
                   " images, expected " + std::to_string(samples * Shape::size));
}

/// Calls change(sample, image) for each image of a batch, image pointing to its Shape::size floats.
template <class Shape, class Change>
void for_each_image(std::span<std::size_t const> samples, std::span<float> images, Change const& change) {
  require_images<Shape>(samples.size(), images.size());
  for (std::size_t i = 0; i < samples.size(); ++i) change(samples[i], images.data() + i * Shape::size);
}

/// N floats of the calling thread for a policy to work in, allocated at a thread's first use; their values
/// are left from the last.
template <std::size_t N>
float* scratch() {
  thread_local std::vector<float> buffer(N);
  return buffer.data();
}

/// Throws ValueError "policy: found member 1.5, expected 0 .. 1" unless `good`.
inline void require(bool good, char const* policy, char const* member, double found, char const* expected) {
  if (good) return;
  throw ValueError(std::string(policy) + ": found " + member + " " + value_text(found) + ", expected " +
                   expected);
}
inline void require(bool good, char const* policy, char const* member, Range found, char const* expected) {
  if (good) return;
  throw ValueError(std::string(policy) + ": found " + member + " " + value_text(found.low) + " .. " +
                   value_text(found.high) + ", expected " + expected);
}
inline void require_probability(char const* policy, double p) {
  require(p >= 0 && p <= 1, policy, "p", p, "0 .. 1");
}

/// True with probability p, exactly at 0 and 1.
inline bool happens(float uniform, double p) { return static_cast<double>(uniform) < p; }

}  // namespace detail

}  // namespace disentangle::augment
