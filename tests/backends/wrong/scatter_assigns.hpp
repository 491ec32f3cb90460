// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: scatter_add_rows assigns, so that repeated rows lose gradients.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnScatterAssigns {
  class Backend : public backend::Cpu {
   public:
    using backend::Cpu::Cpu;
    void scatter_add_rows(float const* from, int const* rows, std::ptrdiff_t n, std::ptrdiff_t width,
                          float* to) {
      for (std::ptrdiff_t i = 0; i < n; ++i) std::copy_n(from + i * width, width, to + rows[i] * width);
    }
  };
  static constexpr char const* name = "scatter_assigns";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnScatterAssigns;

}  // namespace disentangle::test
