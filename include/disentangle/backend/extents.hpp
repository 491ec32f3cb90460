// SPDX-License-Identifier: Apache-2.0
// Run-time extents and strides of a tensor whose rank is known at compile time.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>

namespace disentangle {

/// Extents (or strides, in scalars) per axis, the slowest axis first.
template <int Rank>
using Extents = std::array<std::ptrdiff_t, static_cast<std::size_t>(Rank)>;

/// The highest rank of a tensor.
inline constexpr int max_rank = 5;

/// Number of scalars; 1 for rank 0.
template <std::size_t Rank>
constexpr std::ptrdiff_t product(std::array<std::ptrdiff_t, Rank> const& extents) {
  std::ptrdiff_t n = 1;
  for (std::ptrdiff_t e : extents) n *= e;
  return n;
}

/// Strides of a contiguous row-major tensor.
template <std::size_t Rank>
constexpr std::array<std::ptrdiff_t, Rank>
contiguous_strides(std::array<std::ptrdiff_t, Rank> const& extents) {
  std::array<std::ptrdiff_t, Rank> strides{};
  std::ptrdiff_t stride = 1;
  for (std::size_t i = Rank; i-- > 0;) {
    strides[i] = stride;
    stride *= extents[i];
  }
  return strides;
}

/// "(64, 10)"
DISENTANGLE_COLD inline std::string extents_text(std::ptrdiff_t const* extents, std::size_t rank) {
  std::string text = "(";
  for (std::size_t i = 0; i < rank; ++i) text += (i ? ", " : "") + std::to_string(extents[i]);
  return text + ")";
}
template <std::size_t Rank>
std::string extents_text(std::array<std::ptrdiff_t, Rank> const& extents) {
  return extents_text(extents.data(), Rank);
}

}  // namespace disentangle
