// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: maxima start at zero instead of at minus infinity.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

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
      if (kind == backend::Reduction::max)
        BasicCpu::map(loop, destination, NotNegative<Destination>{destination});
    }

   private:
    /// max(x, 0) of what a destination holds.
    template <class Destination>
    struct NotNegative {
      Destination x;
      void enter(std::ptrdiff_t const* index) { x.enter(index); }
      template <class P, class Lanes>
      P value(std::ptrdiff_t j, Lanes lanes) const {
        P const y = x.template value<P>(j, lanes);
        return select(y >= P(0), y, P(0));
      }
    };
  };
  static constexpr char const* name = "maximum_above_zero";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnMaximumAboveZero;

}  // namespace disentangle::test
