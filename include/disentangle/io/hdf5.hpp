// SPDX-License-Identifier: Apache-2.0
// Data sets of an HDF5 file, read whole or by rows. Needs zlib alone; hdf5_structure.hpp says which layouts
// are known, the others are refused by name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/hdf5_structure.hpp>
#include <disentangle/io/memory.hpp>

namespace disentangle::io {

/// Opens an HDF5 file. Every fault is a FileError "file:data set: ...". Calls of several threads wait for
/// each other. Data sets in groups are named "group/data set".
class Hdf5Reader {
 public:
  explicit Hdf5Reader(std::filesystem::path const& path)
      : name_(path.string()), shared_(std::make_shared<Shared>(path)) {}

  /// Whether there is a data set (or group) of that name.
  bool contains(std::string const& name) const {
    std::lock_guard const lock(shared_->mutex);
    return shared_->structure.contains(name);
  }

  /// Extents and element type of a data set.
  std::pair<std::vector<std::size_t>, DType> header(std::string const& name) const {
    std::lock_guard const lock(shared_->mutex);
    auto const& found = shared_->structure.description(name);
    return {found.extents, found.dtype};
  }

  /// Rows first .. first + count - 1 of a data set, in C order, whatever its layout in the file. What was
  /// never written is the data set's fill value.
  Array rows(std::string const& name, std::size_t first, std::size_t count) const {
    std::lock_guard const lock(shared_->mutex);
    auto const& found = shared_->structure.description(name);
    auto const& shape = found.extents;
    if (shape.empty() || first > shape[0] || count > shape[0] - first) {
      throw FileError(name_ + ":" + name, "found an array of " + shape_text(shape) + ", expected rows " +
                                              std::to_string(first) + " .. " + std::to_string(first + count) +
                                              " - 1");
    }
    Array array{shape, found.dtype, {}};
    array.shape[0] = count;
    std::size_t elements = 0;
    if (!element_count(array.shape, found.element_size, elements)) {
      throw FileError(name_ + ":" + name, "found an array of " + shape_text(shape) + ", which is too large");
    }
    make_room(
        array.bytes, elements * found.element_size, name_ + ":" + name,
        "read fewer rows at a time (Hdf5Reader::rows()), end other programs, or take a machine with more "
        "memory");
    shared_->structure.read_rows(name, first, count, array.bytes);
    if (found.big_endian) {
      auto const size = static_cast<std::ptrdiff_t>(found.element_size);
      for (auto at = array.bytes.begin(); at != array.bytes.end(); at += size) std::reverse(at, at + size);
    }
    return array;
  }

  /// A whole data set.
  Array read(std::string const& name) const {
    auto const shape = header(name).first;
    return rows(name, 0, shape.empty() ? 0 : shape[0]);
  }

  std::string const& name() const { return name_; }

 private:
  struct Shared {
    explicit Shared(std::filesystem::path const& path) : structure(path) {}
    std::mutex mutex;
    Hdf5Structure structure;
  };

  std::string name_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace disentangle::io
