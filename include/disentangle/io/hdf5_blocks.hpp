// SPDX-License-Identifier: Apache-2.0
// The blocks that an HDF5 file is made of ("HDF5 File Format Specification Version 3.0", The HDF Group), read
// one by one and checked to lie in the file and apart.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/zip_records.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io::detail {

/// The address of what is not there.
inline constexpr std::uint64_t hdf5_undefined = ~std::uint64_t{0};

/// The most bytes of one heap of names, or of one block of an object header, that are read.
inline constexpr std::uint64_t hdf5_largest_block = std::uint64_t{1} << 24;

/// Throws for what no sound file has.
[[noreturn]] inline void hdf5_damaged(std::string const& name, std::string const& found,
                                      std::string const& expected) {
  throw FileError(name, "found " + found + ", expected " + expected);
}

/// Throws for what a sound file may have, but is not read here.
[[noreturn]] inline void hdf5_unknown(std::string const& name, std::string const& found,
                                      std::string const& expected) {
  throw FileError(
      name,
      "found " + found + ", expected " + expected +
          " (write the data again with h5py's defaults, h5py.File(name, 'w'), whose layout is read here, or "
          "as NPY)");
}

/// Numbers and bytes of one block from front to back; reading past its end is a FileError.
class Hdf5Fields {
 public:
  /// `name` is that of the file (and data set), `what` that of the block, both for messages.
  Hdf5Fields(std::span<std::byte const> bytes, std::string name, std::string what)
      : bytes_(bytes), name_(std::move(name)), what_(std::move(what)) {}

  std::size_t left() const { return bytes_.size() - at_; }
  std::string const& what() const { return what_; }

  std::span<std::byte const> bytes(std::size_t count) {
    if (count > left()) {
      hdf5_damaged(name_, what_ + " of " + std::to_string(bytes_.size()) + " bytes",
                   "at least " + std::to_string(at_ + count));
    }
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  std::uint64_t number(std::size_t count) { return little_endian(bytes(count), 0, count); }

  /// A number that must have one value.
  void exactly(std::size_t count, std::uint64_t expected, char const* field) {
    if (std::uint64_t const found = number(count); found != expected) {
      hdf5_damaged(name_, what_ + " with a " + field + " of " + std::to_string(found),
                   std::to_string(expected));
    }
  }
  void signature(std::string_view expected) {
    auto const found = bytes(expected.size());
    if (std::memcmp(found.data(), expected.data(), expected.size()) != 0) {
      hdf5_damaged(name_, what_ + " that starts with '" + printable_name(found) + "'",
                   "'" + printable_name(std::as_bytes(std::span(expected))) + "'");
    }
  }
  [[noreturn]] void damaged(std::string const& found, std::string const& expected) const {
    hdf5_damaged(name_, what_ + " with " + found, expected);
  }
  [[noreturn]] void unknown(std::string const& found, std::string const& expected) const {
    hdf5_unknown(name_, what_ + " with " + found, expected);
  }

 private:
  std::span<std::byte const> bytes_;
  std::size_t at_ = 0;
  std::string name_, what_;
};

/// A file whose blocks are asked for by their addresses. Each block can be had once: in a sound file none
/// overlaps another, so nothing runs in circles, and the work is bounded by the size of the file.
class Hdf5Blocks {
 public:
  explicit Hdf5Blocks(InputFile file) : file_(std::move(file)), name_(file_.name()), end_(file_.size()) {}

  /// What messages of errors speak of: the file, or "file:member".
  std::string const& name() const { return name_; }
  void speak_of(std::string const& member) { name_ = file_.name() + (member.empty() ? "" : ":" + member); }
  std::uint64_t file_size() const { return file_.size(); }

  /// Where addresses count from, and the address where the file ends by its own account.
  void limit(std::uint64_t base, std::uint64_t end) {
    base_ = base;
    end_ = end;
  }

  /// Throws unless the bytes lie in the file.
  void inside(std::uint64_t address, std::uint64_t size, std::string const& what) const {
    if (address > end_ || size > end_ - address) {
      hdf5_damaged(name(), what + " of " + std::to_string(size) + " bytes at " + place(address),
                   "one inside the file of " + std::to_string(end_) + " bytes");
    }
  }

  /// Sets the bytes aside for one block.
  void claim(std::uint64_t address, std::uint64_t size, std::string const& what) {
    inside(address, size, what);
    auto const next = claimed_.lower_bound(address);
    if ((next != claimed_.end() && next->first - address < size) ||
        (next != claimed_.begin() && std::prev(next)->second > address)) {
      hdf5_damaged(name(), what + " of " + std::to_string(size) + " bytes at " + place(address),
                   "one that overlaps no other block");
    }
    claimed_.emplace(address, address + size);
    order_.push_back(address);
  }

  void read(std::uint64_t address, std::span<std::byte> out) const { file_.read(base_ + address, out); }
  std::vector<std::byte> read(std::uint64_t address, std::uint64_t size) const {
    std::vector<std::byte> bytes;
    make_room(bytes, static_cast<std::size_t>(size), name_);
    read(address, std::span(bytes));
    return bytes;
  }

  /// claim() and read(), of a block of at most hdf5_largest_block.
  std::vector<std::byte> take(std::uint64_t address, std::uint64_t size, std::string const& what) {
    claim(address, size, what);
    if (size > hdf5_largest_block) {
      hdf5_unknown(name(), what + " of " + std::to_string(size) + " bytes",
                   "at most " + std::to_string(hdf5_largest_block));
    }
    return read(address, size);
  }

  /// How many blocks are claimed so far, and back to so many.
  std::size_t claims() const { return order_.size(); }
  void return_to(std::size_t claims) {
    for (; order_.size() > claims; order_.pop_back()) claimed_.erase(order_.back());
  }

 private:
  static std::string place(std::uint64_t address) {
    return address == hdf5_undefined ? std::string("no address") : "address " + std::to_string(address);
  }

  InputFile file_;
  std::string name_;
  std::uint64_t base_ = 0, end_ = 0;
  std::map<std::uint64_t, std::uint64_t> claimed_;  // from where to where
  std::vector<std::uint64_t> order_;
};

}  // namespace disentangle::io::detail
