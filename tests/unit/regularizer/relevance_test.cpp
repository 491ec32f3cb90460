// SPDX-License-Identifier: Apache-2.0
// RF-VAE's terms: the values of the authors' code, derived gradients through both places of the logits.
#include <cmath>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/regularizer/relevance.hpp>

using namespace disentangle;
using regularizer::RelevancePenalty;
using regularizer::RelevanceWeightedKl;
using Double = backend::BasicCpu<double>;

namespace {

/// A posterior of given logits and KLs; the other members are not read.
prior::RelevantPosterior<Double> relevant(Variable<Double, 1> logits, Variable<Double, 2> kl) {
  prior::RelevantPosterior<Double> q;
  q.mean = q.kl = kl;
  q.logits = logits;
  q.relevance = materialise(sigmoid(logits));
  return q;
}
double value(auto const& e) {
  auto const v = materialise(e);
  double number = 0;
  v.tape->backend().download(v.value, &number, 1);
  return number;
}

}  // namespace

TEST_CASE("the weight of the KL goes from largest to smallest with relevance") {
  Tape<Double> tape{Double(1)};
  double const logits[] = {-1000, 0, 1000}, kl[] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
  auto const q = relevant(tape.constant(Extents<1>{3}, logits), tape.constant(Extents<2>{2, 3}, kl));
  // lambda = 10, 5.05, 0.1
  CHECK(value(RelevanceWeightedKl{}(q)) == doctest::Approx(0.5 * (10 + 5.05 + 0.1)));
  CHECK(value(RelevanceWeightedKl{.smallest = 1, .largest = 1}(q)) == doctest::Approx(1.5));
}

TEST_CASE("the penalty at the start is that of the authors' setting") {
  Tape<Double> tape{Double(1)};
  double const logits[10] = {}, kl[10] = {};
  auto const q = relevant(tape.constant(Extents<1>{10}, logits), tape.constant(Extents<2>{1, 10}, kl));
  CHECK(value(RelevancePenalty{}(q)) == doctest::Approx(5 + 100 * 10 * std::log(2.0)));  // 5 + 693.1
  CHECK(value(RelevancePenalty{.sparsity = 0, .entropy = 1}(q)) == doctest::Approx(6.931).epsilon(1e-4));
}

TEST_CASE("derived gradients, and the entropy's in closed form") {
  auto report = check_gradient(
      [](auto logits, auto kl) {
        auto const q = relevant(materialise(logits * 1.0), materialise(kl * 1.0));
        return RelevanceWeightedKl{}(q) + RelevancePenalty{.sparsity = 0.7, .entropy = 3}(q);
      },
      random_array(Extents<1>{4}, 1, -3, 3), random_array(Extents<2>{5, 4}, 2, 0, 4));
  CHECK_MESSAGE(report.ok, report.text);

  Tape<Double> tape{Double(1)};
  double const numbers[] = {-2, -0.1, 0, 0.5, 4}, kl[5] = {};
  auto const logits = tape.variable(Extents<1>{5}, true);
  tape.backend().upload(numbers, logits.value, 5);
  auto const loss = materialise(
      RelevancePenalty{.sparsity = 0, .entropy = 1}(relevant(logits, tape.constant(Extents<2>{1, 5}, kl))));
  tape.backward(loss);
  for (std::size_t j = 0; j < 5; ++j) {
    double const l = numbers[j], r = 1 / (1 + std::exp(-l));
    CHECK(logits.gradient[j] == doctest::Approx(-l * r * (1 - r)));
  }
}
