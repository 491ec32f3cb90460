// SPDX-License-Identifier: Apache-2.0
// Codes of some images stand in the order asked for, over the borders of the pieces that are encoded
// together.
#include <disentangle/data/encode_images.hpp>

#include <disentangle/core/shape.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace {

/// Image i is one pixel of value i.
struct Numbered {
  using image_shape_type = disentangle::ImageShape<1, 1, 1>;
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<float>(indices[i]);
  }
};

/// Mean (x, 2 x), log variance (-x, -2 x).
struct Doubling {
  static constexpr std::size_t latent_size = 2;
  std::size_t largest = 0;
  void encode(std::span<float const> images, std::span<float> mean, std::span<float> log_variance) {
    largest = std::max(largest, images.size());
    REQUIRE(mean.size() == 2 * images.size());
    REQUIRE(log_variance.size() == 2 * images.size());
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] = images[i / 2] * static_cast<float>(1 + i % 2);
      log_variance[i] = -mean[i];
    }
  }
};

}  // namespace

TEST_CASE("rows are in the order of the indices") {
  std::vector<std::size_t> indices(1003);
  std::iota(indices.rbegin(), indices.rend(), std::size_t{7});
  Doubling model;
  auto const codes = disentangle::data::encode_images(model, Numbered{}, indices);
  REQUIRE(codes.mean.size() == 2006);
  REQUIRE(codes.log_variance.size() == 2006);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    REQUIRE(codes.mean[2 * i] == static_cast<float>(indices[i]));
    REQUIRE(codes.mean[2 * i + 1] == 2 * static_cast<float>(indices[i]));
    REQUIRE(codes.log_variance[2 * i + 1] == -2 * static_cast<float>(indices[i]));
  }
  CHECK(model.largest < 1003);
  CHECK(disentangle::data::encode_images(model, Numbered{}, {}).mean.empty());
}
