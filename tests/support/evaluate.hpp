// SPDX-License-Identifier: Apache-2.0
// Runs a formula on the CPU in float or double with a number of threads and brings its value, and the
// gradients of its inputs, back to the host.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <disentangle/autodiff/gradient_check.hpp>

namespace disentangle::test {

/// The value of f(variables...) for inputs without gradient; new tensors start infinite.
template <class T = double, class F, int... Ranks>
auto evaluate(F const& f, HostArray<Ranks> const&... inputs) {
  using Backend = backend::BasicCpu<T>;
  Tape<Backend> tape(Backend(1));
  tape.set_poisoned(true);
  auto const y = f(tape.constant(inputs.extents, inputs.values.data())...);
  auto const flat = reshape(y, extents_of(y));
  HostArray<decltype(flat)::rank> result{flat.extents,
                                         std::vector<double>(static_cast<std::size_t>(flat.size()))};
  tape.backend().download(flat.value, result.values.data(), result.values.size());
  return result;
}

/// The value and the input's gradient of a formula, of sum(f(x) * weights) with seeded weights.
template <class T>
struct ValueAndGradient {
  std::vector<T> value, gradient;
  std::size_t records;
};
template <class T, int Rank, class F>
ValueAndGradient<T> value_and_gradient(unsigned threads, F const& f, HostArray<Rank> const& input) {
  using Backend = backend::BasicCpu<T>;
  Tape<Backend> tape{Backend(threads)};
  auto const x = tape.variable(input.extents, true);
  tape.backend().upload(input.values.data(), x.value, input.values.size());
  auto const y = materialise(f(x));
  auto const loss = detail::contracted(y);
  tape.backend().fill(loss.gradient, 1, T(1));
  std::size_t const records = tape.records();
  tape.backward();
  ValueAndGradient<T> result{std::vector<T>(static_cast<std::size_t>(y.size())),
                             std::vector<T>(input.values.size()), records};
  tape.backend().download(y.value, result.value.data(), result.value.size());
  tape.backend().download(x.gradient, result.gradient.data(), result.gradient.size());
  return result;
}

/// The largest |a - b| / max(1, |b|); infinite where sizes differ or a number is none.
template <class A, class B>
double difference(std::vector<A> const& a, std::vector<B> const& b) {
  double worst = a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    double const x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    double const d = x == y ? 0 : std::abs(x - y) / std::fmax(1.0, std::abs(y));
    if (!(d <= worst)) worst = std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
  }
  return worst;
}

}  // namespace disentangle::test

/// Checks a formula's gradient and prints what differs.
#define CHECK_GRADIENT(...)                                                \
  do {                                                                     \
    auto const gradient_report = disentangle::check_gradient(__VA_ARGS__); \
    CHECK_MESSAGE(gradient_report.ok, gradient_report.text);               \
    CHECK(gradient_report.checked > 0);                                    \
  } while (false)
