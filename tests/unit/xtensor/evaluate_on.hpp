// SPDX-License-Identifier: Apache-2.0
// Evaluates a formula and its gradients on a backend of one's choice.
#pragma once

#include <cstddef>
#include <vector>

#include <disentangle/autodiff/gradient_check.hpp>

#include "tests/support/evaluate.hpp"

namespace disentangle::test {

/// The values of a formula, and the gradients of its inputs for sum(f(inputs...) * weights) with seeded
/// weights.
template <class T>
struct Evaluated {
  std::vector<T> values;
  std::vector<std::vector<T>> gradients;
  friend bool operator==(Evaluated const&, Evaluated const&) = default;
};

template <class Backend, class F, int... Ranks>
auto evaluate_on(unsigned threads, F const& f, HostArray<Ranks> const&... inputs) {
  using T = typename Backend::scalar;
  Tape<Backend> tape{Backend(threads)};
  tape.set_poisoned(true);
  auto const leaf = [&](auto const& host) {
    auto const v = tape.variable(host.extents, true);
    tape.backend().upload(host.values.data(), v.value, host.values.size());
    return v;
  };
  std::tuple const leaves{leaf(inputs)...};
  auto const y = materialise(std::apply(f, leaves));
  auto const weights = random_array(y.extents, 99, 0.5, 1.5);
  auto const loss = materialise(sum(y * tape.constant(weights.extents, weights.values.data())));
  tape.backend().fill(loss.gradient, 1, T(1));
  tape.backward();
  Evaluated<T> result;
  auto const flat = reshape(y, y.extents);
  result.values.assign(flat.value, flat.value + flat.size());
  std::apply(
      [&](auto const&... v) { (result.gradients.emplace_back(v.gradient, v.gradient + v.size()), ...); },
      leaves);
  return result;
}

/// The largest relative difference of values and gradients.
template <class A, class B>
double difference(Evaluated<A> const& a, Evaluated<B> const& b) {
  double worst = difference(a.values, b.values);
  for (std::size_t i = 0; i < a.gradients.size(); ++i)
    worst = std::fmax(worst, difference(a.gradients[i], b.gradients.at(i)));
  return worst;
}

}  // namespace disentangle::test

/// The xtensor backend against the CPU backend, both in double, and the same bits for 1, 2 and 3 threads.
#define CHECK_ON_XTENSOR(f, ...)                                                                   \
  do {                                                                                             \
    using Double = disentangle::backend::BasicXtensor<double>;                                     \
    auto const reference = evaluate_on<disentangle::backend::BasicCpu<double>>(1, f, __VA_ARGS__); \
    auto const found = evaluate_on<Double>(2, f, __VA_ARGS__);                                     \
    CHECK(difference(found, reference) < 1e-12);                                                   \
    CHECK(found == evaluate_on<Double>(1, f, __VA_ARGS__));                                        \
    CHECK(found == evaluate_on<Double>(3, f, __VA_ARGS__));                                        \
  } while (false)
