// SPDX-License-Identifier: Apache-2.0
// Numeric arrays of MATLAB's MAT files of level 5 (what save writes with -v6 and -v7; "MAT-File Format",
// MathWorks), plain or compressed. Structures, cells, text, sparse and complex arrays are passed over.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/gzip.hpp>
#include <disentangle/io/idx.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/npy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io {

namespace detail {

/// A tagged piece of a MAT file.
struct Mat5Element {
  std::uint32_t type = 0;
  std::span<std::byte const> data;
};

/// The elements of a piece of a MAT file, one after the other.
class Mat5Elements {
 public:
  Mat5Elements(std::span<std::byte const> bytes, std::string const& name) : bytes_(bytes), name_(name) {}

  bool more() const { return at_ < bytes_.size(); }

  Mat5Element next() {
    std::uint32_t const first = word(0), length = first >> 16;
    Mat5Element element;
    if (length != 0) {  // the small form: type and length in one word, up to four bytes of data in the next
      if (length > 4) {
        throw FileError(name_,
                        "found a short element of " + std::to_string(length) + " bytes, expected at most 4");
      }
      (void)word(4);
      element = {first & 0xFFFF, bytes_.subspan(at_ + 4, length)};
      at_ += 8;
      return element;
    }
    std::size_t const size = word(4);
    if (size > bytes_.size() - at_ - 8) {
      throw FileError(name_, "truncated: an element of " + std::to_string(size) + " bytes, " +
                                 std::to_string(bytes_.size() - at_ - 8) + " are left");
    }
    element = {first, bytes_.subspan(at_ + 8, size)};
    // Elements are padded to eight bytes, compressed ones and the last are not.
    std::size_t const padded = first == compressed ? size : (size + 7) / 8 * 8;
    at_ = std::min(bytes_.size(), at_ + 8 + padded);
    return element;
  }

  static constexpr std::uint32_t compressed = 15, matrix = 14;

 private:
  std::uint32_t word(std::size_t offset) const {
    if (bytes_.size() - at_ < offset + 4) throw FileError(name_, "truncated in the tag of an element");
    std::uint32_t value = 0;
    std::memcpy(&value, bytes_.data() + at_ + offset, 4);
    return value;
  }
  std::span<std::byte const> bytes_;
  std::string const& name_;
  std::size_t at_ = 0;
};

/// The element type of a MAT data type; false for text and others.
inline bool mat5_dtype(std::uint32_t type, DType& dtype) {
  switch (type) {
    case 1: dtype = DType::i1; return true;
    case 2: dtype = DType::u1; return true;
    case 3: dtype = DType::i2; return true;
    case 4: dtype = DType::u2; return true;
    case 5: dtype = DType::i4; return true;
    case 6: dtype = DType::u4; return true;
    case 7: dtype = DType::f4; return true;
    case 9: dtype = DType::f8; return true;
    case 12: dtype = DType::i8; return true;
    case 13: dtype = DType::u8; return true;
    default: return false;
  }
}

/// Reads one array; false when it is of a kind that is passed over.
inline bool read_mat5_array(std::span<std::byte const> bytes, std::string const& file,
                            std::string& array_name, Array& array) {
  Mat5Elements elements(bytes, file);
  Mat5Element const flags = elements.next(), extents = elements.next(), name = elements.next();
  if (flags.type != 6 || flags.data.size() != 8 || extents.type != 5 || extents.data.size() % 4 != 0 ||
      name.type != 1) {
    throw FileError(file, "an array does not start with its flags, extents and name");
  }
  array_name.assign(reinterpret_cast<char const*>(name.data.data()), name.data.size());
  std::uint32_t flag = 0;
  std::memcpy(&flag, flags.data.data(), 4);
  std::uint32_t const kind = flag & 0xFF;
  bool const is_complex = (flag & 0x800) != 0;
  if (kind < 6 || kind > 15 || is_complex)
    return false;  // 6 double .. 13 unsigned of 32 bits, 14 and 15 of 64 bits
  for (std::size_t d = 0; d < extents.data.size(); d += 4) {
    std::int32_t extent = 0;
    std::memcpy(&extent, extents.data.data() + d, 4);
    if (extent < 0) {
      throw FileError(file + ":" + array_name,
                      "found an extent of " + std::to_string(extent) + ", expected 0 or more");
    }
    array.shape.push_back(static_cast<std::size_t>(extent));
  }
  Mat5Element const values = elements.next();
  std::size_t count = 0;
  if (!mat5_dtype(values.type, array.dtype) || !element_count(array.shape, size_of(array.dtype), count) ||
      values.data.size() != count * size_of(array.dtype)) {
    throw FileError(file + ":" + array_name, "found " + std::to_string(values.data.size()) +
                                                 " bytes of type " + std::to_string(values.type) +
                                                 ", expected numbers for an array of " +
                                                 shape_text(array.shape));
  }
  make_room(array.bytes, values.data.size(), file + ":" + array_name);
  std::copy(values.data.begin(), values.data.end(), array.bytes.begin());
  fortran_to_c_order(array, file + ":" + array_name);
  return true;
}

}  // namespace detail

/// The numeric arrays of a MAT file in memory, by their names, in C order. Numbers have the type in which
/// they are stored, which may be smaller than MATLAB's (whole numbers of type double are often bytes). `name`
/// stands in the messages of errors. Throws FileError for another format (a file saved with -v7.3 is HDF5:
/// see io/hdf5.hpp), for damage, and for compressed arrays of more than `limit` bytes.
[[nodiscard]] inline std::map<std::string, Array> parse_mat5(std::span<std::byte const> bytes,
                                                             std::string const& name,
                                                             std::uint64_t limit = max_inflated_bytes) {
  if (bytes.size() < 128) {
    throw FileError(name,
                    "found " + std::to_string(bytes.size()) + " bytes, expected a MAT file of at least 128");
  }
  std::uint16_t version = 0, endian = 0;
  std::memcpy(&version, bytes.data() + 124, 2);
  std::memcpy(&endian, bytes.data() + 126, 2);
  if (version != 0x0100 || endian != 0x4D49) {
    throw FileError(name, "not a little-endian MAT file of level 5: bytes 124 .. 127 are " +
                              detail::hexadecimal(std::uint32_t{endian} << 16 | version) +
                              ", expected 0x4D490100");
  }
  std::map<std::string, Array> arrays;
  detail::Mat5Elements elements(bytes.subspan(128), name);
  while (elements.more()) {
    detail::Mat5Element element = elements.next();
    std::vector<std::byte> inflated;
    if (element.type == detail::Mat5Elements::compressed) {
      inflated = detail::inflate_whole(element.data, name, MAX_WBITS, limit);
      detail::Mat5Elements inner(inflated, name);
      element = inner.next();
    }
    if (element.type != detail::Mat5Elements::matrix || element.data.empty()) continue;
    std::string array_name;
    Array array;
    if (detail::read_mat5_array(element.data, name, array_name, array)) arrays[array_name] = std::move(array);
  }
  return arrays;
}

/// Reads a MAT file; see parse_mat5.
[[nodiscard]] inline std::map<std::string, Array> read_mat5(std::filesystem::path const& path) {
  return parse_mat5(InputFile(path).read_all(), path.string());
}

}  // namespace disentangle::io
