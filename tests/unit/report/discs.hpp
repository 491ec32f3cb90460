// SPDX-License-Identifier: Apache-2.0
// A data set of grey discs of which position and radius are known, and a model that codes them exactly:
// latent 1 is the horizontal, latent 3 the vertical position, latent 2 the radius, latents 0 and 4 are the
// prior.
#pragma once

#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace test_support {

template <int Side>
void draw_disc(double x, double y, double radius, float* out) {
  for (int r = 0; r < Side; ++r) {
    for (int c = 0; c < Side; ++c) {
      double const distance = std::hypot(c + 0.5 - x, r + 0.5 - y);
      out[r * Side + c] = static_cast<float>(std::clamp(radius + 0.5 - distance, 0.0, 1.0));
    }
  }
}

/// 2 radii x 6 horizontal x 6 vertical positions, vertical quickest.
class Discs {
 public:
  using image_shape_type = disentangle::ImageShape<32, 32, 1>;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "discs"; }
  std::size_t size() const { return 72; }
  std::vector<disentangle::Factor> const& factors() const { return factors_; }
  std::size_t index(std::span<int const> values) const {
    return static_cast<std::size_t>((values[0] * 6 + values[1]) * 6 + values[2]);
  }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      int const n = static_cast<int>(indices[i]);
      draw_disc<32>(6 + 4 * (n / 6 % 6), 6 + 4 * (n % 6), n / 36 == 0 ? 3 : 5, out.data() + i * 1024);
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      int const n = static_cast<int>(indices[i]);
      out[i * 3] = n / 36;
      out[i * 3 + 1] = n / 6 % 6;
      out[i * 3 + 2] = n % 6;
    }
  }

 private:
  std::vector<disentangle::Factor> factors_{{"radius", 2}, {"posX", 6}, {"posY", 6}};
};

/// Codes discs by their moments.
template <int Side>
struct DiscModel {
  static constexpr std::size_t latent_size = 5;
  using image_shape_type = disentangle::ImageShape<Side, Side, 1>;

  void encode(std::span<float const> images, std::span<float> mean, std::span<float> log_variance) const {
    for (std::size_t i = 0; i * Side * Side < images.size(); ++i) {
      double mass = 1e-9, x = 0, y = 0;
      for (int r = 0; r < Side; ++r) {
        for (int c = 0; c < Side; ++c) {
          double const value =
              images[(i * Side + static_cast<std::size_t>(r)) * Side + static_cast<std::size_t>(c)];
          mass += value;
          x += value * (c + 0.5);
          y += value * (r + 0.5);
        }
      }
      double const codes[5] = {0, (x / mass / Side - 0.5) * 5, std::sqrt(mass / 3.14159) / Side * 16 - 2,
                               (y / mass / Side - 0.5) * 6, 0};
      for (std::size_t l = 0; l < 5; ++l) {
        mean[i * 5 + l] = static_cast<float>(codes[l]);
        log_variance[i * 5 + l] = l == 0 || l == 4 ? 0.0f : -4.0f;
      }
    }
  }

  void decode(std::span<float const> codes, std::span<float> images) const {
    for (std::size_t i = 0; i * 5 < codes.size(); ++i) {
      draw_disc<Side>((codes[i * 5 + 1] / 5 + 0.5) * Side, (codes[i * 5 + 3] / 6 + 0.5) * Side,
                      (codes[i * 5 + 2] + 2) / 16 * Side, images.data() + i * Side * Side);
    }
  }
};

}  // namespace test_support
