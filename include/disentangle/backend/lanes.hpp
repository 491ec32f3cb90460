// SPDX-License-Identifier: Apache-2.0
// Which lanes of a SIMD pack take part in an operation, and where adjoints go: the tags that fused loops hand
// to bound expressions.
#pragma once

#include <cstddef>

namespace disentangle::backend {

/// All lanes.
struct AllLanes {};
/// Only the first n lanes.
struct FirstLanes {
  std::size_t n;
};
/// One scalar, and adjoints are not added to memory: the leaves that ask for it collect theirs in a register.
/// What a device needs for a gradient that many threads contribute to.
struct Collected {};

}  // namespace disentangle::backend
