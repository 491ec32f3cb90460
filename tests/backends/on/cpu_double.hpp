// SPDX-License-Identifier: Apache-2.0
// The reference, with one thread; in its own column with three.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnCpuDouble {
  using Backend = backend::BasicCpu<double>;
  static constexpr char const* name = "cpu_double";
  static constexpr Tolerances tolerances = double_precision;
  static Backend make() { return Backend(3); }
  static Backend make_reference() { return Backend(1); }
};
using TestedBackend = OnCpuDouble;

}  // namespace disentangle::test
