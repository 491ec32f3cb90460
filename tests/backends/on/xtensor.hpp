// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <disentangle/backend/xtensor/xtensor.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnXtensor {
  using Backend = backend::Xtensor;
  static constexpr char const* name = "xtensor";
  static constexpr Tolerances tolerances = single_precision;
  static Backend make() { return Backend(2); }
};
using TestedBackend = OnXtensor;

}  // namespace disentangle::test
