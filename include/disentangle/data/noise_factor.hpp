// SPDX-License-Identifier: Apache-2.0
// A nuisance factor beside those of a data set: how strongly its pixels are disturbed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// Each image at several levels of Gaussian pixel noise, the level a factor "noise" after the others:
///   pixel = clip(pixel + strongest * level / (levels - 1) * z, 0, 1),   z ~ N(0, 1) by (seed, index, pixel).
/// A factor_grid where the images are one. Make one with noise_factor().
template <data_set Data>
class NoiseFactor {
 public:
  using image_shape_type = typename Data::image_shape_type;

  /// Throws ValueError unless levels >= 2 and strongest >= 0.
  NoiseFactor(Data data, int levels, float strongest, Seed seed)
      : data_(std::move(data)),
        factors_(data_.factors()),
        levels_(static_cast<std::size_t>(std::max(levels, 2))),
        strongest_(strongest),
        seed_(seed) {
    if (levels < 2 || !(strongest >= 0)) {
      throw ValueError("noise_factor of " + std::string(data_.name()) + ": found " + std::to_string(levels) +
                       " levels up to " + number_text(strongest) +
                       ", expected at least 2 levels, up to 0 or more");
    }
    factors_.push_back({"noise", levels});
  }

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return std::string(data_.name()) + " with noise"; }
  std::size_t size() const { return data_.size() * levels_; }
  std::vector<Factor> const& factors() const { return factors_; }
  std::size_t index(std::span<int const> values) const
    requires factor_grid<Data>
  {
    if (values.size() != factors_.size() || values.back() < 0 ||
        values.back() >= factors_.back().cardinality) {
      throw ValueError("noise_factor: found " + std::to_string(values.size()) + " values" +
                       (values.empty() ? "" : ", the last " + std::to_string(values.back())) + ", expected " +
                       std::to_string(factors_.size()) + ", the last 0 .. " + std::to_string(levels_ - 1));
    }
    return data_.index(values.first(values.size() - 1)) * levels_ + static_cast<std::size_t>(values.back());
  }

  /// out: (n, height, width, channels).
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    constexpr std::size_t pixels = image_shape_type::size;
    check_request("noise_factor", "images", indices, size(), out.size(), pixels);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::size_t const index = indices[i] / levels_, level = indices[i] % levels_;
      auto const image = out.subspan(i * pixels, pixels);
      data_.images({&index, 1}, image);
      if (level == 0) continue;
      float const strength = strongest_ * static_cast<float>(level) / static_cast<float>(levels_ - 1);
      Philox const random{seed_.value, stream("noise_factor"), indices[i]};
      for (std::size_t p = 0; p < pixels; p += 4) {
        auto const z = random.normals(p / 4);
        for (std::size_t k = 0; k < std::min<std::size_t>(4, pixels - p); ++k) {
          image[p + k] = std::clamp(image[p + k] + strength * z[k], 0.0f, 1.0f);
        }
      }
    }
  }

  /// out: (n, factors), the noise last.
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    std::size_t const width = factors_.size();
    check_request("noise_factor", "labels", indices, size(), out.size(), width);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::size_t const index = indices[i] / levels_;
      data_.labels({&index, 1}, out.subspan(i * width, width - 1));
      out[i * width + width - 1] = static_cast<int>(indices[i] % levels_);
    }
  }

 private:
  Data data_;
  std::vector<Factor> factors_;
  std::size_t levels_;
  float strongest_;
  Seed seed_;
};

/// Each image at `levels` levels of noise, from none to a standard deviation of `strongest`.
template <data_set Data>
[[nodiscard]] NoiseFactor<Data> noise_factor(Data data, int levels, float strongest, Seed seed) {
  return {std::move(data), levels, strongest, seed};
}

}  // namespace disentangle::data
