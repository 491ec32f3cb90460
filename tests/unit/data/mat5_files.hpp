// SPDX-License-Identifier: Apache-2.0
// MAT files of level 5, made byte by byte from their published description.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace test_support {

inline std::string mat5_word(std::uint32_t value) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}
/// An element with its tag and padding, in the small form where it fits.
inline std::string mat5_element(std::uint32_t type, std::string const& data, bool small_form = true) {
  if (small_form && !data.empty() && data.size() <= 4) {
    return mat5_word(static_cast<std::uint32_t>(data.size()) << 16 | type) + data +
           std::string(4 - data.size(), '\0');
  }
  return mat5_word(type) + mat5_word(static_cast<std::uint32_t>(data.size())) + data +
         std::string((8 - data.size() % 8) % 8, '\0');
}
/// An array of bytes in column order, of MATLAB's class `kind` (9: uint8, 6: double, 4: text, 1: cells).
inline std::string mat5_array(std::string const& name, std::vector<int> const& shape,
                              std::string const& bytes, std::uint32_t kind = 9, std::uint32_t type = 2) {
  std::string extents;
  for (int const extent : shape) extents += mat5_word(static_cast<std::uint32_t>(extent));
  return mat5_element(14, mat5_element(6, mat5_word(kind) + mat5_word(0)) + mat5_element(5, extents) +
                              mat5_element(1, name) + mat5_element(type, bytes));
}
inline std::string mat5_file(std::string const& elements) {
  std::string header = "MATLAB 5.0 MAT-file";
  header.resize(124, ' ');
  return header + std::string("\0\x01IM", 4) + elements;
}
inline std::string mat5_compressed(std::string const& element) {
  uLongf size = compressBound(static_cast<uLong>(element.size()));
  std::string data(size, '\0');
  compress2(reinterpret_cast<Bytef*>(data.data()), &size, reinterpret_cast<Bytef const*>(element.data()),
            static_cast<uLong>(element.size()), 6);
  return mat5_word(15) + mat5_word(static_cast<std::uint32_t>(size)) + data.substr(0, size);
}

}  // namespace test_support
