// SPDX-License-Identifier: Apache-2.0
// Tests of random_resized_crop_to.hpp: the resampling against its sum as it reads, crops of the images' own
// size, what comes behind it in a pipeline.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <disentangle/augment/horizontal_flip.hpp>
#include <disentangle/augment/random_resized_crop_to.hpp>
#include <disentangle/augment/simclr_pipeline.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/shape.hpp>

#include "tests/unit/augment/noise_images.hpp"

namespace dis = disentangle;
namespace augment = dis::augment;
using augment::RandomResizedCrop;
using augment::RandomResizedCropTo;

namespace {

using Large = dis::ImageShape<24, 31, 3>;

/// Bilinear with antialiasing of one axis: the weight of pixel j of n for pixel i of `to`, not yet summing to
/// 1.
double triangle(int i, int to, int j, int n) {
  double const scale = static_cast<double>(n) / to, reach = std::max(1.0, scale);
  return std::max(0.0, 1 - std::abs((j + 0.5 - (i + 0.5) * scale) / reach));
}

/// The largest difference between a crop of `image` at the policy's size and the double sum.
template <class Policy>
double error_of(RandomResizedCrop::Crop const& crop, std::vector<float> const& image) {
  using Small = typename Policy::template output_shape<Large>;
  std::vector<float> found(Small::size);
  Policy::template resample<Large>(crop, image.data(), found.data());
  double worst = 0;
  for (int y = 0; y < Small::height; ++y) {
    for (int x = 0; x < Small::width; ++x) {
      for (int c = 0; c < 3; ++c) {
        double sum = 0, all = 0;
        for (int v = 0; v < crop.height; ++v) {
          for (int u = 0; u < crop.width; ++u) {
            double const w =
                triangle(y, Small::height, v, crop.height) * triangle(x, Small::width, u, crop.width);
            all += w;
            sum +=
                w *
                static_cast<double>(
                    image[static_cast<std::size_t>(((crop.top + v) * Large::width + crop.left + u) * 3 + c)]);
          }
        }
        double const value =
            static_cast<double>(found[static_cast<std::size_t>((y * Small::width + x) * 3 + c)]);
        worst = std::max(worst, std::abs(value - sum / all));
      }
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("crops of any size are resampled as the sum reads, shrunk and enlarged") {
  auto const image = dis::test::noise_images<Large>(1);
  for (RandomResizedCrop::Crop const& crop : {RandomResizedCrop::Crop{0, 0, 24, 31},
                                              {3, 5, 17, 20},
                                              {23, 30, 1, 1},
                                              {0, 0, 8, 8},
                                              {2, 0, 3, 31},
                                              {10, 10, 2, 5}}) {
    CHECK(error_of<RandomResizedCropTo<8>>(crop, image) < 1e-6);
    CHECK(error_of<RandomResizedCropTo<7, 10>>(crop, image) < 1e-6);
    CHECK(error_of<RandomResizedCropTo<40, 33>>(crop, image) < 1e-6);
    CHECK(error_of<RandomResizedCropTo<1>>(crop, image) < 1e-6);
  }
}

TEST_CASE("crops of the images' own size are those of RandomResizedCrop, to the bit") {
  using Same = RandomResizedCropTo<Large::height, Large::width>;
  auto const images = dis::test::noise_images<Large>(20);
  CHECK(dis::test::augmented<Large>(Same{}, images) ==
        dis::test::augmented<Large>(RandomResizedCrop{}, images));
  augment::Pipeline const one{Same{}, augment::HorizontalFlip{}};
  augment::Pipeline const two{RandomResizedCrop{}, augment::HorizontalFlip{}};
  CHECK(dis::test::augmented<Large>(one, images) == dis::test::augmented<Large>(two, images));
}

TEST_CASE(
    "policies behind a crop take images of its size, and an image's crop does not depend on its batch") {
  using Small = dis::ImageShape<8, 8, 3>;
  auto const images = dis::test::noise_images<Large>(10);
  auto const pipeline = augment::ip_irm_pipeline<8>();
  auto const samples = dis::test::first_samples(10);
  std::vector<float> all(10 * Small::size), one(Small::size);
  dis::Philox const random{4, 5, 6};
  pipeline(random, Large{}, 0, samples, std::span<float const>(images), std::span<float>(all));
  for (std::size_t i : {0, 3, 9}) {
    pipeline(random, Large{}, 0, std::span(samples).subspan(i, 1),
             std::span<float const>(images).subspan(i * Large::size, Large::size), std::span<float>(one));
    CHECK(std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(i * Small::size)));
  }
  // normalised: 0 and 1 are where the constants put them
  CHECK(*std::min_element(all.begin(), all.end()) < -1);
  CHECK(*std::max_element(all.begin(), all.end()) > 1);
  CHECK(*std::max_element(all.begin(), all.end()) <= static_cast<float>((1 - 0.4465) / 0.1994));
  CHECK_THROWS_WITH_AS(
      pipeline(random, Large{}, 0, samples, std::span<float const>(images).first(5), std::span<float>(all)),
      doctest::Contains("found 5 values of 10 images"), dis::ShapeError);
  CHECK_THROWS_WITH_AS((RandomResizedCropTo<8>{.scale = {0, 1}}.check(Large{})),
                       doctest::Contains("found scale 0 .. 1"), dis::ValueError);
}
