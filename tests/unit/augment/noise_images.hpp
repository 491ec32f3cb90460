// SPDX-License-Identifier: Apache-2.0
// Images to augment: noise, grey ramps and ones at the ends of the range among them.
#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <disentangle/core/philox.hpp>

namespace disentangle::test {

/// n images of uniform noise; of every four values one is 0 or 1, so that clamping and equal channels occur.
template <class Shape>
std::vector<float> noise_images(std::size_t n) {
  Philox const random{11, stream("noise images"), 0};
  std::vector<float> images(n * Shape::size);
  for (std::size_t i = 0; i < images.size(); ++i) {
    float const u = random.uniform(2 * i);
    images[i] = random.uniform(2 * i + 1) < 0.25f ? (u < 0.5f ? 0.0f : 1.0f) : u;
  }
  return images;
}

/// 0, 1, .. n - 1.
inline std::vector<std::size_t> first_samples(std::size_t n) {
  std::vector<std::size_t> samples(n);
  std::iota(samples.begin(), samples.end(), std::size_t{0});
  return samples;
}

/// What a policy makes of `images`, with seed 1 and epoch 0 unless told otherwise.
template <class Shape, class Policy>
std::vector<float> augmented(Policy const& policy, std::vector<float> images,
                             Philox random = {1, stream("augment test"), 0}) {
  auto const samples = first_samples(images.size() / Shape::size);
  policy(random, Shape{}, 0, samples, std::span<float>(images));
  return images;
}

}  // namespace disentangle::test
