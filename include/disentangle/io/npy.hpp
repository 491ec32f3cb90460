// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy format, versions 1 to 3 (numpy.lib.format): one array of a plain element type, whole or by
// rows.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/npy_header.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io {

/// An array read from, or to be written to, a .npy file or .npz member.
using NpyArray = Array;

namespace detail {

inline constexpr std::string_view read_by_rows =
    "read it by rows (npy_rows(), NpzReader::rows()), end other programs, or take a machine with more memory";

/// Reorders column-major elements into C order.
inline void fortran_to_c_order(NpyArray& array, std::string const& name) {
  std::size_t const rank = array.shape.size(), element = size_of(array.dtype), count = array.size();
  if (rank < 2 || count == 0) return;
  std::vector<std::byte> ordered;
  make_room(ordered, array.bytes.size(), name);
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
  make_room(array.bytes, header.elements * size_of(header.dtype), stream.name(), read_by_rows);
  stream.read_exactly(array.bytes);
  std::byte beyond{};
  if (stream.read({&beyond, 1}) != 0)
    throw FileError(stream.name(), "expected the end after the last element");
  normalise_booleans(array.dtype, array.bytes);
  if (header.fortran_order) fortran_to_c_order(array, stream.name());
  return array;
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
    std::vector<std::byte> buffer;
    make_room(buffer, chunk * row_bytes(), name());
    while (count > 0) count -= read(std::span(buffer).first(std::min(chunk, count) * row_bytes()));
  }

  /// Calls `f(first_row, row_count, bytes)` with consecutive chunks of at most `rows_per_chunk` rows to the
  /// end; the bytes are those of one buffer and hold until f returns.
  template <class F>
  void for_each_chunk(std::size_t rows_per_chunk, F&& f) {
    if (row_bytes() == 0) return;
    rows_per_chunk = std::clamp<std::size_t>(rows_per_chunk, 1, rows());
    std::vector<std::byte> buffer;
    make_room(buffer, rows_per_chunk * row_bytes(), name());
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
[[nodiscard]] inline NpyArray read_npy(std::filesystem::path const& path) {
  FileStream stream{InputFile(path)};
  return read_npy(stream);
}

/// Reads only the header of a .npy file: element type, shape, order.
[[nodiscard]] inline NpyHeader read_npy_header(std::filesystem::path const& path) {
  FileStream stream{InputFile(path)};
  return detail::read_npy_header(stream);
}

/// The rows of a .npy file.
[[nodiscard]] inline NpyRows npy_rows(std::filesystem::path const& path) {
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
