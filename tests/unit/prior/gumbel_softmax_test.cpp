// SPDX-License-Identifier: Apache-2.0
// GumbelSoftmax: relaxed classes by their formula, the joint posterior, codes of the prior; JointVAE's class
// capacity.
#include <cmath>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/describe.hpp>
#include <disentangle/prior/gumbel_softmax.hpp>
#include <disentangle/regularizer/class_capacity.hpp>
#include <disentangle/regularizer/kl.hpp>
#include <disentangle/regularizer/part.hpp>

#include "tests/support/evaluate.hpp"

using namespace disentangle;
using Double = backend::BasicCpu<double>;
using Joint = prior::GumbelSoftmax<3, 2>;

namespace {

/// 2 continuous latents and classes of 3 and 2 values: (mean, log-variance, logits).
auto const head = random_array(Extents<2>{4, 9}, 1, -1.5, 1.5);
Philox const random_numbers{3, stream("posterior"), 5};

}  // namespace

TEST_CASE("the values of the specification, computed by hand from its formula") {
  HostArray<2> const logits{{1, 3}, {0.2, -1, 0.7}}, uniform{{1, 3}, {0.1, 0.5, 0.9}};
  auto const c =
      test::evaluate([](auto l, auto u) { return prior::gumbel_softmax(l, u, 0.67); }, logits, uniform);
  double const expected[] = {0.0047041643, 0.0047079950, 0.9905878408};
  for (std::size_t k = 0; k < 3; ++k) CHECK(c.values[k] == doctest::Approx(expected[k]).epsilon(1e-8));
}

TEST_CASE("parts of the joint posterior stand side by side") {
  Tape<Double> tape{Double(1)};
  tape.set_poisoned(true);
  Joint const prior{.frequencies = {0.5, 0.25, 0.25, 0.75, 0.25}};
  auto const q = prior.posterior(tape.constant(head.extents, head.values.data()), random_numbers);
  CHECK(Joint::head_size(7) == 9);
  for (auto const& v : {q.mean, q.log_variance, q.sample, q.kl, q.log_prior})
    CHECK(v.extents == Extents<2>{4, 7});
  double const p_of[] = {0.5, 0.25, 0.25, 0.75, 0.25};
  for (std::size_t i = 0; i < 4; ++i) {
    double const* const row = head.values.data() + i * 9;
    for (std::size_t first : {0, 3}) {
      std::size_t const values = first == 0 ? 3 : 2;
      double total = 0, relaxed = 0;
      for (std::size_t k = 0; k < values; ++k) total += std::exp(row[4 + first + k]);
      for (std::size_t k = 0; k < values; ++k) {
        double const p = std::exp(row[4 + first + k]) / total;
        std::size_t const at = i * 7 + 2 + first + k;
        CHECK(q.mean.value[at] == doctest::Approx(p).epsilon(1e-12));
        CHECK(q.log_variance.value[at] == doctest::Approx(std::log(p * (1 - p))).epsilon(1e-9));
        CHECK(q.kl.value[at] == doctest::Approx(p * std::log(p / p_of[first + k])).epsilon(1e-9));
        CHECK(q.log_prior.value[at] ==
              doctest::Approx(q.sample.value[at] * std::log(p_of[first + k])).epsilon(1e-9));
        relaxed += q.sample.value[at];
      }
      CHECK(relaxed == doctest::Approx(1).epsilon(1e-12));
    }
    CHECK(q.mean.value[i * 7] == row[0]);
    CHECK(q.z.kl.extents == Extents<2>{4, 2});
  }
  auto const alone = prior.class_posterior(tape.constant(head.extents, head.values.data()));
  for (std::ptrdiff_t i = 0; i < 20; ++i)
    CHECK(alone.log_probability.value[i] == q.c.log_probability.value[i]);
}

TEST_CASE("gradients of all members reach the head") {
  CHECK_GRADIENT(
      [](auto h) {
        auto const q = Joint{}.posterior(h, random_numbers);
        return q.mean * q.sample + exp(q.log_variance) + q.kl * q.log_prior;
      },
      head);
}

TEST_CASE("a relaxed draw has the frequencies of its logits: the largest column of many draws") {
  std::ptrdiff_t const n = 20'000;
  Tape<backend::Cpu> tape{backend::Cpu(2)};
  auto const logits = tape.variable(Extents<2>{n, 3}, false);
  float const row[] = {0.2f, -1.0f, 0.7f};
  for (std::ptrdiff_t k = 0; k < 3; ++k)
    tape.backend().fill(logits.value + k, static_cast<std::size_t>(n), row[k], 3);
  auto const c = prior::detail::relaxed_classes<prior::Classes<3>>(logits, random_numbers, 0.67);
  double counts[3] = {};
  for (std::ptrdiff_t i = 0; i < n; ++i)
    counts[std::max_element(c.value + 3 * i, c.value + 3 * i + 3) - (c.value + 3 * i)] += 1;
  double const total = std::exp(0.2) + std::exp(-1.0) + std::exp(0.7);
  for (std::size_t k = 0; k < 3; ++k)
    CHECK(counts[k] / static_cast<double>(n) ==
          doctest::Approx(std::exp(static_cast<double>(row[k])) / total).epsilon(0.04));
}

TEST_CASE("the likeliest class as a one-hot code; a tie is shared") {
  HostArray<2> const logits{{2, 3}, {0.5, 2, -1, 1, 0, 1}};
  auto const c =
      test::evaluate([](auto l) { return prior::detail::likeliest_classes<prior::Classes<3>>(l); }, logits);
  CHECK(c.values == std::vector<double>{0, 1, 0, 0.5, 0, 0.5});
}

TEST_CASE("codes from the prior: one-hot classes with the given frequencies") {
  Tape<Double> tape{Double(1)};
  Joint const prior{.frequencies = {0.5, 0.3, 0.2, 0.9, 0.1}};
  auto const z = prior.codes(tape, 5000, 7, random_numbers);
  std::vector<double> sums(5);
  for (std::ptrdiff_t i = 0; i < 5000; ++i) {
    double first = 0, second = 0;
    for (std::ptrdiff_t k = 0; k < 5; ++k) {
      double const c = z.value[i * 7 + 2 + k];
      CHECK((c == 0 || c == 1));
      (k < 3 ? first : second) += c;
      sums[static_cast<std::size_t>(k)] += c / 5000;
    }
    CHECK((first == 1 && second == 1));
  }
  for (std::size_t k = 0; k < 5; ++k) CHECK(std::abs(sums[k] - prior.frequencies.values()[k]) < 0.03);
}

TEST_CASE("the class capacity is |KL - C| with the ceiling sum log K") {
  auto const term = [](auto h, regularizer::Capacity ramp, long step) {
    auto q = Joint{}.posterior(h, random_numbers);
    q.step = step;
    return materialise(regularizer::ClassCapacity{ramp}(q));
  };
  auto const value = [&](regularizer::Capacity ramp, long step) {
    return test::evaluate([&](auto h) { return term(h, ramp, step); }, head).values[0];
  };
  double const kl = value({1, 0, 0, 10}, 10);  // capacity 0
  CHECK(kl > 0);
  CHECK(value({2, 0, 1, 10}, 5) == doctest::Approx(2 * std::abs(kl - 0.5)));
  double const ceiling = std::log(3.0) + std::log(2.0);
  CHECK(value({1, 0, 5, 10}, 10) == doctest::Approx(std::abs(kl - ceiling)));
  CHECK_GRADIENT([&](auto h) { return term(h, {3, 0, 1, 10}, 5); }, head);
}

TEST_CASE("OnZ is the term on z alone, told the step") {
  auto const both = [](auto h, auto const& on_whole, auto const& on_z) {
    auto q = Joint{}.posterior(h, random_numbers);
    q.step = 7;
    return concatenate(axis<0>, insert_axis(materialise(on_whole(q)), axis<0>),
                       insert_axis(materialise(on_z(q)), axis<0>));
  };
  regularizer::Capacity const capacity{.gamma = 2, .capacity_start = 0, .capacity_end = 1, .steps = 10};
  auto const v = test::evaluate(
      [&](auto h) {
        return both(
            h, [](auto const& q) { return 2.0 * abs((1.0 / q.batch_size()) * sum(q.z.kl) - 0.7); },
            regularizer::OnZ<regularizer::Capacity>{capacity});
      },
      head);
  CHECK(v.values[0] == doctest::Approx(v.values[1]).epsilon(1e-12));
}

TEST_CASE("frequencies are checked, printed and set as text") {
  prior::ClassFrequencies f{0.25, 0.75};
  CHECK(std::string(f) == "0.25 0.75");
  f = std::string("0.5 0.5");
  CHECK(f == prior::ClassFrequencies{0.5, 0.5});
  CHECK(std::string(prior::ClassFrequencies{}) == "uniform");
  CHECK_THROWS_WITH_AS(f = std::string("a b"),
                       "class frequencies: found 'a b', expected numbers separated by blanks", ValueError);
  CHECK_THROWS_AS((prior::ClassFrequencies{0.5, 1.5}), ValueError);
  Joint prior;
  prior.frequencies = {0.5, 0.5};
  Tape<Double> tape{Double(1)};
  auto const h = tape.constant(head.extents, head.values.data());
  CHECK_THROWS_WITH_AS(prior.posterior(h, random_numbers),
                       "class frequencies: found 2, expected one for each of the 5 class values, or none",
                       ValueError);
  CHECK(describe_policy(Joint{.frequencies = {0.5, 0.25, 0.25, 0.75, 0.25}}) ==
        "GumbelSoftmax<3, 2> {temperature = 0.67, frequencies = 0.5 0.25 0.25 0.75 0.25, "
        "normal.log_variance_min = -30, "
        "normal.log_variance_max = 20}");
}
