// SPDX-License-Identifier: Apache-2.0
// Tests of data/batch_source.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <disentangle/data/batch_source.hpp>
#include <disentangle/data/dsprites.hpp>

#include "tests/support/count_allocations.hpp"

namespace dis = disentangle;
using dis::Minibatch;
using dis::data::BatchOptions;
using dis::data::BatchSource;
using dis::data::LastBatch;
using dis::data::Order;

namespace {

/// 103 images of 2 x 3 pixels that name their index; optionally slow, optionally throwing at one of them.
struct Numbered {
  using image_shape_type = dis::ImageShape<2, 3, 1>;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "numbered"; }
  std::size_t size() const { return 103; }
  std::vector<dis::Factor> const& factors() const { return factors_; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (indices[i] == bad) throw std::runtime_error("image cannot be read");
      std::ranges::fill(out.subspan(i * 6, 6), static_cast<float>(indices[i]) / 128);
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      out[2 * i] = static_cast<int>(indices[i] % 5);
      out[2 * i + 1] = -1;
    }
  }
  std::vector<dis::Factor> factors_{{"remainder", 5}, {"unknown", 2}};
  std::size_t bad = 1000;
  std::chrono::microseconds pause{0};
};
static_assert(dis::data::data_set<Numbered>);

struct Copy {
  std::uint64_t step;
  std::vector<float> images;
  std::vector<std::size_t> indices;
  std::vector<int> labels;
  bool operator==(Copy const&) const = default;
};

Copy copy_of(Minibatch const& batch) {
  return {batch.step,
          {batch.images.begin(), batch.images.end()},
          {batch.indices.begin(), batch.indices.end()},
          {batch.labels.begin(), batch.labels.end()}};
}

std::vector<Copy> batches(Numbered const& data, BatchOptions const& options, int count) {
  BatchSource source(data, options);
  std::vector<Copy> result;
  for (int i = 0; i < count; ++i) result.push_back(copy_of(source.next()));
  return result;
}

/// Halves view 1, and dims the others by a random number per image; refuses a floor above 1.
struct Dimmed {
  float floor = 0;
  template <class Shape>
  void check(Shape) const {
    if (floor > 1) throw dis::ValueError("Dimmed: found a floor above 1");
  }
  void operator()(dis::Philox random, auto shape, std::size_t view, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    for (std::size_t p = 0; p < images.size(); ++p) {
      images[p] *= view == 1 ? 0.5f : std::max(floor, random.uniform(samples[p / shape.size]));
    }
  }
};

/// Writes the number that it draws for each image and the epoch instead of the image.
struct Drawn {
  void operator()(dis::Philox random, auto shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      images[i * shape.size] = random.uniform(samples[i]);
      images[i * shape.size + 1] = static_cast<float>(random.step);
    }
  }
};

/// The contract before views were the source's: without samples.
struct WithoutSamples {
  void operator()(dis::Philox, auto, std::size_t, std::span<float>) const {}
};
static_assert(dis::data::augmentation_of<Dimmed, Numbered::image_shape_type>);
static_assert(dis::data::augmentation_of<dis::data::NoAugmentation, Numbered::image_shape_type>);
static_assert(!dis::data::augmentation_of<WithoutSamples, Numbered::image_shape_type>);
static_assert(!std::is_constructible_v<BatchSource<Numbered>, Numbered>,
              "a temporary data set would be gone");

}  // namespace

TEST_CASE("batch_source: images, labels and indices belong together") {
  Numbered const data;
  for (Copy const& batch : batches(data, {.batch_size = 10}, 25)) {
    REQUIRE(batch.indices.size() == 10);
    REQUIRE(batch.images.size() == 60);
    REQUIRE(batch.labels.size() == 20);
    for (std::size_t i = 0; i < 10; ++i) {
      CHECK(batch.images[6 * i + 5] == static_cast<float>(batch.indices[i]) / 128);
      CHECK(batch.labels[2 * i] == static_cast<int>(batch.indices[i] % 5));
      CHECK(batch.labels[2 * i + 1] == -1);
    }
  }
}

TEST_CASE("batch_source: prefetching, not prefetching and resuming give the same batches") {
  Numbered const data;
  for (Order const order : {Order::shuffled_epochs, Order::with_replacement}) {
    BatchOptions options{.batch_size = 10, .seed = 3, .prefetch = 0, .order = order};
    auto const expected = batches(data, options, 40);
    for (std::size_t i = 0; i < 40; ++i) CHECK(expected[i].step == i);
    for (std::size_t prefetch : {1, 2, 5}) {
      options.prefetch = prefetch;
      CHECK(batches(data, options, 40) == expected);
    }
    for (std::size_t start : {1, 9, 10, 17}) {
      options.first_step = start;
      std::vector<Copy> const rest(expected.begin() + static_cast<std::ptrdiff_t>(start), expected.end());
      CHECK(batches(data, options, static_cast<int>(rest.size())) == rest);
    }
  }
}

TEST_CASE("batch_source: an epoch shows every image once, in another order each time") {
  Numbered const data;
  BatchSource source(data, {.batch_size = 1, .seed = 1});
  CHECK(source.steps_per_epoch() == 103);
  std::vector<std::vector<std::size_t>> epochs(3);
  for (auto& epoch : epochs) {
    for (int i = 0; i < 103; ++i) epoch.push_back(source.next().indices[0]);
    CHECK(std::set<std::size_t>(epoch.begin(), epoch.end()).size() == 103);
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
  CHECK(!std::ranges::is_sorted(epochs[0]));
}

TEST_CASE("batch_source: the images that do not fill a last batch are left out, others each epoch") {
  Numbered const data;
  BatchSource source(data, {.batch_size = 50, .seed = 1});
  CHECK(source.steps_per_epoch() == 2);
  std::set<std::size_t> seen;
  for (int epoch = 0; epoch < 8; ++epoch) {
    std::set<std::size_t> once;
    for (int i = 0; i < 2; ++i) {
      auto const& batch = source.next();
      once.insert(batch.indices.begin(), batch.indices.end());
    }
    CHECK(once.size() == 100);
    seen.insert(once.begin(), once.end());
  }
  CHECK(seen.size() == 103);
}

TEST_CASE("batch_source: a last batch that is kept has the images that are left, and resumes as any other") {
  Numbered const data;
  BatchOptions options{.batch_size = 10, .seed = 6, .views = 2, .last_batch = LastBatch::keep};
  BatchSource source(data, options, Dimmed{});
  CHECK(source.steps_per_epoch() == 11);
  std::vector<Copy> all;
  for (std::uint64_t step = 0; step < 33; ++step) {
    auto const& batch = source.next();
    std::size_t const n = step % 11 == 10 ? 3 : 10;
    REQUIRE(batch.size == n);
    REQUIRE(batch.indices.size() == n);
    REQUIRE(batch.images.size() == 2 * n * 6);
    REQUIRE(batch.labels.size() == 2 * n);
    for (std::size_t i = 0; i < n; ++i) {
      CHECK(batch.view(1).images[6 * i] == static_cast<float>(batch.indices[i]) / 256);
      CHECK(batch.labels[2 * i] == static_cast<int>(batch.indices[i] % 5));
    }
    all.push_back(copy_of(batch));
  }
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    std::set<std::size_t> seen;
    for (std::size_t step = 0; step < 11; ++step)
      seen.insert(all[11 * epoch + step].indices.begin(), all[11 * epoch + step].indices.end());
    CHECK(seen.size() == 103);
  }
  for (std::size_t const start : {9, 10, 11, 32}) {
    options.first_step = start;
    BatchSource resumed(data, options, Dimmed{});
    for (std::size_t step = start; step < 33; ++step) CHECK(copy_of(resumed.next()) == all[step]);
  }
  // of a data set smaller than a batch it is the whole; where batches are full anyway nothing changes
  BatchSource whole(data, {.batch_size = 200, .last_batch = LastBatch::keep});
  CHECK(whole.steps_per_epoch() == 1);
  CHECK(whole.next().indices.size() == 103);
  for (Order const order : {Order::with_replacement, Order::independent_batches}) {
    CHECK(batches(data, {.batch_size = 50, .order = order, .last_batch = LastBatch::keep}, 4) ==
          batches(data, {.batch_size = 50, .order = order}, 4));
  }
}

TEST_CASE("steps of an epoch: rounded as the last batch says, at least one, refused for an empty batch") {
  using dis::data::steps_per_epoch;
  CHECK(steps_per_epoch(103, 10) == 10);
  CHECK(steps_per_epoch(103, 10, LastBatch::keep) == 11);
  CHECK(steps_per_epoch(100, 10, LastBatch::keep) == 10);
  CHECK(steps_per_epoch(103, 10, LastBatch::keep, Order::with_replacement) == 10);
  CHECK(steps_per_epoch(103, 1000, LastBatch::drop, Order::with_replacement) == 1);
  CHECK_THROWS_WITH_AS(steps_per_epoch(103, 0),
                       "steps of an epoch: found a batch_size of 0, expected at least 1", dis::ValueError);
}

TEST_CASE("batch_source: seeds and streams give other batches") {
  Numbered const data;
  auto const one = batches(data, {.batch_size = 20, .seed = 1}, 3);
  CHECK(one == batches(data, {.batch_size = 20, .seed = 1}, 3));
  CHECK(one != batches(data, {.batch_size = 20, .seed = 2}, 3));
  CHECK(one != batches(data, {.batch_size = 20, .seed = 1, .stream = "second minibatch"}, 3));
}

TEST_CASE("batch_source: drawing with replacement repeats images and may exceed the data set") {
  Numbered const data;
  BatchSource source(data, {.batch_size = 1000, .order = Order::with_replacement});
  auto const& batch = source.next();
  std::vector<double> count(103);
  for (std::size_t index : batch.indices) count.at(index) += 1;
  // Chi-squared with 102 degrees of freedom: above 150 with probability 0.0015.
  double chi = 0;
  for (double c : count) chi += (c - 1000 / 103.0) * (c - 1000 / 103.0) * 103 / 1000;
  CHECK(chi < 150);
}

TEST_CASE("batch_source: what cannot be batched is refused") {
  Numbered const data;
  CHECK_THROWS_AS(BatchSource(data, {.batch_size = 0}), dis::ValueError);
  CHECK_THROWS_WITH_AS(BatchSource(data, {.batch_size = 104}),
                       "a batch of 104 from the 103 images of numbered: take a smaller batch, or "
                       "Order::with_replacement",
                       dis::ValueError);
  CHECK_NOTHROW(BatchSource(data, {.batch_size = 103}));
}

TEST_CASE("batch_source: an exception comes out of the next() whose batch it prevented") {
  Numbered data;
  auto const expected = batches(data, {.batch_size = 10, .seed = 3}, 10);
  for (std::size_t prefetch : {0, 2}) {
    for (std::size_t step = 0; step < 10; ++step) {
      data.bad = expected[step].indices[4];
      BatchSource source(data, {.batch_size = 10, .seed = 3, .prefetch = prefetch});
      for (std::size_t i = 0; i < step; ++i) CHECK(copy_of(source.next()) == expected[i]);
      CHECK_THROWS_WITH_AS(source.next(), "image cannot be read", std::runtime_error);
      CHECK_THROWS_AS(source.next(), std::runtime_error);
    }
  }
}

TEST_CASE("batch_source: may be destroyed at any moment") {
  Numbered data;
  for (int pause : {0, 50}) {
    data.pause = std::chrono::microseconds(pause);
    for (int i = 0; i < 100; ++i) {
      BatchSource source(data, {.batch_size = 10, .prefetch = static_cast<std::size_t>(i % 4)});
      for (int k = 0; k < i % 7; ++k) source.next();
      if (i % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i));
    }
  }
}

TEST_CASE("batch_source: a batch stays as it is until the next call") {
  Numbered const data;
  BatchSource source(data, {.batch_size = 10, .prefetch = 1});
  for (int i = 0; i < 20; ++i) {
    auto const& batch = source.next();
    auto const before = copy_of(batch);
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    CHECK(copy_of(batch) == before);
  }
}

TEST_CASE("batch_source: nothing is allocated after the constructor") {
  auto const data = dis::data::dsprites();
  for (std::size_t prefetch : {0, 2}) {
    BatchSource source(data, {.batch_size = 16, .prefetch = prefetch});
    source.next();
    std::size_t const before = dis::test::allocations();
    for (int i = 0; i < 50; ++i) source.next();
    CHECK(dis::test::allocations() == before);
  }
}

TEST_CASE("batch_source: a slow reader never waits") {
  auto const data = dis::data::dsprites();
  BatchSource source(data, {.batch_size = 64});
  source.next();
  auto const waits = source.waits();
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    source.next();
  }
  CHECK(source.waits() <= waits + 1);  // one allowed, should the machine be very busy
}

TEST_CASE("batch_source: two views of each image, drawn anew each epoch and alike when resumed") {
  Numbered const data;
  BatchSource source(data, {.batch_size = 4, .seed = 5, .views = 2}, Dimmed{});
  std::vector<Copy> all;
  for (int step = 0; step < 4; ++step) {
    auto const& batch = source.next();
    REQUIRE(batch.views == 2);
    REQUIRE(batch.images.size() == 2 * 4 * 6);
    for (std::size_t i = 0; i < 4; ++i) {
      float const whole = static_cast<float>(batch.indices[i]) / 128;
      CHECK(batch.view(1).images[6 * i] == whole * 0.5f);
      CHECK(batch.view(0).images[6 * i] <= whole);
    }
    all.push_back(copy_of(batch));
  }
  BatchSource resumed(data, {.batch_size = 4, .seed = 5, .first_step = 2, .prefetch = 0, .views = 2},
                      Dimmed{});
  CHECK(copy_of(resumed.next()) == all[2]);
  CHECK(copy_of(resumed.next()) == all[3]);
}

TEST_CASE("batch_source: views without an augmentation are copies, and one view is augmented too") {
  Numbered const data;
  BatchSource copies(data, {.batch_size = 4, .views = 3});
  auto const& batch = copies.next();
  REQUIRE(batch.views == 3);
  for (std::size_t v = 1; v < 3; ++v) {
    CHECK(std::ranges::equal(batch.view(v).images, batch.view(0).images));
  }
  BatchSource single(data, {.batch_size = 4}, Drawn{});
  auto const& drawn = single.next();
  CHECK(drawn.views == 1);
  CHECK(drawn.images[0] != static_cast<float>(drawn.indices[0]) / 128);
}

TEST_CASE(
    "batch_source: what an augmentation draws depends on seed, image, epoch and view, not on the batch") {
  Numbered const data;
  // drawn[image][epoch] of view `view`, with batches of `size`
  auto const draws = [&](BatchOptions options, std::size_t view) {
    BatchSource source(data, options, Drawn{});
    std::vector<std::vector<float>> drawn(103, std::vector<float>(2, -1.0f));
    for (std::uint64_t step = 0; step < 2 * source.steps_per_epoch(); ++step) {
      auto const& batch = source.next();
      std::uint64_t const epoch = step / source.steps_per_epoch();
      for (std::size_t i = 0; i < batch.indices.size(); ++i) {
        CHECK(batch.view(view).images[6 * i + 1] == static_cast<float>(epoch));
        drawn[batch.indices[i]][epoch] = batch.view(view).images[6 * i];
      }
    }
    return drawn;
  };
  auto const one = draws({.batch_size = 1, .seed = 2, .views = 2}, 0);
  auto const ten = draws({.batch_size = 10, .seed = 2, .views = 3}, 0);
  std::set<float> distinct;
  for (std::size_t image = 0; image < 103; ++image) {
    for (std::size_t epoch = 0; epoch < 2; ++epoch) {
      REQUIRE(one[image][epoch] > 0);
      distinct.insert(one[image][epoch]);
      // batches of ten leave three images out of an epoch
      if (ten[image][epoch] >= 0) CHECK(ten[image][epoch] == one[image][epoch]);
    }
  }
  CHECK(distinct.size() > 200);  // of 206 numbers of 23 bits
  CHECK(one != draws({.batch_size = 1, .seed = 2, .views = 2}, 1));
  CHECK(one != draws({.batch_size = 1, .seed = 3}, 0));
  CHECK(one != draws({.batch_size = 1, .seed = 2, .stream = "second minibatch"}, 0));
}

TEST_CASE("batch_source: without epochs every step draws anew") {
  Numbered const data;
  for (Order const order : {Order::with_replacement, Order::independent_batches}) {
    BatchSource source(data, {.batch_size = 4, .order = order}, Drawn{});
    for (int step = 0; step < 5; ++step) {
      auto const& batch = source.next();
      CHECK(batch.images[1] == static_cast<float>(step));
    }
  }
}

TEST_CASE(
    "batch_source: no view, and settings that the augmentation refuses, are errors of the constructor") {
  Numbered const data;
  CHECK_THROWS_WITH_AS(BatchSource(data, {.views = 0}),
                       "batches from numbered: found 0 views, expected at least 1", dis::ValueError);
  CHECK_THROWS_WITH_AS(BatchSource(data, {}, Dimmed{.floor = 2}), "Dimmed: found a floor above 1",
                       dis::ValueError);
}
