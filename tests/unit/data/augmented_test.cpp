// SPDX-License-Identifier: Apache-2.0
// Tests of data/augmented.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <disentangle/augment/simclr_pipeline.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/data/dsprites.hpp>

namespace dis = disentangle;
using Small = dis::data::Arrays<dis::ImageShape<2, 2, 1>>;

namespace {

struct Dim {
  float factor = 0.5f;
  template <class Shape>
  void check(Shape) const {
    if (!(factor >= 0)) throw dis::ValueError("Dim: found a negative factor");
  }
  void operator()(dis::Philox, auto, std::size_t view, std::span<std::size_t const>,
                  std::span<float> images) const {
    for (float& x : images) x *= view == 0 ? factor : 0.25f;
  }
};

Small small() {
  std::vector<float> pixels(5 * 4);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i) / 32;
  return dis::data::arrays<dis::ImageShape<2, 2, 1>>(std::move(pixels), std::vector<int>{0, 1, 0, 1, 1},
                                                     {{"kind", 2}});
}

static_assert(dis::data::augmented_data<dis::data::Augmented<Small, Dim>>);
static_assert(!dis::data::augmented_data<Small>);
static_assert(!dis::data::factor_grid<dis::data::Augmented<Small, Dim>>);
static_assert(std::same_as<decltype(dis::data::own_augmentation(small())), dis::data::NoAugmentation>);

}  // namespace

TEST_CASE("augmented: images and labels are those of the data set") {
  auto const whole = small();
  auto const data = dis::data::augmented(whole, Dim{});
  CHECK(data.name() == whole.name());
  CHECK(data.size() == 5);
  CHECK(data.factors().size() == 1);
  std::vector<std::size_t> const which{3, 0, 4};
  std::vector<float> a(12), b(12);
  std::vector<int> kinds(3);
  data.images(which, a);
  whole.images(which, b);
  data.labels(which, kinds);
  CHECK(a == b);
  CHECK(kinds == std::vector<int>{1, 0, 1});
}

TEST_CASE("augmented: a grid stays one") {
  auto const data = dis::data::augmented(dis::data::dsprites(), Dim{});
  static_assert(dis::data::factor_grid<decltype(data)>);
  std::array const values{2, 5, 10, 16, 16};
  CHECK(data.index(values) == dis::data::dsprites().index(values));
}

TEST_CASE("augmented: a source draws minibatches through its augmentation") {
  auto const whole = small();
  auto const data = dis::data::augmented(whole, Dim{});
  dis::data::BatchSource source(data, {.batch_size = 5, .views = 2}, dis::data::own_augmentation(data));
  dis::data::BatchSource plain(whole, {.batch_size = 5}, dis::data::own_augmentation(whole));
  auto const& changed = source.next();
  auto const& same = plain.next();
  for (std::size_t p = 0; p < 20; ++p) {
    CHECK(changed.view(0).images[p] == 0.5f * same.images[p]);
    CHECK(changed.view(1).images[p] == 0.25f * same.images[p]);
  }
}

TEST_CASE("augmented: wrong settings are refused where the wrapper is made") {
  CHECK_THROWS_WITH_AS(dis::data::augmented(small(), Dim{.factor = -1}), "Dim: found a negative factor",
                       dis::ValueError);
}

TEST_CASE("augmented: a crop to a size of its own is drawn from the images as they are; scores see them "
          "whole at that "
          "size, normalised as minibatches are") {
  using Large = dis::ImageShape<16, 16, 3>;
  using Cropped = dis::ImageShape<8, 8, 3>;
  std::vector<float> pixels(6 * Large::size);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] =
        static_cast<float>(i / Large::size) / 8 + static_cast<float>(i % 3) / 64;  // of one colour each
  auto const whole = dis::data::arrays<Large>(pixels);
  auto const data = dis::data::augmented(whole, dis::augment::ip_irm_pipeline<8>());
  static_assert(std::same_as<std::remove_cvref_t<decltype(data)>::image_shape_type, Cropped>);
  auto const normal = [](std::size_t image, std::size_t channel) {
    double const mean[]{0.4914, 0.4822, 0.4465}, deviation[]{0.2023, 0.1994, 0.2010};
    double const value = static_cast<double>(image) / 8 + static_cast<double>(channel) / 64;
    return (value - mean[channel]) / deviation[channel];
  };
  std::vector<std::size_t> const which{5, 2};
  std::vector<float> images(2 * Cropped::size);
  data.images(which, images);
  for (std::size_t i = 0; i < images.size(); ++i)
    CHECK(static_cast<double>(images[i]) ==
          doctest::Approx(normal(which[i / Cropped::size], i % 3)).epsilon(1e-4));

  auto plain = dis::augment::ip_irm_pipeline<8>();  // without changes of colour a crop has the image's
  plain.get<dis::augment::ColourJitter>().p = 0;
  plain.get<dis::augment::RandomGrayscale>().p = 0;
  auto const cropped = dis::data::augmented(whole, plain);
  dis::data::BatchSource source(cropped,
                                {.batch_size = 4, .views = 2, .last_batch = dis::data::LastBatch::keep},
                                cropped.augmentation());
  static_assert(std::same_as<decltype(source)::image_shape_type, Cropped>);
  for (int step = 0; step < 4; ++step) {
    auto const& batch = source.next();
    REQUIRE(batch.images.size() == 2 * batch.size * Cropped::size);
    for (std::size_t i = 0; i < batch.images.size(); ++i) {
      std::size_t const image = batch.indices[i / Cropped::size % batch.size];
      CHECK(static_cast<double>(batch.images[i]) == doctest::Approx(normal(image, i % 3)).epsilon(1e-4));
    }
  }
}
