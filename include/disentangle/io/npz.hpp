// SPDX-License-Identifier: Apache-2.0
// NumPy's .npz format: a zip archive of .npy arrays, read one array at a time, whole or by rows.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/npy.hpp>
#include <disentangle/io/zip.hpp>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io {

/// Opens a .npz file. Only its directory is read; arrays that nobody asks for (such as the pickled metadata
/// of dSprites) are never touched. Every fault is a FileError "file:member: ...".
class NpzReader {
 public:
  explicit NpzReader(std::filesystem::path const& path) : zip_(path) {}
  explicit NpzReader(InputFile file) : zip_(std::move(file)) {}

  /// Names of the arrays, without ".npy", in the order of the file.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (auto const& member : zip_.members()) {
      if (member.name.ends_with(".npy")) names.push_back(member.name.substr(0, member.name.size() - 4));
    }
    return names;
  }

  bool contains(std::string_view name) const { return zip_.find(std::string(name) + ".npy") != nullptr; }

  /// Element type and shape; inflates only the first bytes. FileError for an array that is not there or is
  /// pickled.
  NpyHeader header(std::string_view name) const { return detail::read_npy_header(*open(name)); }

  /// One array, whole, in C order.
  NpyArray read(std::string_view name) const { return read_npy(*open(name)); }

  /// One array by rows, with memory for those rows alone. The result stays valid without this reader.
  NpyRows rows(std::string_view name) const { return NpyRows(open(name)); }

 private:
  std::unique_ptr<ByteStream> open(std::string_view name) const {
    ZipMember const* const member = zip_.find(std::string(name) + ".npy");
    if (member == nullptr) {
      std::string present;
      for (auto const& other : names()) present += (present.empty() ? "" : ", ") + other;
      throw FileError(zip_.name(), "no array named '" + std::string(name) + "'; it has " +
                                       (present.empty() ? "none" : present));
    }
    return zip_.open(*member);
  }

  ZipReader zip_;
};

/// Writes a .npz file array by array, beside and renamed by commit().
class NpzWriter {
 public:
  explicit NpzWriter(std::filesystem::path const& path, ZipOptions options = {}) : zip_(path, options) {}

  /// Adds an array that is in memory.
  void add(std::string const& name, ArrayView const& array) {
    begin(name, array.shape, array.dtype);
    append(array.bytes);
    end();
  }

  /// Starts an array whose elements follow in C order through append(), as many as the shape says; then
  /// end().
  void begin(std::string const& name, std::vector<std::size_t> const& shape, DType dtype) {
    std::size_t count = 0;
    if (!element_count(shape, size_of(dtype), count))
      throw ShapeError("shape " + shape_text(shape) + " is too large");
    std::string const header = detail::npy_header_text(shape, dtype);
    zip_.begin(name + ".npy", header.size() + std::uint64_t{count} * size_of(dtype));
    zip_.write(header);
  }
  void append(std::span<std::byte const> elements) { zip_.write(elements); }
  void end() { zip_.end(); }

  /// Writes the directory and renames the file into place. Call once, last.
  void commit() { zip_.commit(); }

 private:
  ZipWriter zip_;
};

/// Writes named arrays as one deflated .npz file, beside and renamed.
inline void write_npz(std::filesystem::path const& path,
                      std::span<std::pair<std::string, ArrayView> const> arrays, ZipOptions options = {}) {
  NpzWriter writer(path, options);
  for (auto const& [name, array] : arrays) writer.add(name, array);
  writer.commit();
}

/// write_npz("run/codes.npz", {{"codes", codes}, {"factors", factors}})
inline void write_npz(std::filesystem::path const& path,
                      std::initializer_list<std::pair<std::string, ArrayView>> arrays,
                      ZipOptions options = {}) {
  write_npz(path, std::span(arrays.begin(), arrays.size()), options);
}

}  // namespace disentangle::io
