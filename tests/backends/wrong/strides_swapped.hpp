// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: multiply takes the strides of its right operand the wrong way round.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnStridesSwapped {
  class Backend : public backend::Cpu {
   public:
    using backend::Cpu::Cpu;
    void multiply(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, float const* a, Strides sa,
                  float const* b, Strides sb, float* c, Strides sc, bool accumulate) {
      BasicCpu::multiply(m, n, k, a, sa, b, {sb[1], sb[0]}, c, sc, accumulate);
    }
  };
  static constexpr char const* name = "strides_swapped";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnStridesSwapped;

}  // namespace disentangle::test
