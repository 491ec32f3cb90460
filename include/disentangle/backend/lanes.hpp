// SPDX-License-Identifier: Apache-2.0
// Which lanes of a SIMD pack take part in an operation: the tags that fused loops hand to bound expressions.
#pragma once

#include <cstddef>

namespace disentangle::backend {

/// All lanes.
struct AllLanes {};
/// Only the first n lanes.
struct FirstLanes {
  std::size_t n;
};

}  // namespace disentangle::backend
