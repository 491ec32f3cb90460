// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <disentangle/backend/cuda/cuda.hpp>

#include "tests/backends/support/agreement.hpp"

namespace disentangle::test {

struct OnCuda {
  using Backend = backend::Cuda;
  static constexpr char const* name = "cuda";
  static constexpr Tolerances tolerances = single_precision;
  /// Every step's loss is read back, so that each one is compared.
  static Backend make() { return Backend({.read_back_every = 1}); }
};
using TestedBackend = OnCuda;

}  // namespace disentangle::test
