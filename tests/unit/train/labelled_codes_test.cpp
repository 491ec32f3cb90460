// SPDX-License-Identifier: Apache-2.0
// The codes and labels of all images of a data set, in their order and over more than one piece.
#include <disentangle/core/factor.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/train/labelled_codes.hpp>

#include <doctest/doctest.h>

#include <string>

namespace dis = disentangle;

namespace {

using Pair = dis::ImageShape<1, 2, 1>;

/// Image i is (i, -i), its labels i % 7 and "missing".
struct Counted {
  using image_shape_type = Pair;
  std::size_t count;
  std::vector<dis::Factor> list{{"remainder", 7}, {"unknown", 2}};
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "counted"; }
  std::size_t size() const { return count; }
  std::vector<dis::Factor> const& factors() const { return list; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      out[2 * i] = static_cast<float>(indices[i]);
      out[2 * i + 1] = -out[2 * i];
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      out[2 * i] = static_cast<int>(indices[i] % 7);
      out[2 * i + 1] = -1;
    }
  }
};

/// The code of (a, b) is (2 a, b, 1).
struct Model {
  using image_shape_type = Pair;
  static constexpr std::size_t latent_size = 3;
  std::size_t calls = 0;
  void encode(std::span<float const> images, std::span<float> mean, std::span<float>) {
    ++calls;
    REQUIRE(mean.size() / 3 == images.size() / 2);
    for (std::size_t i = 0; i < images.size() / 2; ++i) {
      mean[3 * i] = 2 * images[2 * i];
      mean[3 * i + 1] = images[2 * i + 1];
      mean[3 * i + 2] = 1;
    }
  }
};

}  // namespace

TEST_CASE("every image once, in its order") {
  for (std::size_t const n : {1, 256, 300}) {
    Model model;
    auto const found = dis::labelled_codes(model, Counted{n});
    CHECK(model.calls == (n + 255) / 256);
    REQUIRE(found.codes.rows == n);
    REQUIRE(found.codes.columns == 3);
    REQUIRE(found.labels.rows == n);
    for (std::size_t i = 0; i < n; ++i) {
      CHECK(found.codes(i, 0) == 2 * static_cast<float>(i));
      CHECK(found.codes(i, 1) == -static_cast<float>(i));
      CHECK(found.labels(i, 1) == -1);
    }
    CHECK(found.factor(0).size() == n);
    CHECK(found.factor(0).back() == static_cast<int>((n - 1) % 7));
  }
}
