// SPDX-License-Identifier: Apache-2.0
// Drawn pictures of ten classes, for programs that must have images where no files are.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/factor.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/data_set.hpp>

namespace disentangle::data {

/// 2000 images 32 x 32 of a white bar on black, always the same. The class is its angle, k * 18 degrees for
/// class k = index % 10; length (14 to 26 pixels), width (2 to 6) and place vary and are told by no factor: a
/// style. Made up here; no published set.
class Bars {
 public:
  using image_shape_type = ImageShape<32, 32, 1>;

  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "bars"; }
  std::size_t size() const { return 2000; }
  std::vector<Factor> const& factors() const { return factors_; }

  /// out: (n, 32, 32, 1), each value 0 or 1.
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    constexpr std::size_t pixels = image_shape_type::size;
    check_request("bars", "images", indices, size(), out.size(), pixels);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      Philox const random{1, stream("bars"), indices[i]};
      auto const style = [&](std::uint64_t k, float low, float high) {
        return low + (high - low) * random.uniform(k);
      };
      float const angle = 0.31415927f * static_cast<float>(indices[i] % 10), length = style(0, 7, 13),
                  width = style(1, 1, 3), x = style(2, 12, 19), y = style(3, 12, 19);
      for (std::size_t p = 0; p < pixels; ++p) {
        float const dx = static_cast<float>(p % 32) - x, dy = static_cast<float>(p / 32) - y;
        float const along = std::abs(dx * std::cos(angle) + dy * std::sin(angle)),
                    across = std::abs(dy * std::cos(angle) - dx * std::sin(angle));
        out[i * pixels + p] = along < length && across < width ? 1.0f : 0.0f;
      }
    }
  }
  /// out: (n, 1).
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    check_request("bars", "labels", indices, size(), out.size(), 1);
    for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<int>(indices[i] % 10);
  }

 private:
  std::vector<Factor> factors_{{"angle", 10}};
};

}  // namespace disentangle::data
