// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: maxima start at zero instead of at minus infinity.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/expression/tree.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnMaximumAboveZero {
  class Backend : public backend::Cpu {
   public:
    using backend::Cpu::Cpu;
    template <class Loop, class Destination, class Bound>
    void reduce(Loop const& loop, backend::Reduction kind, Destination const& destination,
                Bound const& bound) {
      BasicCpu::reduce(loop, kind, destination, bound);
      using namespace backend::expression;
      if (kind == backend::Reduction::max) {
        BoundConstant<float> const zero{0};
        BasicCpu::map(loop, destination,
                      BoundBinary<Maximum, Destination, BoundConstant<float>>{destination, zero});
      }
    }
  };
  static constexpr char const* name = "maximum_above_zero";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnMaximumAboveZero;

}  // namespace disentangle::test
