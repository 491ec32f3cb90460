// SPDX-License-Identifier: Apache-2.0
// SimCLR and IP-IRM as methods: views, the objective's parts, partitions that are found
// between epochs, kept, saved and gone on with.
#include <disentangle/augment/pipeline.hpp>
#include <disentangle/augment/random_resized_crop_to.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/augmented.hpp>
#include <disentangle/nn/pooling.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/load_weights.hpp>
#include <disentangle/train/partitions.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/count_allocations.hpp>
#include <tests/support/small_contrastive.hpp>
#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <cmath>

namespace dis = disentangle;
using namespace dis::test;
using test_support::Blocks;
using test_support::state_of;

namespace {

/// Noise and a change of brightness, different for each view.
struct Noise {
  void operator()(dis::Philox random, auto shape, std::size_t, std::span<std::size_t const> samples,
                  std::span<float> images) const {
    constexpr std::size_t size = decltype(shape)::size;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      float const gain = 0.7f + 0.3f * random.uniform(1000 * samples[i]);
      for (std::size_t p = 0; p < size; ++p) {
        float& pixel = images[i * size + p];
        pixel = std::min(1.0f, gain * pixel + 0.1f * random.uniform(1000 * samples[i] + 1 + p));
      }
    }
  }
};

auto data() { return dis::data::augmented(Blocks{}, Noise{}); }

template <class M>
auto model(M method, std::uint64_t seed = 0) {
  return dis::Model{method, dis::backend::Cpu{1}, SmallImage{}, dis::seed(seed)};
}

/// IP-IRM that searches before every second epoch of four steps.
SmallIpIrm searching() {
  SmallIpIrm method;
  auto& term = method.get<dis::Role::contrast>();
  term.every = 2;
  term.search.epochs = 5;
  term.search.threads = 1;
  return method;
}

constexpr dis::TrainOptions options(long steps) { return {.steps = steps, .batch_size = 8}; }

double measure(auto& m, std::string const& name) {
  auto const& names = m.measure_names();
  auto const place = std::find(names.begin(), names.end(), name);
  REQUIRE(place != names.end());
  return m.measures()[static_cast<std::size_t>(place - names.begin())];
}

/// Puts partitions into a model: subsets of 48 images, one partition behind the other.
void keep(auto& m, std::vector<int> const& subsets) {
  m.for_each_record([&]<class T>(std::string const& name, std::vector<T>& values) {
    std::size_t const count = subsets.size() / 48;
    if (name == "partition.subsets") values.assign(subsets.begin(), subsets.end());
    if (name == "partition.epochs") values.assign(count, T(0));
    if (name == "partition.risks") values.assign(count, T(-1));
  });
}

/// Two views of 12 images that say which they are.
struct Views {
  Bars first{12, 0}, second{12, 7};
  std::vector<std::size_t> indices;
  std::array<dis::Minibatch, 2> both;
  Views() {
    for (std::size_t i = 0; i < 12; ++i) indices.push_back(47 - 3 * i);
    both = {first.batch(), second.batch()};
    for (auto& batch : both) batch.indices = indices;
  }
};

}  // namespace

TEST_CASE("SimCLR: views of an image come to lie together and apart from the others") {
  auto simclr = model(SmallSimClr{});
  static_assert(decltype(simclr)::views == 2 && decltype(simclr)::minibatches == 2);
  dis::train(simclr, data(), options(1));
  double const before = measure(simclr, "positive_similarity") - measure(simclr, "negative_similarity");
  double loss = 0;
  dis::train(simclr, data(), options(200), [&](auto&, auto const& report) { loss = report.loss; });
  double const after = measure(simclr, "positive_similarity") - measure(simclr, "negative_similarity");
  CHECK(after > before + 0.3);
  CHECK(loss < std::log(15.0));  // what equal features cost
}

TEST_CASE("the views of a step are the same images, augmented differently") {
  auto simclr = model(SmallSimClr{});
  auto const noisy = data();
  dis::data::BatchSource source(noisy, {.batch_size = 8, .views = 2}, Noise{});
  auto const& batch = source.next();
  std::array const by_hand{batch.view(0), batch.view(1)};
  CHECK(!std::ranges::equal(by_hand[0].images, by_hand[1].images));
  simclr.step(by_hand);
  auto trained = model(SmallSimClr{});
  dis::train(trained, data(), options(1));
  CHECK(state_of(trained) == state_of(simclr));
}

TEST_CASE("without partitions IP-IRM is SimCLR, bit for bit") {
  auto simclr = model(SmallSimClr{});
  auto ip_irm = model(SmallIpIrm{});
  for (int i = 0; i < 3; ++i) {
    Views const views;
    CHECK(simclr.step(views.both).loss == ip_irm.step(views.both).loss);
  }
  CHECK(state_of(simclr) == state_of(ip_irm));
}

TEST_CASE("the objective puts its parts together as its options say") {
  using Double = dis::backend::BasicCpu<double>;
  std::vector<int> subsets(2 * 48);
  for (std::size_t i = 0; i < 48; ++i) {
    subsets[i] = i % 2 == 0;
    subsets[48 + i] = i % 5 == 0;
  }
  Views const views;
  auto const check = [&]<class M>(M method, auto const& set) {
    auto& term = method.template get<dis::Role::contrast>();
    set(term);
    dis::Model found{method, Double{1}, SmallImage{}, dis::seed(0)};
    keep(found, subsets);
    double const loss = found.step(views.both).loss;
    double const whole = measure(found, "whole_loss"), part = measure(found, "subset_loss"),
                 penalty = measure(found, "invariance_penalty");
    double const parts = term.over == dis::contrast::OverPartitions::mean ? 1 : 4;
    double const divisor = std::max(1.0, term.penalty);
    CHECK(loss == doctest::Approx((whole + parts * part + parts * term.penalty * penalty) / divisor));
    CHECK(measure(found, "partitions") == 2);
    return std::array{whole, part, penalty};
  };
  auto const vector = check(SmallIpIrm{}, [](auto&) {});
  auto const scalar = check(SmallIpIrm{}, [](auto& t) { t.dummy = dis::contrast::Dummy::scalar; });
  auto const sum = check(SmallIpIrm{}, [](auto& t) { t.over = dis::contrast::OverPartitions::sum; });
  auto const divided = check(SmallIpIrm{}, [](auto& t) { t.penalty = 4; });
  CHECK(vector[0] == scalar[0]);
  CHECK(vector[1] == scalar[1]);
  CHECK(vector[2] != scalar[2]);
  CHECK(vector == sum);
  CHECK(vector == divided);
  // negatives of a subset are fewer, so that its loss is the smaller one here
  CHECK(vector[1] < vector[0]);

  // one partition with everything in subset 0: its loss is that of the whole
  SmallIpIrm method;
  dis::Model one{method, Double{1}, SmallImage{}, dis::seed(0)};
  keep(one, std::vector<int>(48, 0));
  one.step(views.both);
  CHECK(measure(one, "subset_loss") == doctest::Approx(measure(one, "whole_loss")));
}

TEST_CASE(
    "a subset with one image of the minibatch counts with loss and penalty 0, one with none does not count") {
  using Double = dis::backend::BasicCpu<double>;
  Views const views;
  auto const subset_parts = [&]<class M>(M const& method, int subset_of_one_image) {
    dis::Model found{method, Double{1}, SmallImage{}, dis::seed(0)};
    std::vector<int> subsets(48, 0);
    subsets[47] = subset_of_one_image;
    keep(found, subsets);
    CHECK(std::isfinite(found.step(views.both).loss));
    return std::array{measure(found, "subset_loss"), measure(found, "invariance_penalty")};
  };
  auto const check = [&](auto const& method) {
    auto const alone = subset_parts(method, 2);  // in neither subset: subset 0 has 11 images, subset 1 none
    auto const with_one = subset_parts(method, 1);
    for (std::size_t i = 0; i < 2; ++i) CHECK(with_one[i] == doctest::Approx(alone[i] / 2).epsilon(1e-12));
  };
  check(SmallIpIrm{});
  check(SmallMixUp{});
}

TEST_CASE("with MixUp a penalty above 1 divides the part of the partitions alone") {
  using Double = dis::backend::BasicCpu<double>;
  Views const views;
  std::vector<int> subsets(2 * 48);
  for (std::size_t i = 0; i < 96; ++i) subsets[i] = i % (i < 48 ? 2 : 5) == 0;
  for (double const penalty : {0.5, 4.0}) {
    SmallMixUp method;
    method.get<dis::Role::contrast>().penalty = penalty;
    dis::Model found{method, Double{1}, SmallImage{}, dis::seed(0)};
    keep(found, subsets);
    double const loss = found.step(views.both).loss;
    double const parts = measure(found, "subset_loss") + penalty * measure(found, "invariance_penalty");
    CHECK(loss == doctest::Approx(measure(found, "whole_loss") + 2 * parts / std::max(1.0, penalty)));
  }
}

TEST_CASE("partitions are found between epochs, before the first one too") {
  auto ip_irm = model(searching());
  CHECK(dis::partitions(ip_irm).empty());
  dis::train(ip_irm, data(), options(1));
  REQUIRE(dis::partitions(ip_irm).size() == 1);
  dis::train(ip_irm, data(), options(8));  // two epochs; the search before the third is not due yet
  CHECK(dis::partitions(ip_irm).size() == 1);
  dis::train(ip_irm, data(), options(17));
  auto const found = dis::partitions(ip_irm);
  REQUIRE(found.size() == 3);
  CHECK(found[0].epoch == 0);
  CHECK(found[1].epoch == 2);
  CHECK(found[2].epoch == 4);
  for (auto const& partition : found) {
    CHECK(partition.subsets.size() == 32);
    CHECK(std::isfinite(partition.risk));
    auto const ones = std::count(partition.subsets.begin(), partition.subsets.end(), 1);
    CHECK(ones > 4);
    CHECK(ones < 28);
  }
  CHECK(found[0].subsets != found[2].subsets);
  CHECK(measure(ip_irm, "partitions") == 3);
}

TEST_CASE("epochs of a search are those of the data: a step longer where the last minibatch is kept, a step "
          "where a "
          "minibatch is larger than the data") {
  auto kept = model(searching());
  dis::train(kept, data(), {.steps = 8, .batch_size = 10, .last_batch = dis::data::LastBatch::keep});
  CHECK(dis::partitions(kept).size() == 1);
  dis::train(kept, data(), {.steps = 9, .batch_size = 10, .last_batch = dis::data::LastBatch::keep});
  CHECK(dis::partitions(kept).size() == 2);  // the third epoch
  auto drawn = model(searching());
  dis::train(drawn, data(), {.steps = 3, .batch_size = 40, .order = dis::data::Order::with_replacement});
  CHECK(dis::partitions(drawn).size() == 2);
}

TEST_CASE("a model trains and searches on crops of a size of its own, and is scored at that size") {
  using Large = dis::ImageShape<20, 20, 1>;
  std::vector<float> pixels(32 * Large::size);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = 0.5f + 0.5f * std::sin(0.01f * static_cast<float>(i / Large::size * 7 + 1) *
                                       static_cast<float>(i % Large::size));
  dis::augment::Pipeline const crop{dis::augment::RandomResizedCropTo<8>{}};
  auto const crops = dis::data::augmented(dis::data::arrays<Large>(pixels), crop);
  dis::Model ip_irm{searching(), dis::backend::Cpu{1}, crops.image_shape(), dis::seed(0)};
  auto const summary = dis::train(ip_irm, crops, options(9));
  CHECK(summary.steps == 9);
  CHECK(dis::partitions(ip_irm).size() == 2);
  std::vector<std::size_t> const which{0, 1};
  std::vector<float> images(2 * SmallImage::size), codes(12);
  crops.images(which, images);
  ip_irm.encode(images, codes, {});
  for (float const code : codes) CHECK(std::isfinite(code));
}

namespace {

/// Features that do not depend on the images' size: its network ends in a mean over pixels.
struct PooledFeatures {
  dis::nn::Initialisation initialisation = dis::nn::Initialisation::he_normal;
  static constexpr int latent_size = 6;
  template <int Outputs>
  using network = dis::nn::Sequential<dis::nn::Conv<8, 4, 2, 1, dis::nn::Relu>, dis::nn::GlobalAveragePool,
                                      dis::nn::Dense<Outputs>>;
  friend bool operator==(PooledFeatures const&, PooledFeatures const&) = default;
};

}  // namespace

TEST_CASE(
    "what was trained on crops is scored on images of their own size, as IP-IRM's authors do on STL-10") {
  using Large = dis::ImageShape<20, 20, 1>;
  using Pooled = dis::With<SmallSimClr, dis::Encoder<PooledFeatures>>;
  test_support::ScratchFolder const folder;
  dis::Model crops{Pooled{}, dis::backend::Cpu{1}, SmallImage{}, dis::seed(0)};
  Views const views;
  crops.step(views.both);
  dis::save_checkpoint(crops, folder / "crops.safetensors");
  dis::Model whole{Pooled{}, dis::backend::Cpu{1}, Large{}, dis::seed(1)};
  dis::load_weights(whole, folder / "crops.safetensors");
  // black images show the biases alone, whatever their size
  std::vector<float> const small(SmallImage::size, 0.0f), large(Large::size, 0.0f);
  std::vector<float> a(6), b(6);
  crops.encode(small, a, {});
  whole.encode(large, b, {});
  CHECK(a != std::vector<float>(6, 0.0f));
  for (std::size_t i = 0; i < 6; ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-5));
}

TEST_CASE("as many partitions are retained as asked for, and the first may come late") {
  auto method = searching();
  method.get<dis::Role::contrast>().retained = 2;
  method.get<dis::Role::contrast>().every = 1;
  method.get<dis::Role::contrast>().first_epoch = 1;
  auto ip_irm = model(method);
  dis::train(ip_irm, data(), options(4));
  CHECK(dis::partitions(ip_irm).empty());
  dis::train(ip_irm, data(), options(14));  // epochs 1, 2, 3
  auto const found = dis::partitions(ip_irm);
  REQUIRE(found.size() == 2);
  CHECK(found[0].epoch == 2);
  CHECK(found[1].epoch == 3);
  CHECK(found[0].subsets.size() == 32);
}

TEST_CASE("a run that goes on has the same partitions and the same bits") {
  test_support::ScratchFolder const folder;
  auto whole = model(searching());
  dis::train(whole, data(), options(20));
  for (long const stop : {7L, 8L}) {  // within an epoch, and where a search is due
    auto const path = folder.path() / ("at_" + std::to_string(stop));
    auto first = model(searching());
    dis::train(first, data(), options(stop), dis::checkpoint(path));
    auto second = model(searching());
    dis::train(second, data(), options(20), dis::checkpoint(path, {.resume = true}));
    CHECK(state_of(second) == state_of(whole));
    auto const found = dis::partitions(second), expected = dis::partitions(whole);
    REQUIRE(found.size() == expected.size());
    for (std::size_t p = 0; p < found.size(); ++p) {
      CHECK(found[p].subsets == expected[p].subsets);
      CHECK(found[p].epoch == expected[p].epoch);
      CHECK(found[p].risk == expected[p].risk);
    }
  }
}

TEST_CASE("a step allocates nothing once partitions stand") {
  SmallIpIrm method;
  auto ip_irm = model(method);
  std::vector<int> subsets(48);
  for (std::size_t i = 0; i < 48; ++i) subsets[i] = i % 2 == 0;
  keep(ip_irm, subsets);
  Views const views;
  for (int i = 0; i < 3; ++i) ip_irm.step(views.both);
  auto const before = allocations();
  for (int i = 0; i < 5; ++i) ip_irm.step(views.both);
  CHECK(allocations() == before);
}

TEST_CASE("minibatches that do not fit the partitions are errors") {
  auto ip_irm = model(SmallIpIrm{});
  keep(ip_irm, std::vector<int>(48, 0));
  Views views;
  auto const unnamed = [&] {
    auto both = views.both;
    for (auto& batch : both) batch.indices = {};
    ip_irm.step(both);
  };
  CHECK_THROWS_WITH_AS(unnamed(), doctest::Contains("does not say which images"), dis::ValueError);
  views.indices[3] = 48;
  CHECK_THROWS_WITH_AS(ip_irm.step(views.both), doctest::Contains("found image 48, expected one of the 48"),
                       dis::ValueError);
}
