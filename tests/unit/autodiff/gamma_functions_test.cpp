// SPDX-License-Identifier: Apache-2.0
// lgamma and digamma: against the standard library and known values, derivatives by central differences.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gamma_functions.hpp>
#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/backend/cpu/cpu.hpp>

using namespace disentangle;

namespace {

template <class T>
std::vector<T> values_of(auto formula, std::vector<T> const& x) {
  using B = backend::BasicCpu<T>;
  Tape<B> tape{B(1)};
  auto const n = static_cast<std::ptrdiff_t>(x.size());
  auto const y = materialise(formula(tape.constant(Extents<1>{n}, x.data())));
  return std::vector<T>(y.value, y.value + n);
}

}  // namespace

TEST_CASE("lgamma is the standard library's from 1e-6 to 1e6") {
  std::vector<double> x;
  for (double at = 1e-6; at < 1e6; at *= 1.07) x.push_back(at);
  for (double at : {1.0, 2.0, 7.999999, 8.0, 0.5}) x.push_back(at);
  auto const found = values_of<double>([](auto v) { return lgamma(v); }, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const expected = std::lgamma(x[i]);
    CHECK_MESSAGE(std::abs(found[i] - expected) <= 1e-10 * std::max(1.0, std::abs(expected)), x[i]);
  }
  auto const single = values_of<float>([](auto v) { return lgamma(v); }, {0.3f, 1.5f, 20.f, 1002.f});
  CHECK(single[0] == doctest::Approx(std::lgamma(0.3)).epsilon(1e-5));
  CHECK(single[3] == doctest::Approx(std::lgamma(1002.0)).epsilon(1e-5));
}

TEST_CASE("digamma at known points, and its recurrence") {
  double const euler = 0.57721566490153286061;
  auto const at = values_of<double>([](auto v) { return digamma(v); }, {1, 0.5, 10, 1000});
  CHECK(at[0] == doctest::Approx(-euler).epsilon(1e-10));
  CHECK(at[1] == doctest::Approx(-euler - 2 * std::log(2.0)).epsilon(1e-10));
  CHECK(at[2] == doctest::Approx(2.25175258906672110764).epsilon(1e-10));
  CHECK(at[3] == doctest::Approx(6.90725519564881205).epsilon(1e-10));
  std::vector<double> x;
  for (double v = 0.01; v < 100; v *= 1.3) x.push_back(v);
  auto const step = values_of<double>([](auto v) { return (digamma(v + 1.0) - digamma(v)) * v; }, x);
  for (double const one : step) CHECK(one == doctest::Approx(1).epsilon(1e-7));
}

TEST_CASE("their derivatives") {
  auto const lgammas =
      check_gradient([](auto v) { return lgamma(v); }, random_array(Extents<1>{12}, 1, 0.2, 30));
  CHECK_MESSAGE(lgammas.ok, lgammas.text);
  auto const digammas =
      check_gradient([](auto v) { return digamma(v); }, random_array(Extents<1>{12}, 2, 0.2, 30));
  CHECK_MESSAGE(digammas.ok, digammas.text);
}
