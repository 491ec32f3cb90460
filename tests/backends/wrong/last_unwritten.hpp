// SPDX-License-Identifier: Apache-2.0
// A wrong backend, for harness_test.cpp: map leaves the last number of every line unwritten.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnLastUnwritten {
  class Backend : public backend::Cpu {
   public:
    using backend::Cpu::Cpu;
    template <class Loop, class Destination, class Bound>
    void map(Loop loop, Destination const& destination, Bound const& bound) {
      --loop.extents[max_rank - 1];
      BasicCpu::map(loop, destination, bound);
    }
  };
  static constexpr char const* name = "last_unwritten";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(1); }
};
using TestedBackend = OnLastUnwritten;

}  // namespace disentangle::test
