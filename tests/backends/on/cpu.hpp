// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnCpu {
  using Backend = backend::Cpu;
  static constexpr char const* name = "cpu";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(2); }
};
using TestedBackend = OnCpu;

}  // namespace disentangle::test
