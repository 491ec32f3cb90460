// SPDX-License-Identifier: Apache-2.0
// Tests of augment/pipeline.hpp and simclr_pipeline.hpp, and of what holds for all policies: draws by seed,
// image, epoch and view alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/augment/normalise.hpp>
#include <disentangle/augment/pipeline.hpp>
#include <disentangle/augment/rotation.hpp>
#include <disentangle/augment/simclr_pipeline.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/data/batch_source.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/unit/augment/noise_images.hpp"

namespace dis = disentangle;
namespace augment = dis::augment;
using dis::test::augmented;
using dis::test::noise_images;

namespace {

using Shape = dis::ImageShape<8, 8, 3>;

/// Everything that draws.
using All = augment::Pipeline<augment::SimClrPipeline, augment::Rotation>;
static_assert(dis::data::augmentation_of<All, Shape>);
static_assert(dis::data::augmentation_of<augment::ColourJitter, Shape>);

struct Add {
  float what = 0;
  void operator()(dis::Philox, auto, std::size_t, std::span<std::size_t const>,
                  std::span<float> images) const {
    for (float& x : images) x += what;
  }
};
struct Times {
  float what = 0;
  void operator()(dis::Philox, auto, std::size_t, std::span<std::size_t const>,
                  std::span<float> images) const {
    for (float& x : images) x *= what;
  }
};
/// Writes what it draws for the image into pixel number `where`.
struct Drawn {
  std::size_t where = 0;
  void operator()(dis::Philox random, auto shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    for (std::size_t i = 0; i < samples.size(); ++i)
      images[i * shape.size + where] = random.uniform(samples[i]);
  }
};

/// The images of one epoch by image and view: result[view][sample]; empty where an epoch leaves an image out.
std::vector<std::vector<std::vector<float>>> epoch_of(dis::data::BatchOptions options, std::uint64_t epoch) {
  constexpr std::size_t n = 30;
  auto const data = dis::data::arrays<Shape>(noise_images<Shape>(n));
  options.first_step = epoch * (n / options.batch_size);
  dis::data::BatchSource source(data, options, All{});
  std::vector<std::vector<std::vector<float>>> images(options.views, std::vector<std::vector<float>>(n));
  for (std::size_t step = 0; step < n / options.batch_size; ++step) {
    auto const& batch = source.next();
    for (std::size_t v = 0; v < options.views; ++v) {
      for (std::size_t i = 0; i < options.batch_size; ++i) {
        auto const image = batch.view(v).images.subspan(i * Shape::size, Shape::size);
        images[v][batch.indices[i]].assign(image.begin(), image.end());
      }
    }
  }
  return images;
}

}  // namespace

TEST_CASE("pipeline: an image's views are those of seed, image and epoch, whatever its batch") {
  auto const ones = epoch_of({.batch_size = 1, .seed = 4, .views = 2}, 3);
  CHECK(epoch_of({.batch_size = 10, .seed = 4, .prefetch = 0, .views = 2}, 3) == ones);
  CHECK(epoch_of({.batch_size = 30, .seed = 4, .views = 1}, 3)[0] == ones[0]);
  auto const others = {epoch_of({.batch_size = 1, .seed = 5, .views = 2}, 3),
                       epoch_of({.batch_size = 1, .seed = 4, .views = 2}, 4),
                       epoch_of({.batch_size = 1, .seed = 4, .stream = "second minibatch", .views = 2}, 3)};
  for (std::size_t sample = 0; sample < 30; ++sample) {
    CHECK(ones[0][sample] != ones[1][sample]);
    for (auto const& other : others) {
      CHECK(other[0][sample] != ones[0][sample]);
      CHECK(other[1][sample] != ones[1][sample]);
    }
  }
}

TEST_CASE("pipeline: several threads at once get the same images") {
  auto const images = noise_images<Shape>(40);
  auto const expected = augmented<Shape>(All{}, images);
  std::vector<float> a, b;
  std::thread one([&] { a = augmented<Shape>(All{}, images); });
  std::thread two([&] { b = augmented<Shape>(All{}, images); });
  one.join();
  two.join();
  CHECK(a == expected);
  CHECK(b == expected);
}

TEST_CASE("pipeline: policies act in their order") {
  using Dot = dis::ImageShape<1, 1, 1>;
  CHECK(augmented<Dot>(augment::Pipeline{Add{2}, Times{3}}, {1, 2}) == std::vector<float>{9, 12});
  CHECK(augmented<Dot>(augment::Pipeline{Times{3}, Add{2}}, {1, 2}) == std::vector<float>{5, 8});
  CHECK(augmented<Dot>(augment::Pipeline<>{}, {1, 2}) == std::vector<float>{1, 2});
}

TEST_CASE("pipeline: every position of every view draws from a stream of its own, nested ones too") {
  auto const data = dis::data::arrays<Shape>(noise_images<Shape>(10));
  augment::Pipeline const recorder{augment::Pipeline{Drawn{0}, Drawn{1}, Drawn{2}}, Drawn{3}, Drawn{4},
                                   Drawn{5}, augment::Pipeline{Drawn{6}, Drawn{7}}};
  std::set<float> drawn;
  for (std::uint64_t seed : {0, 1}) {
    dis::data::BatchSource source(data, {.batch_size = 10, .seed = seed, .views = 4}, recorder);
    for (int epoch = 0; epoch < 2; ++epoch) {
      auto const& batch = source.next();
      for (std::size_t image = 0; image < 40; ++image) {
        for (std::size_t k = 0; k < 8; ++k) drawn.insert(batch.images[image * Shape::size + k]);
      }
    }
  }
  // 1280 numbers of 23 bits: 0.1 pairs are expected to be equal by chance.
  CHECK(drawn.size() >= 1278);
}

TEST_CASE("pipeline: two equal policies draw independently") {
  using Pair = dis::ImageShape<1, 2, 1>;
  std::vector<float> images(20'000);
  for (std::size_t i = 0; i < images.size(); i += 2) images[i] = 1;
  auto const after =
      augmented<Pair>(augment::Pipeline{augment::HorizontalFlip{}, augment::HorizontalFlip{}}, images);
  std::size_t flipped = 0;
  for (std::size_t i = 0; i < after.size(); i += 2) flipped += after[i] == 0 ? 1 : 0;
  CHECK(flipped > 4750);  // 5000 expected, standard deviation 50
  CHECK(flipped < 5250);
}

TEST_CASE("pipeline: images stay in 0 .. 1, in both shapes and at its hardest") {
  All harsh;
  harsh.get<augment::SimClrPipeline>().get<augment::ColourJitter>() = {2, 2, 2, 0.5, 1};
  harsh.get<augment::Rotation>() = {.degrees = 180, .fill = 1};
  for (auto const& after :
       {augmented<Shape>(harsh, noise_images<Shape>(2000)),
        augmented<dis::ImageShape<3, 10, 3>>(All{}, noise_images<dis::ImageShape<3, 10, 3>>(2000))}) {
    CHECK(std::ranges::min(after) >= 0);
    CHECK(std::ranges::max(after) <= 1);
  }
}

TEST_CASE("pipeline: nothing is allocated per image") {
  auto const data = dis::data::arrays<Shape>(noise_images<Shape>(30));
  dis::data::BatchSource source(data, {.batch_size = 10, .prefetch = 0, .views = 2}, All{});
  source.next();
  std::size_t const before = dis::test::allocations();
  for (int i = 0; i < 20; ++i) source.next();
  CHECK(dis::test::allocations() == before);
}

TEST_CASE("pipeline: policies are found by their type, compared, and described with their settings") {
  auto pipeline = augment::simclr_pipeline();
  CHECK(pipeline == augment::SimClrPipeline{});
  CHECK(describe(pipeline) ==
        "RandomResizedCrop {scale.low = 0.08, scale.high = 1, ratio.low = 0.75, ratio.high = "
        "1.3333333333333333}\n"
        "HorizontalFlip {p = 0.5}\n"
        "ColourJitter {brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1, p = 0.8}\n"
        "RandomGrayscale {p = 0.2}\n"
        "GaussianBlur {kernel = 3, sigma.low = 0.1, sigma.high = 2, p = 0.5}\n");
  CHECK(describe(augment::Pipeline{augment::Rotation{}, augment::Normalise<1>{{0.5}, {0.25}}}) ==
        "Rotation {degrees = 10, fill = 0}\nNormalise<1> {mean.grey = 0.5, deviation.grey = 0.25}\n");
  pipeline.get<augment::ColourJitter>().hue = 0;
  CHECK(pipeline != augment::SimClrPipeline{});
  CHECK(std::as_const(pipeline).get<augment::ColourJitter>() == augment::ColourJitter{.hue = 0});
}

TEST_CASE("pipeline: wrong settings and wrong extents are refused") {
  auto pipeline = augment::simclr_pipeline();
  pipeline.get<augment::GaussianBlur>().kernel = 4;
  auto const data = dis::data::arrays<Shape>(noise_images<Shape>(4));
  char const* const message = "GaussianBlur: found kernel 4, expected an odd number of pixels, 1 .. 15";
  CHECK_THROWS_WITH_AS(dis::data::augmented(data, pipeline), message, dis::ValueError);
  CHECK_THROWS_WITH_AS(dis::data::BatchSource(data, {.batch_size = 2}, pipeline), message, dis::ValueError);
  std::vector<float> images(Shape::size + 1);
  std::vector<std::size_t> const samples{0};
  CHECK_THROWS_WITH_AS(augment::simclr_pipeline()(dis::Philox{}, Shape{}, 0, samples, images),
                       "augmentation: found 193 values of 1 images, expected 192", dis::ShapeError);
}
