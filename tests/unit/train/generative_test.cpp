// SPDX-License-Identifier: Apache-2.0
// Methods without a posterior in Model: critics with several steps of their own, one pass of the generator
// for all terms, what policies measure, codes from the prior; same bits for every number of threads and
// across a kill and a resume.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/train/checkpoint_file.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/support/small_generative.hpp"

using namespace disentangle;
using test::SmallDid;

namespace {

SmallDid pulled() {
  SmallDid method;
  method.get<test::SmallDifference>().pull = 1;
  method.get<optim::WassersteinAdam>().learning_rate = 1e-3;
  method.get<test::SmallCritic>().optimizer.learning_rate = 1e-3;
  return method;
}
template <class Method>
auto small(Method const& method, unsigned threads = 1) {
  return Model{method, backend::Cpu{threads}, test::SmallImage{}, seed(5)};
}
template <class Model>
double train(Model& model, std::size_t steps) {
  double loss = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    loss = model.step(test::SmallBatches(16, static_cast<std::size_t>(model.steps())).both).loss;
  }
  return loss;
}
template <class Model>
std::vector<float> tensors(Model& model) {
  std::vector<float> all;
  model.for_each_tensor([&](std::string const&, auto const& extents, float* p) {
    std::size_t n = 1;
    for (auto extent : extents) n *= static_cast<std::size_t>(extent);
    all.insert(all.end(), p, p + n);
  });
  return all;
}

}  // namespace

TEST_CASE("the same bits for every number of threads, and across a kill and a resume") {
  auto whole = small(pulled());
  double const last = train(whole, 12);
  auto parallel = small(pulled(), 3);
  CHECK(train(parallel, 12) == last);
  CHECK(tensors(parallel) == tensors(whole));

  auto const path = std::filesystem::temp_directory_path() / "disentangle_generative_test.safetensors";
  {
    auto killed = small(pulled());
    train(killed, 5);
    save_checkpoint(killed, path);
    train(killed, 2);  // lost
  }
  auto resumed = small(pulled());
  load_checkpoint(resumed, path);
  CHECK(resumed.steps() == 5);
  CHECK(resumed.counters() == std::vector<long>{5, 10});  // the critic makes two steps to one
  CHECK(train(resumed, 7) == last);
  CHECK(tensors(resumed) == tensors(whole));
  std::filesystem::remove(path);
}

TEST_CASE("after the first steps nothing is allocated") {
  auto model = small(pulled());
  train(model, 3);
  test::SmallBatches const batches(16, 0);
  std::size_t const before = test::allocations();
  for (int i = 0; i < 3; ++i) model.step(batches.both);
  CHECK(test::allocations() == before);
}

TEST_CASE("parts and measures have names; measures are those of the last step") {
  auto model = small(pulled());
  CHECK(model.part_names().size() == 3);
  auto const& names = model.measure_names();
  CHECK(names.size() == 11);  // three of the code's errors, three of the critic, five of the difference term
  CHECK(model.measures() == std::vector<double>(11, 0.0));
  auto const measure = [&](std::string const& name) {
    auto const at = std::find(names.begin(), names.end(), name);
    REQUIRE(at != names.end());
    return model.measures()[static_cast<std::size_t>(at - names.begin())];
  };
  train(model, 1);
  auto const first = model.measures();
  auto const& report = model.step(test::SmallBatches(16, 1).both);
  CHECK(model.measures() != first);
  CHECK(measure("difference_bound") == 3);  // 2 n / (n - 1) of 3 latents
  CHECK(measure("difference_squared_distance") > 0);
  CHECK(measure("difference_squared_distance") < 4);
  CHECK(measure("gradient_norm") > 0);
  CHECK(measure("critic_gap") != 0);
  // what the code regression adds to the loss is the mean of what it measures
  auto const& parts = model.part_names();
  auto const regression = std::find(parts.begin(), parts.end(), "CodeRegression");
  REQUIRE(regression != parts.end());
  CHECK(report.parts[static_cast<std::size_t>(regression - parts.begin())] ==
        doctest::Approx((measure("code_error_0") + measure("code_error_1") + measure("code_error_2")) / 3));
}

TEST_CASE("terms share one pass of the generator, wherever their slots stand") {
  using First = Method<Contrast<test::SmallDifference>, Encoder<test::SmallTrunk>,
                       Decoder<test::SmallGenerator>, Prior<prior::UniformCode>, Adversary<test::SmallCritic>,
                       Supervision<supervision::CodeRegression>, Optimizer<optim::WassersteinAdam>>;
  using Last = Method<Encoder<test::SmallTrunk>, Decoder<test::SmallGenerator>, Prior<prior::UniformCode>,
                      Adversary<test::SmallCritic>, Supervision<supervision::CodeRegression>,
                      Optimizer<optim::WassersteinAdam>, Contrast<test::SmallDifference>>;
  auto first = small(First{});
  auto last = small(Last{});
  auto const a = first.step(test::SmallBatches(16, 0).both), b = last.step(test::SmallBatches(16, 0).both);
  auto const part = [](auto& model, auto const& report, std::string const& name) {
    for (std::size_t i = 0; i < report.parts.size(); ++i) {
      if (model.part_names()[i].starts_with(name)) return report.parts[i];
    }
    return 0.0;
  };
  CHECK(first.part_names() != last.part_names());
  // batch normalisation sees the same images, so all terms do, to the last bit
  for (std::string const name : {"InterFactorDifference", "WassersteinCritic", "CodeRegression"}) {
    CHECK(part(first, a, name) != 0);
    CHECK(part(first, a, name) == part(last, b, name));
  }
}

TEST_CASE("codes from the prior: the same for the same number, on its interval") {
  auto model = small(pulled());
  std::vector<float> codes(300), again(300), other(300);
  model.draw_codes(codes, 1);
  model.draw_codes(again, 1);
  model.draw_codes(other, 2);
  CHECK(codes == again);
  CHECK(codes != other);
  for (float const c : codes) REQUIRE(std::abs(c) <= 1);
  CHECK_THROWS_AS(model.draw_codes(std::span(codes).first(4)), ShapeError);
}

TEST_CASE("images of a generator are in (0, 1), and codes are what its encoder says") {
  auto model = small(pulled());
  train(model, 3);
  std::vector<float> codes(3 * 70), images(70 * 64), found(3 * 70), log_variance(3 * 70, 1.0f);
  model.draw_codes(codes);
  model.decode(codes, images);
  for (float const x : images) REQUIRE((x > 0 && x < 1));
  model.encode(images, found, log_variance);
  CHECK(log_variance == std::vector<float>(3 * 70, 0.0f));
}

TEST_CASE("the difference term on a VAE: codes are its prior's, and H is trained beside it") {
  using DifferenceVae = With<test::SmallVae, Contrast<test::SmallDifference>>;
  DifferenceVae method;
  method.get<optim::Adam>().learning_rate = 3e-3;
  method.get<test::SmallDifference>().weight = 10;
  auto model = small(method);
  auto const start = tensors(model);
  for (std::size_t i = 0; i < 150; ++i) model.step(test::Bars(16, 11 * i).batch());
  CHECK(model.measures()[0] > 1);  // it starts near 0: the decoder's images hardly depend on the code
  CHECK(tensors(model) != start);
}
