// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <disentangle/backend/eigen/eigen_cpu.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnEigenCpu {
  using Backend = backend::EigenCpu;
  static constexpr char const* name = "eigen_cpu";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(2); }
};
using TestedBackend = OnEigenCpu;

}  // namespace disentangle::test
