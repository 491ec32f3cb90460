// SPDX-License-Identifier: Apache-2.0
// The binary matrices of NORB (LeCun, Huang, Bottou 2004), gzipped or not: a 32-bit magic number for the
// element type, the number of dimensions, the extents (at least three, what is beyond the dimensions being
// filled up), the elements in C order; all little-endian.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/gzip.hpp>
#include <disentangle/io/idx.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io {

/// A NORB matrix that is in memory, not compressed; `name` stands in the messages of errors. Throws FileError
/// when the first bytes are no such header or the number of bytes is not what the header says.
[[nodiscard]] inline Array parse_norb_matrix(std::vector<std::byte> bytes, std::string const& name) {
  auto const number = [&](std::size_t offset) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + offset, 4);
    return value;
  };
  if (bytes.size() < 20) {
    throw FileError(name, "found " + std::to_string(bytes.size()) +
                              " bytes, expected a NORB matrix of at least 20");
  }
  Array array;
  switch (number(0)) {
    case 0x1E3D4C51: array.dtype = DType::f4; break;
    case 0x1E3D4C53: array.dtype = DType::f8; break;
    case 0x1E3D4C54: array.dtype = DType::i4; break;
    case 0x1E3D4C55: array.dtype = DType::u1; break;
    case 0x1E3D4C56: array.dtype = DType::i2; break;
    default:
      throw FileError(name, "not a NORB matrix: starts with " + detail::hexadecimal(number(0)) +
                                ", expected 0x1E3D4C51 or 53 .. 56");
  }
  std::uint32_t const rank = number(4);
  std::size_t const header = 8 + 4 * std::max<std::size_t>(3, rank);
  if (rank > 64 || bytes.size() < header) {
    throw FileError(name, "found " + std::to_string(rank) + " dimensions in a file of " +
                              std::to_string(bytes.size()) +
                              " bytes, expected at most 64 and a header of 8 + 4 max(3, dimensions)");
  }
  for (std::size_t d = 0; d < rank; ++d) array.shape.push_back(number(8 + 4 * d));
  std::size_t count = 0;
  if (!element_count(array.shape, size_of(array.dtype), count) ||
      bytes.size() - header != count * size_of(array.dtype)) {
    throw FileError(name, "found " + std::to_string(bytes.size() - header) +
                              " bytes of elements, expected an array of " + shape_text(array.shape) + " of " +
                              name_of(array.dtype));
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
  array.bytes = std::move(bytes);
  return array;
}

/// Reads a NORB matrix, compressed with gzip or not.
[[nodiscard]] inline Array read_norb_matrix(std::filesystem::path const& path) {
  return parse_norb_matrix(read_possibly_gzipped(InputFile(path)), path.string());
}

}  // namespace disentangle::io
