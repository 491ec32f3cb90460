// SPDX-License-Identifier: Apache-2.0
// LabelledStep: its cross-entropy, which parameters it trains and with which moments, what it says of wrong
// labels; the labelled minibatches that train() draws.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/data/labelled.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/train.hpp>

#include "tests/support/parted.hpp"
#include "tests/support/tiny.hpp"

using namespace disentangle;
using Labelled = supervision::LabelledStep;
/// What a labelled step needs around it, and little more.
using SmallPartedVae =
    Method<Encoder<encoder::Parted<test::SmallPartedTrunk, test::BarCode>>,
           Decoder<test_support::TinyDecoder>, Prior<prior::ClassMixture<test::BarCode>>,
           Reconstruction<reconstruction::Bernoulli>, Regularizer<regularizer::ConditionalEntropy>,
           Supervision<Labelled>, Optimizer<optim::Adam>>;

namespace {

using Image = test::SmallImage;

auto model_of(SmallPartedVae method = {}, unsigned threads = 1) {
  method.get<Labelled>().optimizer.learning_rate = 1e-2;
  return Model{method, backend::Cpu{threads}, Image{}, seed(5)};
}
/// Steps on given minibatches; the labels of the labelled one may be others.
template <class Model>
auto step(Model& model, std::size_t i, std::vector<int> const* labels = nullptr) {
  test::Bars const first(8, 11 * i), second(6, 11 * i + 5);
  Minibatch batches[] = {first.batch(), second.batch()};
  batches[0].labels = {};
  if (labels != nullptr) batches[1].labels = *labels;
  return model.step(batches);
}

/// Bars as a data set: 48 images, the factor is their place.
class BarImages {
 public:
  using image_shape_type = Image;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "bars"; }
  std::size_t size() const { return 48; }
  std::vector<Factor> const& factors() const { return factors_; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      test::Bars const bar(1, indices[i]);
      std::copy(bar.images.begin(), bar.images.end(), out.begin() + static_cast<std::ptrdiff_t>(i * 64));
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<int>(indices[i] % 8);
  }

 private:
  std::vector<Factor> factors_{{"place", 8}};
};

}  // namespace

TEST_CASE("the reported part is the cross-entropy of the labelled images, missing labels left out") {
  auto model = model_of();
  test::Bars const labelled(6, 5);
  std::vector<float> q(6 * 8);
  model.classify(labelled.images, q);
  std::vector<int> labels = labelled.labels;
  labels[1] = labels[4] = -1;
  double expected = 0;
  for (std::size_t b = 0; b < 6; ++b) {
    if (labels[b] >= 0)
      expected -= std::log(static_cast<double>(q[b * 8 + static_cast<std::size_t>(labels[b])])) / 6;
  }
  auto const report = step(model, 0, &labels);
  std::size_t part = 0;
  while (model.part_names()[part] != "LabelledStep") ++part;
  CHECK(report.parts[part] == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("its gradient is that of the cross-entropy, along random directions of trunk and class head") {
  auto const direction_of = [](std::uint32_t number, std::string const& name, std::size_t i) {
    return static_cast<double>(Philox{number, stream(name), 0}.normal(i));
  };
  auto const trained = [](std::string const& name) {
    return name.starts_with("encoder.trunk.") || name.starts_with("encoder.class_head.");
  };
  for (std::uint32_t number = 1; number <= 3; ++number) {
    // moved along the direction, the cross-entropy that a step reports is that before the step
    auto const cross_entropy = [&](double distance) {
      auto model = model_of();
      model.for_each_tensor([&](std::string const& name, auto const& extents, float* values) {
        if (!trained(name)) return;
        std::size_t size = 1;
        for (auto const extent : extents) size *= static_cast<std::size_t>(extent);
        for (std::size_t i = 0; i < size; ++i)
          values[i] += static_cast<float>(distance * direction_of(number, name, i));
      });
      auto const report = step(model, 0);
      return static_cast<double>(report.parts[static_cast<std::size_t>(
          std::find(model.part_names().begin(), model.part_names().end(), "LabelledStep") -
          model.part_names().begin())]);
    };
    double const h = 3e-4, difference = (cross_entropy(h) - cross_entropy(-h)) / (2 * h);
    auto model = model_of();
    step(model, 0);
    double derived = 0;  // the first moment after one step is a tenth of the gradient
    std::string const prefix = "labelled.moment0.";
    for (auto const& [name, values] : test_support::state_of(model)) {
      if (!name.starts_with(prefix)) continue;
      std::string const weight = name.substr(prefix.size());
      REQUIRE(trained(weight));
      for (std::size_t i = 0; i < values.size(); ++i)
        derived += 10 * static_cast<double>(values[i]) * direction_of(number, weight, i);
    }
    CHECK(std::abs(derived) > 0.05);
    CHECK(difference == doctest::Approx(derived).epsilon(0.01));
  }
}

TEST_CASE("it trains trunk and class head alone, with moments of its own") {
  SmallPartedVae method;
  method.get<optim::Adam>().learning_rate = 0;
  auto model = model_of(method);
  auto const before = test_support::state_of(model);
  step(model, 0);
  auto const after = test_support::state_of(model);
  std::set<std::string> moved, moments;
  for (auto const& [name, values] : after) {
    if (values == before.at(name)) continue;
    if (name.starts_with("labelled.moment")) {
      moments.insert(name);
    } else if (name.starts_with("encoder.") || name.starts_with("decoder.") || name.starts_with("prior.")) {
      moved.insert(name);
    }
  }
  CHECK(moved == std::set<std::string>{"encoder.trunk.1.weight", "encoder.trunk.1.bias",
                                       "encoder.class_head.0.weight", "encoder.class_head.0.bias"});
  CHECK(moments.size() == 8);  // two of each
  CHECK(after.at("labelled.moment0.encoder.trunk.1.weight") != after.at("moment0.encoder.trunk.1.weight"));
}

TEST_CASE("labels that are missing or wrong are named") {
  auto model = model_of();
  std::vector<int> labels(6, 0);
  labels[3] = 8;
  CHECK_THROWS_WITH_AS(
      step(model, 0, &labels),
      "LabelledStep: found label 8 of class variable 0, expected 0 .. 7, or -1 where it is missing",
      ValueError);
  std::vector<int> const none;
  CHECK_THROWS_WITH_AS(
      step(model, 0, &none),
      "LabelledStep: found a minibatch of 6 images with 0 labels each, expected at least 0 + 1 "
      "(first_factor and the class variables)",
      ValueError);
  SmallPartedVae method;
  method.get<Labelled>().first_factor = 1;
  auto second = model_of(method);
  CHECK_THROWS_AS(step(second, 0), ValueError);
}

TEST_CASE("train() draws labelled minibatches from the labelled images, different ones, anew each step") {
  std::size_t const shown[] = {3, 7, 11, 20, 33, 40};
  auto const data = data::keep_labels(BarImages{}, shown);
  LabelledPart const part(data);
  CHECK(part.indices() == std::vector<std::size_t>(std::begin(shown), std::end(shown)));
  data::BatchSource source(part, {.batch_size = 4, .order = data::Order::independent_batches});
  std::set<std::vector<std::size_t>> drawn;
  for (int i = 0; i < 20; ++i) {
    auto const& batch = source.next();
    std::set<std::size_t> const different(batch.indices.begin(), batch.indices.end());
    CHECK(different.size() == 4);
    CHECK(*different.rbegin() < 6);
    for (int const label : batch.labels) CHECK(label >= 0);
    drawn.emplace(batch.indices.begin(), batch.indices.end());
  }
  CHECK(drawn.size() > 15);

  auto model = model_of();
  CHECK_THROWS_WITH_AS(
      train(model, data, {.steps = 2, .batch_size = 8}),
      "train: found 6 of the labelled images of bars, expected at least a labelled minibatch of 8; take a "
      "smaller labelled_batch_size",
      ValueError);
  CHECK(train(model, data, {.steps = 2, .batch_size = 8, .labelled_batch_size = 6}).steps == 2);
  CHECK_THROWS_WITH_AS(train(model, data::keep_labels(BarImages{}, {}), {.steps = 3, .batch_size = 8}),
                       "bars: found no image with a label, expected some: the method learns from labels",
                       ValueError);
}

TEST_CASE("a run that is resumed, or has other threads, has the same bits") {
  auto const data =
      data::keep_labels(BarImages{}, data::stratified(BarImages{}, 16, "place", seed(1)).indices());
  TrainOptions options{.steps = 12, .batch_size = 8};
  auto whole = model_of();
  train(whole, data, options);
  std::filesystem::remove_all("labelled_step");
  {
    auto first = model_of({}, 2);
    options.steps = 5;
    train(first, data, options, checkpoint("labelled_step"));
  }
  auto resumed = model_of({}, 3);
  options.steps = 12;
  CHECK(train(resumed, data, options, checkpoint("labelled_step", {.resume = true})).first_step == 5);
  CHECK(test_support::state_of(resumed) == test_support::state_of(whole));

  options.steps = 20;
  options.labelled_batch_size = 4;  // other draws: not the run that was begun
  auto other = model_of();
  CHECK_THROWS_WITH_AS(train(other, data, options, checkpoint("labelled_step", {.resume = true})),
                       doctest::Contains("another labelled batch size: found 8, expected 4"), FileError);
}
