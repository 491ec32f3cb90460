// SPDX-License-Identifier: Apache-2.0
// Black-and-white images packed one bit a pixel: pixel p of an image is bit p % 64 of its word p / 64.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace disentangle::data::detail {

/// The words that hold `pixels` bits.
constexpr std::size_t words_of(std::size_t pixels) { return (pixels + 63) / 64; }

/// The eight pixels of every byte, as floats.
inline constexpr std::array<std::array<float, 8>, 256> pixels_of_byte = [] {
  std::array<std::array<float, 8>, 256> table{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    for (std::size_t bit = 0; bit < 8; ++bit) table[byte][bit] = (byte >> bit & 1) != 0 ? 1.0f : 0.0f;
  }
  return table;
}();

/// Writes the first out.size() bits of words as 0 or 1.
inline void expand_bits(std::uint64_t const* words, std::span<float> out) {
  std::size_t const whole = out.size() / 8;
  float* target = out.data();
  for (std::size_t i = 0; i < whole; ++i, target += 8) {
    std::copy_n(pixels_of_byte[words[i / 8] >> (i % 8 * 8) & 0xFF].data(), 8, target);
  }
  for (std::size_t p = whole * 8; p < out.size(); ++p)
    out[p] = (words[p / 64] >> (p % 64) & 1) != 0 ? 1.0f : 0.0f;
}

}  // namespace disentangle::data::detail
