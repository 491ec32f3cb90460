// SPDX-License-Identifier: Apache-2.0
// Programs for a device: they skip where there is none, count their failures, and print what they measure.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>

#include <disentangle/backend/cuda/cuda.hpp>

namespace disentangle::testing {

/// ctest takes this exit status for "skipped".
inline constexpr int skipped = 77;

/// True, after saying why, where no device is present.
inline bool skips_without_device() {
  std::string const missing = backend::cuda::missing_device();
  if (!missing.empty()) std::printf("skipped: %s\n", missing.c_str());
  return !missing.empty();
}

inline int failures = 0;

/// Prints a line and counts a failure if the two differ by more than `tolerance` of the larger of 1 and
/// |expected|.
inline void expect_near(std::string const& what, double found, double expected, double tolerance) {
  double const error = std::abs(found - expected) / std::fmax(1.0, std::abs(expected));
  bool const good = error <= tolerance;  // false for NaN
  if (!good) ++failures;
  std::printf("%s  %s: found %.9g, expected %.9g, error %.2g, tolerance %.2g\n", good ? "ok    " : "FAILED",
              what.c_str(), found, expected, error, tolerance);
}

}  // namespace disentangle::testing
