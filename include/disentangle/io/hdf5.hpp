// SPDX-License-Identifier: Apache-2.0
// Data sets of an HDF5 file, read whole or by rows with libhdf5. Needs the component disentangle::hdf5.
//
// libhdf5 reads beyond its own buffers on some damaged files, so it is only given what hdf5_structure.hpp has
// checked: the layouts that libhdf5 and h5py write by default. Other layouts are refused by name;
// Hdf5Check::none reads them unchecked.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/hdf5_structure.hpp>
#include <disentangle/io/memory.hpp>

#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace disentangle::io {

namespace detail {

/// One identifier of libhdf5, closed at the end of its scope.
class Hdf5Id {
 public:
  Hdf5Id(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Id& operator=(Hdf5Id&&) = delete;
  ~Hdf5Id() {
    if (id_ >= 0) close_(id_);
  }
  hid_t get() const { return id_; }
  bool valid() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// libhdf5 is not made for several threads: every call of ours holds this. Its own messages, which it would
/// print, are off meanwhile.
class Hdf5Call {
 public:
  Hdf5Call() : lock_(mutex()) {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  Hdf5Call(Hdf5Call const&) = delete;
  Hdf5Call& operator=(Hdf5Call const&) = delete;
  ~Hdf5Call() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }

 private:
  static std::recursive_mutex& mutex() {
    static std::recursive_mutex one;
    return one;
  }
  std::lock_guard<std::recursive_mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

/// The type in memory for an element type.
inline hid_t hdf5_type(DType dtype) {
  switch (dtype) {
    case DType::b1:
    case DType::u1: return H5T_NATIVE_UINT8;
    case DType::i1: return H5T_NATIVE_INT8;
    case DType::i2: return H5T_NATIVE_INT16;
    case DType::i4: return H5T_NATIVE_INT32;
    case DType::i8: return H5T_NATIVE_INT64;
    case DType::u2: return H5T_NATIVE_UINT16;
    case DType::u4: return H5T_NATIVE_UINT32;
    case DType::u8: return H5T_NATIVE_UINT64;
    case DType::f4: return H5T_NATIVE_FLOAT;
    case DType::f8: break;
  }
  return H5T_NATIVE_DOUBLE;
}

/// The element type of a stored one; false for strings, references and whatever else is no number.
inline bool dtype_of_hdf5(hid_t type, DType& dtype) {
  std::size_t const size = H5Tget_size(type);
  H5T_class_t const kind = H5Tget_class(type);
  if (kind == H5T_FLOAT && (size == 4 || size == 8)) {
    dtype = size == 4 ? DType::f4 : DType::f8;
    return true;
  }
  if (kind != H5T_INTEGER) return false;
  bool const is_signed = H5Tget_sign(type) == H5T_SGN_2;
  switch (size) {
    case 1: dtype = is_signed ? DType::i1 : DType::u1; return true;
    case 2: dtype = is_signed ? DType::i2 : DType::u2; return true;
    case 4: dtype = is_signed ? DType::i4 : DType::u4; return true;
    case 8: dtype = is_signed ? DType::i8 : DType::u8; return true;
    default: return false;
  }
}

}  // namespace detail

/// Opens an HDF5 file. Every fault is a FileError "file:data set: ...". Calls of several threads wait for
/// each other. Data sets in groups are named "group/data set".
///
/// With Hdf5Check::structure every structure of the file is checked before libhdf5 decodes it, and compressed
/// chunks are inflated once more before they are read for the first time. With Hdf5Check::none the file goes
/// to libhdf5 as it is, whatever its layout: only for files that you trust, since a damaged one may crash the
/// program.
class Hdf5Reader {
 public:
  explicit Hdf5Reader(std::filesystem::path const& path, Hdf5Check check = Hdf5Check::structure)
      : name_(path.string()) {
    std::error_code code;
    if (!std::filesystem::is_regular_file(path, code)) throw FileError(name_, "no such file");
    size_ = std::filesystem::file_size(path, code);
    if (code) throw FileError(name_, "cannot find its size: " + code.message());
    detail::Hdf5Call const call;
    if (check == Hdf5Check::structure) structure_ = std::make_shared<Hdf5Structure>(path);
    file_ = std::make_shared<detail::Hdf5Id>(H5Fopen(name_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file_->valid()) throw FileError(name_, "not a readable HDF5 file");
  }

  /// Whether there is a data set (or group) of that name.
  bool contains(std::string const& name) const {
    detail::Hdf5Call const call;
    if (structure_ && !structure_->contains(name)) return false;
    return H5Lexists(file_->get(), name.c_str(), H5P_DEFAULT) > 0;
  }

  /// Extents and element type of a data set.
  std::pair<std::vector<std::size_t>, DType> header(std::string const& name) const {
    detail::Hdf5Call const call;
    return open(name).second;
  }

  /// Rows first .. first + count - 1 of a data set, in C order, whatever its layout in the file.
  Array rows(std::string const& name, std::size_t first, std::size_t count) const {
    detail::Hdf5Call const call;
    auto const [set, facts] = open(name);
    auto const& [shape, dtype] = facts;
    if (shape.empty() || first > shape[0] || count > shape[0] - first) {
      throw FileError(name_ + ":" + name, "found an array of " + shape_text(shape) + ", expected rows " +
                                              std::to_string(first) + " .. " + std::to_string(first + count) +
                                              " - 1");
    }
    Array array{shape, dtype, {}};
    array.shape[0] = count;
    std::size_t elements = 0;
    if (!element_count(array.shape, size_of(dtype), elements)) {
      throw FileError(name_ + ":" + name, "found an array of " + shape_text(shape) + ", which is too large");
    }
    make_room(
        array.bytes, elements * size_of(dtype), name_ + ":" + name,
        "read fewer rows at a time (Hdf5Reader::rows()), end other programs, or take a machine with more "
        "memory");
    if (elements == 0) return array;
    if (structure_) structure_->check_rows(name, first, count);
    std::vector<hsize_t> start(shape.size(), 0), extent(array.shape.begin(), array.shape.end());
    start[0] = first;
    detail::Hdf5Id const in_file(H5Dget_space(set.get()), H5Sclose),
        in_memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
    if (!in_file.valid() || !in_memory.valid() ||
        H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr) <
            0 ||
        H5Dread(set.get(), detail::hdf5_type(dtype), in_memory.get(), in_file.get(), H5P_DEFAULT,
                array.bytes.data()) < 0) {
      throw FileError(name_ + ":" + name, "cannot read rows " + std::to_string(first) + " .. " +
                                              std::to_string(first + count) +
                                              " - 1: truncated, corrupt or compressed in a " +
                                              "way that this libhdf5 does not know");
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
  using Facts = std::pair<std::vector<std::size_t>, DType>;

  std::pair<detail::Hdf5Id, Facts> open(std::string const& name) const {
    if (structure_) structure_->check(name);
    detail::Hdf5Id set(H5Dopen2(file_->get(), name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!set.valid()) throw FileError(name_, "found no data set '" + name + "', expected one");
    detail::Hdf5Id const space(H5Dget_space(set.get()), H5Sclose), type(H5Dget_type(set.get()), H5Tclose);
    int const rank = space.valid() ? H5Sget_simple_extent_ndims(space.get()) : -1;
    if (rank < 0 || !type.valid()) throw FileError(name_ + ":" + name, "its extents or type cannot be read");
    std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
    if (rank > 0) H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
    Facts facts{{extents.begin(), extents.end()}, DType::u1};
    if (!detail::dtype_of_hdf5(type.get(), facts.second)) {
      throw FileError(name_ + ":" + name, "found elements that are no numbers of 1 to 8 bytes");
    }
    check_storage(set, type, facts, name);
    return {std::move(set), std::move(facts)};
  }

  /// Data that lie in one piece must be as many bytes as the extents say, and inside the file: libhdf5 relies
  /// on it.
  void check_storage(detail::Hdf5Id const& set, detail::Hdf5Id const& type, Facts const& facts,
                     std::string const& name) const {
    detail::Hdf5Id const properties(H5Dget_create_plist(set.get()), H5Pclose);
    H5D_layout_t const layout = properties.valid() ? H5Pget_layout(properties.get()) : H5D_LAYOUT_ERROR;
    if (layout == H5D_CHUNKED) return;
    std::size_t count = 0;
    std::uint64_t const stored = H5Dget_storage_size(set.get());
    bool fits = (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT) && element_count(facts.first, 8, count) &&
                stored == std::uint64_t{count} * H5Tget_size(type.get()) && stored <= size_;
    if (fits && layout == H5D_CONTIGUOUS && stored > 0) {
      haddr_t const offset = H5Dget_offset(set.get());
      fits = offset != HADDR_UNDEF && offset <= size_ && stored <= size_ - offset;
    }
    if (!fits) {
      throw FileError(name_ + ":" + name,
                      "found " + std::to_string(stored) + " stored bytes, expected an array of " +
                          shape_text(facts.first) + " inside a file of " + std::to_string(size_));
    }
  }

  std::string name_;
  std::uint64_t size_ = 0;
  std::shared_ptr<Hdf5Structure> structure_;  // null: nothing is checked
  std::shared_ptr<detail::Hdf5Id> file_;
};

}  // namespace disentangle::io
