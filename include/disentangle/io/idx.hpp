// SPDX-License-Identifier: Apache-2.0
// The IDX format of MNIST (LeCun, Cortes, Burges, "The MNIST database of handwritten digits") and its
// relatives: two zero bytes, a byte for the element type, a byte for the number of dimensions, a 32-bit
// extent for each, the elements in C order; all numbers big-endian.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/gzip.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io {

namespace detail {

/// The element type of an IDX type byte; false where there is none.
inline bool idx_dtype(unsigned code, DType& dtype) {
  switch (code) {
    case 0x08: dtype = DType::u1; return true;
    case 0x09: dtype = DType::i1; return true;
    case 0x0B: dtype = DType::i2; return true;
    case 0x0C: dtype = DType::i4; return true;
    case 0x0D: dtype = DType::f4; return true;
    case 0x0E: dtype = DType::f8; return true;
    default: return false;
  }
}

inline std::uint32_t big_endian_32(std::span<std::byte const> bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[offset + i]);
  return value;
}

inline std::string hexadecimal(std::uint32_t value) {
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789ABCDEF"[value >> shift & 0xF];
  return text;
}

}  // namespace detail

/// An IDX file that is in memory, not compressed; `name` stands in the messages of errors. Throws FileError
/// when the first bytes are no IDX header or the number of bytes is not what the header says.
[[nodiscard]] inline Array parse_idx(std::vector<std::byte> bytes, std::string const& name) {
  if (bytes.size() < 4) {
    throw FileError(name,
                    "found " + std::to_string(bytes.size()) + " bytes, expected an IDX file of at least 4");
  }
  std::uint32_t const magic = detail::big_endian_32(bytes, 0);
  Array array;
  if (magic >> 16 != 0 || !detail::idx_dtype(magic >> 8 & 0xFF, array.dtype)) {
    throw FileError(name, "not an IDX file: starts with " + detail::hexadecimal(magic) +
                              ", expected two zero bytes and a type of 08, 09, 0B .. 0E");
  }
  std::size_t const rank = magic & 0xFF, header = 4 + 4 * rank;
  if (bytes.size() < header) {
    throw FileError(name, "truncated: found " + std::to_string(bytes.size()) +
                              " bytes, expected a header of " + std::to_string(header) + " for " +
                              std::to_string(rank) + " dimensions");
  }
  for (std::size_t d = 0; d < rank; ++d) array.shape.push_back(detail::big_endian_32(bytes, 4 + 4 * d));
  std::size_t const element = size_of(array.dtype);
  std::size_t count = 0;
  if (!element_count(array.shape, element, count) || bytes.size() - header != count * element) {
    throw FileError(name, "found " + std::to_string(bytes.size() - header) +
                              " bytes of elements, expected an array of " + shape_text(array.shape) + " of " +
                              name_of(array.dtype));
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
  for (std::size_t i = 0; element > 1 && i < bytes.size(); i += element) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                 bytes.begin() + static_cast<std::ptrdiff_t>(i + element));
  }
  array.bytes = std::move(bytes);
  return array;
}

/// Reads an IDX file, compressed with gzip or not.
[[nodiscard]] inline Array read_idx(std::filesystem::path const& path) {
  return parse_idx(read_possibly_gzipped(InputFile(path)), path.string());
}

/// An array of bytes as an IDX file in memory: 1 .. 255 dimensions of extents below 2^32.
[[nodiscard]] inline std::vector<std::byte> idx_bytes(std::span<std::size_t const> shape,
                                                      std::span<std::uint8_t const> elements) {
  std::size_t count = 0;
  bool fits =
      !shape.empty() && shape.size() < 256 && element_count(shape, 1, count) && count == elements.size();
  for (std::size_t const extent : shape) fits = fits && extent <= 0xFFFFFFFFu;
  if (!fits) {
    throw ShapeError("idx_bytes: " + std::to_string(elements.size()) + " elements are no array of " +
                     shape_text(shape));
  }
  std::vector<std::byte> bytes{std::byte{0}, std::byte{0}, std::byte{8},
                               static_cast<std::byte>(shape.size())};
  for (std::size_t const extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::byte>(extent >> shift & 0xFF));
  }
  auto const data = std::as_bytes(elements);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

}  // namespace disentangle::io
