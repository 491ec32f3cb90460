// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy format, versions 1 to 3 (numpy.lib.format): one array of a plain element type, whole or by
// rows.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io {

/// An array read from, or to be written to, a .npy file or .npz member.
using NpyArray = Array;

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

/// Reorders column-major elements into C order.
inline void fortran_to_c_order(NpyArray& array) {
  std::size_t const rank = array.shape.size(), element = size_of(array.dtype), count = array.size();
  if (rank < 2 || count == 0) return;
  std::vector<std::byte> ordered(array.bytes.size());
  std::vector<std::size_t> index(rank, 0), stride(rank, 1);
  for (std::size_t d = 1; d < rank; ++d) stride[d] = stride[d - 1] * array.shape[d - 1];
  std::size_t source = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(array.bytes.data() + source * element, element, ordered.data() + i * element);
    for (std::size_t d = rank; d-- > 0;) {
      source += stride[d];
      if (++index[d] < array.shape[d]) break;
      source -= stride[d] * array.shape[d];
      index[d] = 0;
    }
  }
  array.bytes = std::move(ordered);
}

/// numpy reads any non-zero byte as True; a boolean in memory must be 0 or 1.
inline void normalise_booleans(DType dtype, std::span<std::byte> bytes) {
  if (dtype != DType::b1) return;
  for (std::byte& byte : bytes) byte = byte == std::byte{0} ? std::byte{0} : std::byte{1};
}

/// Reads the elements that follow a header.
inline NpyArray read_npy_elements(ByteStream& stream, NpyHeader const& header) {
  NpyArray array{header.shape, header.dtype, {}};
  array.bytes.resize(header.elements * size_of(header.dtype));
  stream.read_exactly(array.bytes);
  std::byte beyond{};
  if (stream.read({&beyond, 1}) != 0)
    throw FileError(stream.name(), "expected the end after the last element");
  normalise_booleans(array.dtype, array.bytes);
  if (header.fortran_order) fortran_to_c_order(array);
  return array;
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

/// An array read by consecutive rows (a row is everything under one value of the first index), so that an
/// array of many GiB never is in memory whole. Rows come in order and once; make another reader to start
/// again.
class NpyRows {
 public:
  /// Reads the header. Column-major (Fortran order) arrays of two or more dimensions have no rows: FileError.
  explicit NpyRows(std::unique_ptr<ByteStream> stream)
      : stream_(std::move(stream)), header_(detail::read_npy_header(*stream_)) {
    if (header_.shape.empty()) throw FileError(stream_->name(), "a 0-dimensional array has no rows");
    if (header_.fortran_order && header_.shape.size() > 1) {
      throw FileError(stream_->name(),
                      "in Fortran order, which cannot be read by rows; save numpy.ascontiguousarray(array)");
    }
    row_elements_ = 1;
    for (std::size_t d = 1; d < header_.shape.size(); ++d) row_elements_ *= header_.shape[d];
    if (header_.elements == 0) row_elements_ = 0;
  }

  std::vector<std::size_t> const& shape() const { return header_.shape; }
  DType dtype() const { return header_.dtype; }
  std::string const& name() const { return stream_->name(); }
  /// Number of rows: the first extent.
  std::size_t rows() const { return header_.shape[0]; }
  std::size_t row_elements() const { return row_elements_; }
  std::size_t row_bytes() const { return row_elements_ * size_of(header_.dtype); }
  /// Index of the row that read() gives next.
  std::size_t next_row() const { return next_row_; }

  /// Fills `out`, whose size is a multiple of row_bytes(), with the next rows and returns how many there
  /// were: 0 at the end. For a zip member the checksum is compared when the last row is read.
  std::size_t read(std::span<std::byte> out) {
    if (row_bytes() == 0) return 0;
    if (out.size() % row_bytes() != 0) {
      throw ShapeError(name() + ": a buffer of " + std::to_string(out.size()) +
                       " bytes does not hold whole rows of " + std::to_string(row_bytes()));
    }
    std::size_t const count = std::min(out.size() / row_bytes(), rows() - next_row_);
    auto const bytes = out.first(count * row_bytes());
    stream_->read_exactly(bytes);
    detail::normalise_booleans(header_.dtype, bytes);
    next_row_ += count;
    if (count > 0 && next_row_ == rows()) {
      std::byte beyond{};
      if (stream_->read({&beyond, 1}) != 0) throw FileError(name(), "expected the end after the last row");
    }
    return count;
  }

  /// The same for elements of exactly the array's type, else ValueError; the span holds whole rows.
  template <array_element T>
  std::size_t read(std::span<T> out) {
    if (dtype_of<T>() != header_.dtype) {
      throw ValueError(name() + ": elements are " + name_of(header_.dtype) + ", asked for as " +
                       name_of(dtype_of<T>()));
    }
    return read(std::as_writable_bytes(out));
  }

  /// Reads on past `count` rows, at most to the end.
  void skip(std::size_t count) {
    if (row_bytes() == 0) return;
    count = std::min(count, rows() - next_row_);
    std::size_t const chunk =
        std::clamp<std::size_t>((std::size_t{1} << 16) / row_bytes(), 1, std::max<std::size_t>(count, 1));
    std::vector<std::byte> buffer(chunk * row_bytes());
    while (count > 0) count -= read(std::span(buffer).first(std::min(chunk, count) * row_bytes()));
  }

  /// Calls `f(first_row, row_count, bytes)` with consecutive chunks of at most `rows_per_chunk` rows to the
  /// end; the bytes are those of one buffer and hold until f returns.
  template <class F>
  void for_each_chunk(std::size_t rows_per_chunk, F&& f) {
    if (row_bytes() == 0) return;
    rows_per_chunk = std::clamp<std::size_t>(rows_per_chunk, 1, rows());
    std::vector<std::byte> buffer(rows_per_chunk * row_bytes());
    while (std::size_t const count = read(std::span(buffer))) {
      f(next_row_ - count, count, std::span<std::byte const>(buffer).first(count * row_bytes()));
    }
  }

 private:
  std::unique_ptr<ByteStream> stream_;
  NpyHeader header_;
  std::size_t row_elements_ = 0;
  std::size_t next_row_ = 0;
};

/// Reads an array from a stream that holds one .npy. Arrays in Fortran order come out in C order; pickled
/// objects, records, big-endian, complex and text elements are FileErrors that say so.
inline NpyArray read_npy(ByteStream& stream) {
  NpyHeader const header = detail::read_npy_header(stream);
  return detail::read_npy_elements(stream, header);
}

/// Reads a .npy file.
inline NpyArray read_npy(std::filesystem::path const& path) {
  FileStream stream{InputFile(path)};
  return read_npy(stream);
}

/// Reads only the header of a .npy file: element type, shape, order.
inline NpyHeader read_npy_header(std::filesystem::path const& path) {
  FileStream stream{InputFile(path)};
  return detail::read_npy_header(stream);
}

/// The rows of a .npy file.
inline NpyRows npy_rows(std::filesystem::path const& path) {
  return NpyRows(std::make_unique<FileStream>(InputFile(path)));
}

/// Writes a .npy file in C order, beside and renamed.
inline void write_npy(std::filesystem::path const& path, ArrayView const& array) {
  AtomicFile file(path);
  file.write(detail::npy_header_text(array.shape, array.dtype));
  file.write(array.bytes);
  file.commit();
}

}  // namespace disentangle::io
