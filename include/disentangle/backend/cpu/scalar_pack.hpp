// SPDX-License-Identifier: Apache-2.0
// ScalarPack<T>: a pack of one lane. nvcc takes no vectors of the compiler where code is for host and device,
// as formulas are, so in CUDA sources the CPU backend evaluates formulas with this; its matrix products and
// convolutions stay SIMD.
#pragma once

#include <cmath>
#include <cstddef>

#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

template <class T>
struct ScalarPack {
  using value_type = T;
  static constexpr std::size_t size = 1;
  T v{};

  ScalarPack() = default;
  DISENTANGLE_HD explicit constexpr ScalarPack(T x) : v(x) {}

  DISENTANGLE_HD static ScalarPack load(T const* p) { return ScalarPack(*p); }
  DISENTANGLE_HD static ScalarPack load(T const* p, std::size_t n) { return ScalarPack(n == 0 ? T(0) : *p); }
  DISENTANGLE_HD void store(T* p) const { *p = v; }
  DISENTANGLE_HD void store(T* p, std::size_t n) const {
    if (n > 0) *p = v;
  }
  DISENTANGLE_HD ScalarPack first(std::size_t n) const { return ScalarPack(n == 0 ? T(0) : v); }

  // clang-format off
  DISENTANGLE_HD friend ScalarPack operator-(ScalarPack a) { return ScalarPack(-a.v); }
  DISENTANGLE_HD friend ScalarPack operator+(ScalarPack a, ScalarPack b) { return ScalarPack(a.v + b.v); }
  DISENTANGLE_HD friend ScalarPack operator-(ScalarPack a, ScalarPack b) { return ScalarPack(a.v - b.v); }
  DISENTANGLE_HD friend ScalarPack operator*(ScalarPack a, ScalarPack b) { return ScalarPack(a.v * b.v); }
  DISENTANGLE_HD friend ScalarPack operator/(ScalarPack a, ScalarPack b) { return ScalarPack(a.v / b.v); }
  DISENTANGLE_HD ScalarPack& operator+=(ScalarPack b) { v += b.v; return *this; }
  DISENTANGLE_HD friend bool operator<(ScalarPack a, ScalarPack b) { return a.v < b.v; }
  DISENTANGLE_HD friend bool operator>(ScalarPack a, ScalarPack b) { return a.v > b.v; }
  DISENTANGLE_HD friend bool operator<=(ScalarPack a, ScalarPack b) { return a.v <= b.v; }
  DISENTANGLE_HD friend bool operator>=(ScalarPack a, ScalarPack b) { return a.v >= b.v; }
  DISENTANGLE_HD friend bool operator==(ScalarPack a, ScalarPack b) { return a.v == b.v; }
  DISENTANGLE_HD friend bool operator!=(ScalarPack a, ScalarPack b) { return a.v != b.v; }

  DISENTANGLE_HD friend ScalarPack select(bool which, ScalarPack a, ScalarPack b) { return which ? a : b; }
  DISENTANGLE_HD friend ScalarPack exp(ScalarPack a) { return ScalarPack(std::exp(a.v)); }
  DISENTANGLE_HD friend ScalarPack log(ScalarPack a) { return ScalarPack(std::log(a.v)); }
  DISENTANGLE_HD friend ScalarPack log1p(ScalarPack a) { return ScalarPack(std::log1p(a.v)); }
  DISENTANGLE_HD friend ScalarPack expm1(ScalarPack a) { return ScalarPack(std::expm1(a.v)); }
  DISENTANGLE_HD friend ScalarPack sqrt(ScalarPack a) { return ScalarPack(std::sqrt(a.v)); }
  DISENTANGLE_HD friend ScalarPack tanh(ScalarPack a) { return ScalarPack(std::tanh(a.v)); }
  DISENTANGLE_HD friend ScalarPack abs(ScalarPack a) { return ScalarPack(std::abs(a.v)); }
  DISENTANGLE_HD friend ScalarPack sigmoid(ScalarPack a) { return ScalarPack(math::sigmoid(a.v)); }
  DISENTANGLE_HD friend ScalarPack softplus(ScalarPack a) { return ScalarPack(math::softplus(a.v)); }
  DISENTANGLE_HD friend T sum(ScalarPack a) { return a.v; }
  DISENTANGLE_HD friend T max_element(ScalarPack a) { return a.v; }
  // clang-format on
};

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
