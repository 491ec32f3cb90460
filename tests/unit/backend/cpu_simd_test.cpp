// SPDX-License-Identifier: Apache-2.0
// Packs of scalars: loads, stores, masks and elementary functions against the standard library's in double.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/simd.hpp>
#include <disentangle/core/philox.hpp>

namespace simd = disentangle::backend::cpu::simd;
namespace math = disentangle::math;
using simd::Pack;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// Distance from the exact value in units of the last place of the result's binade.
double ulps(float found, double exact) {
  if (std::isnan(exact)) return std::isnan(found) ? 0 : 1e9;
  float const nearest = static_cast<float>(exact);
  if (found == nearest) return 0;
  if (std::isinf(nearest) || std::isinf(found) || std::isnan(found)) return 1e9;
  double const magnitude = std::max(std::abs(exact), 1.1754944e-38);
  return std::abs(static_cast<double>(found) - exact) / std::ldexp(1.0, std::ilogb(magnitude) - 23);
}

// Largest error in ulp over an even sweep of [low, high].
template <class F, class G>
double worst(F f, G exact, double low, double high, double absolute = 0) {
  constexpr std::size_t n = Pack<float>::size;
  double result = 0;
  int const steps = 200000;
  for (int s = 0; s < steps; s += static_cast<int>(n)) {
    float x[n], y[n];
    for (std::size_t i = 0; i < n; ++i)
      x[i] = static_cast<float>(low + (high - low) * (s + static_cast<int>(i)) / steps);
    f(Pack<float>::load(x)).store(y);
    for (std::size_t i = 0; i < n; ++i) {
      double const e = exact(static_cast<double>(x[i]));
      if (std::abs(static_cast<double>(y[i]) - e) <= absolute) continue;
      double const u = ulps(y[i], e);
      if (u > result) result = u;
    }
  }
  return result;
}

// As worst, over positive numbers of every binade (the bit patterns are swept), with sign s.
template <class F, class G>
double worst_binades(F f, G exact, float s, float low, float high, double absolute = 0) {
  constexpr std::size_t n = Pack<float>::size;
  double result = 0;
  auto const a = std::bit_cast<std::uint32_t>(low), b = std::bit_cast<std::uint32_t>(high);
  for (std::uint32_t bits = a; bits < b; bits += 4999 * n) {
    float x[n], y[n];
    for (std::size_t i = 0; i < n; ++i)
      x[i] = s * std::bit_cast<float>(bits + 4999 * static_cast<std::uint32_t>(i));
    f(Pack<float>::load(x)).store(y);
    for (std::size_t i = 0; i < n; ++i) {
      double const e = exact(static_cast<double>(x[i]));
      if (std::abs(static_cast<double>(y[i]) - e) <= absolute) continue;
      double const u = ulps(y[i], e);
      if (u > result) result = u;
    }
  }
  return result;
}

template <class F>
float at(F f, float x) {
  Pack<float> const y = f(Pack<float>(x));
  for (std::size_t i = 1; i < Pack<float>::size; ++i)
    CHECK(std::memcmp(&y.v, reinterpret_cast<char const*>(&y.v) + i * sizeof(float), sizeof(float)) == 0);
  return y[0];
}

}  // namespace

#define PACK_FUNCTION(name) [](auto x) { return name(x); }

TEST_CASE_TEMPLATE("partial loads and stores touch only their lanes", T, float, double) {
  constexpr std::size_t n = Pack<T>::size;
  std::vector<T> source(2 * n + 1), target(2 * n + 1);
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<T>(i + 1);
  for (std::size_t count = 0; count <= n; ++count) {
    auto const x = Pack<T>::load(source.data() + 1, count);
    for (std::size_t i = 0; i < n; ++i) CHECK(x[i] == (i < count ? static_cast<T>(i + 2) : T(0)));
    std::fill(target.begin(), target.end(), T(-1));
    Pack<T>::load(source.data() + 1).store(target.data() + 1, count);
    for (std::size_t i = 0; i < target.size(); ++i)
      CHECK(target[i] == (i >= 1 && i < 1 + count ? static_cast<T>(i + 1) : T(-1)));
    auto const y = Pack<T>(std::numeric_limits<T>::quiet_NaN()).first(count);
    for (std::size_t i = 0; i < n; ++i) CHECK(std::isnan(y[i]) == (i < count));
    for (std::size_t i = count; i < n; ++i) CHECK(y[i] == T(0));
  }
}

TEST_CASE_TEMPLATE("arithmetic, comparisons and choices work lane by lane", T, float, double) {
  constexpr std::size_t n = Pack<T>::size;
  auto const x = Pack<T>::iota(T(-2));
  auto const y = 2 * x + T(1) - x / 2;
  auto const chosen = select(x < T(0), Pack<T>(std::numeric_limits<T>::quiet_NaN()) * T(1), x);
  auto const hidden = select(x == x, x, Pack<T>(std::numeric_limits<T>::quiet_NaN()));
  auto z = x;
  z += 1, z *= T(3), z -= x, z /= 2;
  for (std::size_t i = 0; i < n; ++i) {
    T const a = static_cast<T>(i) - 2;
    CHECK(y[i] == 2 * a + 1 - a / 2);
    CHECK(std::isnan(chosen[i]) == (a < 0));
    CHECK(hidden[i] == a);
    CHECK(z[i] == ((a + 1) * 3 - a) / 2);
    CHECK((-x)[i] == -a);
    CHECK(abs(x)[i] == std::abs(a));
    CHECK(min(x, T(1))[i] == std::min(a, T(1)));
    CHECK(max(x, T(1))[i] == std::max(a, T(1)));
    CHECK(fma(x, x, T(1))[i] == a * a + 1);
    CHECK(sqrt(x * x)[i] == std::abs(a));
    CHECK((x <= T(0))[i] == (a <= 0));
    CHECK((~(x <= T(0)))[i] == (a > 0));
    CHECK(((x > T(0)) & (x < T(2)))[i] == (a > 0 && a < 2));
    CHECK(((x >= T(1)) | (x != x))[i] == (a >= 1));
  }
  CHECK(std::signbit(Pack<T>(T(-0.0))[0]));
  CHECK(std::signbit((-Pack<T>(T(0)))[0]));
  CHECK(sum(x) == static_cast<T>(n * (n - 1) / 2) - 2 * static_cast<T>(n));
  CHECK(max_element(x) == static_cast<T>(n) - 3);
  CHECK(max_element(-x) == T(2));
  CHECK(floor(Pack<T>(T(-1.5)))[0] == T(-2));
  CHECK(floor(Pack<T>(T(1.5)))[0] == T(1));
  CHECK(floor(Pack<T>(T(-3)))[0] == T(-3));
  CHECK(floor(Pack<T>(T(3e9)))[0] == T(3e9));
  CHECK(floor(Pack<T>(-std::numeric_limits<T>::infinity()))[0] == -std::numeric_limits<T>::infinity());
  CHECK(std::isnan(floor(Pack<T>(std::numeric_limits<T>::quiet_NaN()))[0]));
}

TEST_CASE("exp and log in float are within 2 ulp") {
  CHECK(worst(
            PACK_FUNCTION(exp), [](double x) { return std::exp(x); }, -87.3, 88.72) <= 2);
  CHECK(worst(
            PACK_FUNCTION(exp), [](double x) { return std::exp(x); }, -104, -87.3, 1.2e-38) == 0);
  CHECK(worst(
            PACK_FUNCTION(exp), [](double x) { return std::exp(x); }, -1, 1) <= 2);
  CHECK(worst(
            PACK_FUNCTION(log), [](double x) { return std::log(x); }, 0.5, 2) <= 2);
  CHECK(worst_binades(
            PACK_FUNCTION(log), [](double x) { return std::log(x); }, 1, 1.1754944e-38f, 3.4e38f) <= 2);
  auto const e = PACK_FUNCTION(exp);
  CHECK(at(e, 89.f) == inf);
  CHECK(at(e, 1e30f) == inf);
  CHECK(at(e, inf) == inf);
  CHECK(at(e, -inf) == 0.f);
  CHECK(at(e, -1e30f) == 0.f);
  CHECK(at(e, 0.f) == 1.f);
  CHECK(std::isnan(at(e, not_a_number)));
  auto const l = PACK_FUNCTION(log);
  CHECK(at(l, 0.f) == -inf);
  CHECK(at(l, -0.f) == -inf);
  CHECK(at(l, 1.f) == 0.f);
  CHECK(at(l, inf) == inf);
  CHECK(std::isnan(at(l, -1.f)));
  CHECK(std::isnan(at(l, -inf)));
  CHECK(std::isnan(at(l, not_a_number)));
  CHECK(ulps(at(l, 1e-40f), std::log(static_cast<double>(1e-40f))) <= 2);
}

TEST_CASE("log1p, expm1, tanh, sigmoid and softplus in float are within 4 ulp, near 0 too") {
  auto const log1p_exact = [](double x) { return std::log1p(x); };
  auto const expm1_exact = [](double x) { return std::expm1(x); };
  auto const tanh_exact = [](double x) { return std::tanh(x); };
  auto const sigmoid_exact = [](double x) { return 1 / (1 + std::exp(-x)); };
  auto const softplus_exact = [](double x) {
    return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  };
  CHECK(worst(PACK_FUNCTION(log1p), log1p_exact, -0.999, 3) <= 4);
  CHECK(worst_binades(PACK_FUNCTION(log1p), log1p_exact, 1, 1e-30f, 3e38f) <= 4);
  CHECK(worst_binades(PACK_FUNCTION(log1p), log1p_exact, -1, 1e-30f, 0.99f) <= 4);
  CHECK(worst(PACK_FUNCTION(expm1), expm1_exact, -25, 88.7) <= 4);
  CHECK(worst(PACK_FUNCTION(expm1), expm1_exact, -2, 2) <= 4);
  CHECK(worst_binades(PACK_FUNCTION(expm1), expm1_exact, 1, 1e-30f, 80.f) <= 4);
  CHECK(worst_binades(PACK_FUNCTION(expm1), expm1_exact, -1, 1e-30f, 1e30f) <= 4);
  CHECK(worst(PACK_FUNCTION(tanh), tanh_exact, -12, 12) <= 4);
  CHECK(worst_binades(PACK_FUNCTION(tanh), tanh_exact, 1, 1e-30f, 1e30f) <= 4);
  CHECK(worst_binades(PACK_FUNCTION(tanh), tanh_exact, -1, 1e-30f, 1e30f) <= 4);
  CHECK(worst(PACK_FUNCTION(sigmoid), sigmoid_exact, -87, 87) <= 4);
  CHECK(worst(PACK_FUNCTION(softplus), softplus_exact, -87, 87) <= 4);
  CHECK(worst_binades(PACK_FUNCTION(softplus), softplus_exact, 1, 1e-30f, 1e30f) <= 4);
  CHECK(at(PACK_FUNCTION(log1p), -1.f) == -inf);
  CHECK(at(PACK_FUNCTION(log1p), inf) == inf);
  CHECK(std::isnan(at(PACK_FUNCTION(log1p), -1.5f)));
  CHECK(std::isnan(at(PACK_FUNCTION(log1p), not_a_number)));
  CHECK(at(PACK_FUNCTION(expm1), inf) == inf);
  CHECK(at(PACK_FUNCTION(expm1), -inf) == -1.f);
  CHECK(std::isnan(at(PACK_FUNCTION(expm1), not_a_number)));
  CHECK(at(PACK_FUNCTION(tanh), inf) == 1.f);
  CHECK(at(PACK_FUNCTION(tanh), -inf) == -1.f);
  CHECK(std::isnan(at(PACK_FUNCTION(tanh), not_a_number)));
  CHECK(at(PACK_FUNCTION(sigmoid), inf) == 1.f);
  CHECK(at(PACK_FUNCTION(sigmoid), -inf) == 0.f);
  CHECK(std::isnan(at(PACK_FUNCTION(sigmoid), not_a_number)));
  CHECK(at(PACK_FUNCTION(softplus), inf) == inf);
  CHECK(at(PACK_FUNCTION(softplus), -inf) == 0.f);
  CHECK(std::isnan(at(PACK_FUNCTION(softplus), not_a_number)));
}

TEST_CASE("sin, cos and the functions in double are the standard library's") {
  disentangle::Philox const random{1, disentangle::stream("simd"), 0};
  for (std::uint64_t i = 0; i < 100; ++i) {
    double const x = 20 * static_cast<double>(random.uniform(i)) - 10;
    Pack<double> const p(x);
    CHECK(exp(p)[1] == std::exp(x));
    CHECK(log(abs(p))[0] == std::log(std::abs(x)));
    CHECK(log1p(abs(p))[1] == std::log1p(std::abs(x)));
    CHECK(expm1(p)[0] == std::expm1(x));
    CHECK(tanh(p)[1] == std::tanh(x));
    CHECK(sin(p)[0] == std::sin(x));
    CHECK(cos(p)[1] == std::cos(x));
    CHECK(sigmoid(p)[0] == doctest::Approx(1 / (1 + std::exp(-x))).epsilon(1e-14));
    CHECK(softplus(p)[0] == doctest::Approx(std::log1p(std::exp(x))).epsilon(1e-13));
    float const y = static_cast<float>(x);
    CHECK(sin(Pack<float>(y))[2] == std::sin(y));
    CHECK(cos(Pack<float>(y))[2] == std::cos(y));
  }
  CHECK(math::sigmoid(800.0) == 1);
  CHECK(math::sigmoid(-800.0) == 0);
  CHECK(math::softplus(800.0) == 800);
  CHECK(math::softplus(-800.0) == 0);
}
