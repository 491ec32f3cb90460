// SPDX-License-Identifier: Apache-2.0
// Tests of data/augmented.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

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
