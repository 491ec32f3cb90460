// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: the second contribution to a gradient of a bias replaces the first.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnContributionAssigned {
  class Backend : public backend::Cpu {
   public:
    using backend::Cpu::Cpu;
    void column_sums(std::ptrdiff_t rows, std::ptrdiff_t columns, float const* from, float* to, bool) {
      BasicCpu::column_sums(rows, columns, from, to, false);
    }
  };
  static constexpr char const* name = "contribution_assigned";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnContributionAssigned;

}  // namespace disentangle::test
