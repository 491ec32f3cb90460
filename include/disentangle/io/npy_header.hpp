// SPDX-License-Identifier: Apache-2.0
// The header of NumPy's .npy format, versions 1 to 3 (numpy.lib.format): parsed with the checks that it
// needs, and written.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/byte_stream.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace disentangle::io {

/// What the header of a .npy says.
struct NpyHeader {
  std::vector<std::size_t> shape;
  DType dtype = DType::f4;
  bool fortran_order = false;
  /// Product of the extents.
  std::size_t elements = 0;
  /// Bytes before the first element.
  std::size_t header_bytes = 0;
};

namespace detail {

/// The header of a .npy is a Python dictionary literal with three keys; this reads exactly that.
class NpyHeaderParser {
 public:
  NpyHeaderParser(std::string_view text, std::string const& name) : text_(text), name_(name) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      std::string const key = string("a key");
      expect(':');
      if (key == "descr" && !has_descr) {
        header.dtype = descr();
        has_descr = true;
      } else if (key == "fortran_order" && !has_order) {
        header.fortran_order = boolean();
        has_order = true;
      } else if (key == "shape" && !has_shape) {
        header.shape = shape();
        has_shape = true;
      } else {
        fail("expected the keys descr, fortran_order and shape once each, found '" + key + "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (position_ != text_.size()) fail("expected nothing after the closing brace");
    if (!has_descr || !has_order || !has_shape)
      fail("one of the keys descr, fortran_order, shape is missing");
    if (!element_count(header.shape, size_of(header.dtype), header.elements)) {
      fail("the shape " + shape_text(header.shape) + " is too large");
    }
    return header;
  }

 private:
  [[noreturn]] void fail(std::string const& what) const {
    throw FileError(name_, "npy header, position " + std::to_string(position_) + ": " + what);
  }

  void skip_space() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) ++position_;
  }

  bool accept(char c) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  void expect(char c) {
    if (accept(c)) return;
    fail("expected '" + std::string(1, c) + "', found " +
         (position_ < text_.size() ? "'" + printable(text_.substr(position_, 1)) + "'" : "the end"));
  }

  static std::string printable(std::string_view text) {
    std::string out;
    for (char const c : text) out += (c >= 32 && c < 127) ? c : '?';
    return out;
  }

  std::string string(char const* what) {
    skip_space();
    if (position_ >= text_.size() || (text_[position_] != '\'' && text_[position_] != '"')) {
      fail(std::string("expected ") + what + " in quotes");
    }
    char const quote = text_[position_++];
    auto const end = text_.find(quote, position_);
    if (end == std::string_view::npos) fail("the closing quote is missing");
    std::string const value = printable(text_.substr(position_, end - position_));
    position_ = end + 1;
    return value;
  }

  DType descr() {
    skip_space();
    if (position_ < text_.size() && text_[position_] == '[') {
      fail("structured arrays (records with named fields) are not supported; save each field as its own "
           "array");
    }
    std::string const text = string("the element type");
    if (text.ends_with('O')) {
      fail("the element type is '" + text +
           "', pickled Python objects, which are never loaded; save plain numbers instead");
    }
    if (text.size() == 3 && text[0] == '>' && text[2] != '1') {
      fail("the element type '" + text + "' is big-endian; convert with array.astype('<" + text.substr(1) +
           "')");
    }
    if (text.size() == 3 && (text[0] == '<' || text[0] == '|' || text[0] == '=' || text[0] == '>')) {
      for (int i = 0; i <= static_cast<int>(DType::f8); ++i) {
        if (text.substr(1) == name_of(static_cast<DType>(i))) return static_cast<DType>(i);
      }
    }
    fail("the element type '" + text +
         "' is not supported; expected one of b1 i1 i2 i4 i8 u1 u2 u4 u8 f4 f8");
  }

  bool boolean() {
    skip_space();
    for (bool const value : {true, false}) {
      std::string_view const word = value ? "True" : "False";
      if (text_.substr(position_).starts_with(word)) {
        position_ += word.size();
        return value;
      }
    }
    fail("expected True or False");
  }

  std::vector<std::size_t> shape() {
    constexpr std::size_t highest_rank = 32;  // numpy's own limit
    std::vector<std::size_t> extents;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::size_t value = 0, digits = 0;
      for (; position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9';
           ++position_, ++digits) {
        if (digits >= 18) fail("an extent is too large");
        value = value * 10 + static_cast<std::size_t>(text_[position_] - '0');
      }
      if (digits == 0) fail("expected an extent of the shape");
      accept('L');  // Python 2 wrote long integers so
      extents.push_back(value);
      if (extents.size() > highest_rank) fail("more than 32 dimensions");
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return extents;
  }

  std::string_view text_;
  std::string const& name_;
  std::size_t position_ = 0;
};

/// Reads magic, version and header, and leaves the stream at the first element. The element bytes that the
/// header promises must be exactly those that the stream has.
inline NpyHeader read_npy_header(ByteStream& stream) {
  std::array<std::byte, 8> start{};
  stream.read_exactly(start);
  constexpr unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  for (std::size_t i = 0; i < 6; ++i) {
    if (start[i] != std::byte{magic[i]})
      throw FileError(stream.name(), "not an npy array: the magic bytes differ");
  }
  int const version = static_cast<int>(start[6]);
  if (version < 1 || version > 3 || start[7] != std::byte{0}) {
    throw FileError(stream.name(), "npy version " + std::to_string(version) + "." +
                                       std::to_string(static_cast<int>(start[7])) +
                                       ", expected 1.0, 2.0 or 3.0");
  }
  std::array<std::byte, 4> length_bytes{};
  std::size_t const length_size = version == 1 ? 2 : 4;
  stream.read_exactly(std::span(length_bytes).first(length_size));
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_size; ++i)
    length |= std::to_integer<std::size_t>(length_bytes[i]) << (8 * i);
  std::size_t const before = 8 + length_size;
  if (stream.size() < before || length > stream.size() - before) {
    throw FileError(stream.name(), "truncated: the npy header has " + std::to_string(length) +
                                       " bytes, the file " + std::to_string(stream.size()));
  }
  if (length > (std::size_t{1} << 20)) {
    throw FileError(stream.name(),
                    "the npy header has " + std::to_string(length) + " bytes, expected at most 1 MiB");
  }
  std::string text(length, '\0');
  stream.read_exactly(std::as_writable_bytes(std::span(text)));
  NpyHeader header = NpyHeaderParser(text, stream.name()).parse();
  header.header_bytes = before + length;
  std::uint64_t const promised = std::uint64_t{header.elements} * size_of(header.dtype);
  std::uint64_t const present = stream.size() - header.header_bytes;
  if (promised != present) {
    throw FileError(stream.name(), (promised > present ? "truncated: " : "") + std::string("shape ") +
                                       shape_text(header.shape) + " of " + name_of(header.dtype) + " needs " +
                                       std::to_string(promised) + " bytes, found " + std::to_string(present));
  }
  return header;
}

/// Magic, version 1 (2 where the header is long) and dictionary, padded with spaces to a multiple of 64
/// bytes.
inline std::string npy_header_text(std::span<std::size_t const> shape, DType dtype) {
  char const order = size_of(dtype) == 1 ? '|' : '<';
  std::string const dictionary = "{'descr': '" + std::string(1, order) + name_of(dtype) +
                                 "', 'fortran_order': False, 'shape': " + shape_text(shape) + ", }";
  bool const is_long = dictionary.size() + 64 + 10 > 65535;
  std::size_t const before = is_long ? 12 : 10;
  std::size_t const total = (before + dictionary.size() + 1 + 63) / 64 * 64;
  std::size_t const length = total - before;
  std::string text = "\x93NUMPY";
  text += static_cast<char>(is_long ? 2 : 1);
  text += '\0';
  for (std::size_t i = 0; i < before - 8; ++i) text += static_cast<char>((length >> (8 * i)) & 0xFF);
  text += dictionary;
  text.append(total - text.size() - 1, ' ');
  return text + '\n';
}

}  // namespace detail

}  // namespace disentangle::io
