// SPDX-License-Identifier: Apache-2.0
// Identities of PartedVAE: its class terms split the KL of the classes, a mixture of equal components is the
// standard normal, an open mask is none, parameters are as many as the authors'; and it learns to name bars.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/describe.hpp>
#include <disentangle/method/parted_vae.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/support/parted.hpp"

using namespace disentangle;
using Double = backend::BasicCpu<double>;
namespace reg = disentangle::regularizer;

namespace {

using Image = test::SmallImage;
Philox const random_numbers{3, stream("posterior"), 5};

double number_of(Tape<Double>& tape, expression auto const& e) {
  double value = 0;
  tape.backend().download(materialise(e).value, &value, 1);
  return value;
}

template <class Mixture, class... State>
auto posterior_of(Tape<Double>& tape, Mixture const& mixture, State&... state) {
  auto const c = [&](std::ptrdiff_t columns, std::uint64_t number) {
    auto const a = random_array(Extents<2>{6, columns}, number, -2, 2);
    return tape.constant(a.extents, a.values.data());
  };
  return mixture.posterior(test::GivenHeads<Double>{c(4, 1), c(5, 2), c(4, 3), c(4, 4)}, random_numbers,
                           state...);
}

/// Training on bars whose place is the class.
template <class M>
auto trained(M const& method, std::size_t steps) {
  Model model{method, backend::Cpu{1}, Image{}, seed(5)};
  for (std::size_t i = 0; i < steps; ++i) {
    test::Bars const first(16, 7 * i), labelled(16, 80 * i);
    Minibatch const batches[] = {first.batch(), labelled.batch()};
    model.step(batches);
  }
  return model;
}

}  // namespace

TEST_CASE("the mean KL of the classes is that of their mean, and what they tell about the image") {
  Tape<Double> tape{Double(1)};
  prior::ClassMixture<test::SmallCode> const mixture{.frequencies = {0.5, 0.3, 0.2, 0.6, 0.4}};
  auto const m = random_array(Extents<2>{5, 2}, 8, -1, 1), r = random_array(Extents<2>{5, 2}, 9, -1, 1);
  test::GivenTables<Double> const tables{tape.constant(m.extents, m.values.data()),
                                         tape.constant(r.extents, r.values.data())};
  auto const q = posterior_of(tape, mixture, tables);
  auto const& log_q = q.c.log_probability;
  double const per_image = number_of(tape, sum(exp(log_q) * (log_q - q.c.log_prior)) * (1.0 / 6));
  double const entropy = number_of(tape, reg::ConditionalEntropy{.weight = 1}(q));
  auto const of_mean = materialise(mean(exp(log_q), axis<0>));
  double const entropy_of_mean = -number_of(tape, sum(of_mean * log(of_mean)));
  CHECK(per_image ==
        doctest::Approx(number_of(tape, reg::AggregateClassKl{.weight = 1}(q)) + entropy_of_mean - entropy)
            .epsilon(1e-12));
}

TEST_CASE(
    "equal components are one Gaussian: the KL of u is that of the standard normal, whatever the class") {
  Tape<Double> tape{Double(1)};
  auto const q = posterior_of(tape, prior::ClassNormal<test::SmallCode>{});
  auto const by_formula = 0.5 * (square(q.u.mean) + exp(q.u.log_variance) - 1.0 - q.u.log_variance);
  CHECK(number_of(tape, max(abs(q.u.kl - by_formula))) < 1e-12);
  auto const density = -0.5 * (square(q.u.sample) + std::log(2 * std::numbers::pi));
  CHECK(number_of(tape, max(abs(q.u.log_prior - density))) < 1e-12);
  // and a mixture with such tables has them overlap wholly
  auto const bc = prior::bhattacharyya_coefficients(q.component_mean, q.component_log_variance);
  for (std::ptrdiff_t i = 0; i < bc.size(); ++i) CHECK(bc.value[i] == doctest::Approx(1).epsilon(1e-9));
  CHECK(number_of(tape, reg::BhattacharyyaHinge{.weight = 2, .threshold = 0.4}(q)) ==
        doctest::Approx(2 * 0.6 * (3 + 1)).epsilon(1e-9));  // 3 + 1 pairs
  CHECK(number_of(tape, reg::BhattacharyyaHinge{.weight = 2, .threshold = 1.1}(q)) == 0);
}

TEST_CASE("the sharpness of attention: 1.0002 at first, 8 from step 35,000, always 8 in inference") {
  encoder::ClassAttention const attention;
  CHECK(attention.sharpness(1, true) == doctest::Approx(1.0002));
  CHECK(attention.sharpness(34'999, true) < 8);
  CHECK(attention.sharpness(35'000, true) == doctest::Approx(8));
  CHECK(attention.sharpness(100'000, true) == 8);
  CHECK(attention.sharpness(1, false) == 8);
}

TEST_CASE("a mask that lets everything through is none, to the last bit") {
  auto with = [] {
    Model model{test::SmallPartedVae{}, backend::Cpu{1}, Image{}, seed(5)};
    model.for_each_tensor([](std::string const& name, auto const&, float* p) {
      if (name == "encoder.attention.0.weight") std::fill_n(p, 8 * 12, 0.0f);
      if (name == "encoder.attention.0.bias") std::fill_n(p, 12, 1000.0f);
    });
    return model;
  }();
  Model without{test::SmallPartedVaeOf<test::BarCode, encoder::NoAttention>{}, backend::Cpu{1}, Image{},
                seed(5)};
  test::Bars const bars(16);
  std::vector<float> a(16 * 3), b(16 * 3), v(16 * 3), w(16 * 3);
  with.encode(bars.images, a, v);
  without.encode(bars.images, b, w);
  CHECK(a == b);
  CHECK(v == w);
}

TEST_CASE("as many parameters as in the authors' networks") {
  Model digits{method::PartedVae{}, backend::Cpu{1}, ImageShape<32, 32, 1>{}, seed(0)};
  CHECK(digits.parameter_count() == 692'435);
  Model shapes{method::PartedVaeOf<method::ShapeCode>{}, backend::Cpu{1}, ImageShape<64, 64, 1>{}, seed(0)};
  CHECK(shapes.parameter_count() == 762'966);
}

TEST_CASE("the authors' settings, and variants that say what differs") {
  auto const digits = method::parted_vae_mnist();
  using reg::Capacity;
  CHECK(digits.get<reg::OnZ<Capacity>>().term == Capacity{15, 0, 7, 100'000});
  CHECK(digits.get<reg::OnU<Capacity>>().term == Capacity{15, 0, 7, 100'000});
  CHECK(digits.get<reg::AggregateClassKl>().weight == 15);
  CHECK(digits.get<reg::ConditionalEntropy>().weight == 30);
  CHECK(digits.get<reg::BhattacharyyaHinge>() == reg::BhattacharyyaHinge{30, 0.15});
  CHECK(digits.get<optim::Adam>().learning_rate == 5e-4);
  CHECK(digits.get<supervision::LabelledStep>().optimizer.learning_rate == 5e-4);
  CHECK(method::PartedVae{} == digits);  // the bare types are the authors' too
  CHECK(method::PartedVaeOf<method::ShapeCode>{} == method::parted_vae_dsprites());
  CHECK(method::PartedVaeFaces{} == method::parted_vae_celeba());
  CHECK(method::PartedVaeWithoutHinge<>{} == method::parted_vae_mnist<method::PartedVaeWithoutHinge<>>());
  CHECK(method::PartedVaeOf<test::SmallCode>{}.get<reg::OnU<Capacity>>().term.gamma == 15);
  CHECK(method::parted_vae_dsprites().get<prior::ClassMixture<method::ShapeCode>>().frequencies ==
        prior::ClassFrequencies{0.33, 0.33, 0.34});
  CHECK(method::parted_vae_celeba().get<reg::BhattacharyyaHinge>() == reg::BhattacharyyaHinge{500, 0.2});
  auto const no_hinge = method::parted_vae_mnist<method::PartedVaeWithoutHinge<>>();
  CHECK(describe(no_hinge).find("BhattacharyyaHinge") == std::string::npos);
  CHECK(no_hinge.get<reg::AggregateClassKl>().weight == 15);
  CHECK(!method::PartedVaeWithoutLabels<>::has<Role::supervision>);
  CHECK(method::PartedTcVae<>::count<Role::regularizer> == 5);
  auto set_one = digits;
  set(set_one, "OnU<Capacity>.term.gamma", "3");
  CHECK(set_one.get<reg::OnU<Capacity>>().term.gamma == 3);
  CHECK(set_one.get<reg::OnZ<Capacity>>().term.gamma == 15);
}

TEST_CASE(
    "bars are named after a few hundred steps, each class is used, and nothing is allocated on the way") {
  test::SmallPartedVae method;
  method.get<optim::Adam>().learning_rate = 3e-3;
  method.get<supervision::LabelledStep>().optimizer.learning_rate = 3e-3;
  method.get<reg::OnZ<reg::Capacity>>().term = {15, 0, 3, 200};
  method.get<reg::OnU<reg::Capacity>>().term = {15, 0, 3, 200};
  auto model = trained(method, 300);
  test::Bars const bars(48);
  std::vector<float> q(48 * 8);
  model.classify(bars.images, q);
  int right = 0;
  for (std::size_t i = 0; i < 48; ++i) {
    auto const row = q.begin() + static_cast<std::ptrdiff_t>(8 * i);
    right += std::max_element(row, row + 8) - row == bars.labels[i] ? 1 : 0;
  }
  CHECK(right >= 40);
  auto const names = decltype(model)::measure_names();
  auto const measures = model.measures();
  REQUIRE(names.size() == 3 + 8);
  CHECK(names[3] == "class_usage_0");
  double usage = 0;
  for (std::size_t k = 3; k < 11; ++k) usage += measures[k];
  CHECK(usage == doctest::Approx(1).epsilon(1e-4));
  auto early = trained(method, 1);
  CHECK(measures[2] < 0.8 * early.measures()[2]);  // the hinge has pushed the components apart

  test::Bars const first(16, 3), labelled(16, 0);
  Minibatch const batches[] = {first.batch(), labelled.batch()};
  model.step(batches);
  model.step(batches);
  std::size_t const before = test::allocations();
  model.step(batches);
  CHECK(test::allocations() == before);
}
