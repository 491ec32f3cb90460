// SPDX-License-Identifier: Apache-2.0
// Page-locked host memory: ordinary memory whose ranges are known.
#pragma once

#include <cstddef>

namespace disentangle::emulation::detail {

/// The pinned allocation that holds all these bytes.
struct Pinned {
  std::byte* data;
  std::size_t size;
};
Pinned const* pinned_that_holds(void const* address, std::size_t bytes);

std::size_t number_of_pinned();
std::size_t pinned_bytes();

}  // namespace disentangle::emulation::detail
