// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: random numbers forget the upper half of the step.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnHalfOfTheStep {
  class Backend : public backend::Cpu {
   public:
    using backend::Cpu::Cpu;
    void uniform(Philox random, float* p, std::size_t n) {
      random.step &= 0xFFFFFFFFu;
      BasicCpu::uniform(random, p, n);
    }
  };
  static constexpr char const* name = "half_of_the_step";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnHalfOfTheStep;

}  // namespace disentangle::test
