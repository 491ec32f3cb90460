// SPDX-License-Identifier: Apache-2.0
// MixUp of a minibatch: which image is mixed with which, and how much of itself each keeps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <disentangle/core/philox.hpp>

namespace disentangle::contrast {

/// x_i <- l_i x_i + (1 - l_i) x_p(i) with l = max(u, 1 - u), u uniform, and p a permutation, which may leave
/// images alone, as in the authors' code of IP-IRM (mixup in utils_mixup.py).
struct ImageMixture {
  std::vector<int> partner;  ///< p
  std::vector<float> share;  ///< l, at least 0.5
};

namespace detail {

/// Draws n partners and shares, and returns the mean share.
inline float draw_mixture(Philox const& random, std::size_t n, int* partner, float* share) {
  Permutation const permutation(Philox{random.seed, random.stream + 1, random.step}, n);
  float mean = 0;
  for (std::size_t i = 0; i < n; ++i) {
    float const u = random.uniform(i);
    share[i] = std::max(u, 1 - u);
    mean += share[i] / static_cast<float>(n);
    partner[i] = static_cast<int>(permutation(i));
  }
  return mean;
}

}  // namespace detail

/// A mixture of n images. Uses this stream and the next.
inline ImageMixture draw_mixture(Philox const& random, std::size_t n) {
  ImageMixture mixture{std::vector<int>(n), std::vector<float>(n)};
  detail::draw_mixture(random, n, mixture.partner.data(), mixture.share.data());
  return mixture;
}

}  // namespace disentangle::contrast
