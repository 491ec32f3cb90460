// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: fill writes its numbers side by side.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnFillWithoutStride {
  class Backend : public backend::Cpu {
   public:
    using backend::Cpu::Cpu;
    void fill(float* p, std::size_t n, float value, std::ptrdiff_t = 1) { BasicCpu::fill(p, n, value); }
  };
  static constexpr char const* name = "fill_without_stride";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnFillWithoutStride;

}  // namespace disentangle::test
