// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: derivatives are assigned to the gradients that they should be added
// to.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/expression/tree.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnAdjointAssigns {
  class Backend : public backend::Cpu {
   public:
    using backend::Cpu::Cpu;
    template <class Loop, class Bound, class Seed>
    void adjoint(Loop const& loop, Bound const& bound, Seed const& seed) {
      Bound emptied = bound;
      emptied.for_each_leaf([&](auto& leaf) {
        if (leaf.gradient != nullptr) BasicCpu::map(loop, leaf, backend::expression::BoundConstant<float>{0});
      });
      BasicCpu::adjoint(loop, bound, seed);
    }
  };
  static constexpr char const* name = "adjoint_assigns";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnAdjointAssigns;

}  // namespace disentangle::test
