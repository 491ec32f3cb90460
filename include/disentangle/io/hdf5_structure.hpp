// SPDX-License-Identifier: Apache-2.0
// Finds the data sets of an HDF5 file: superblock, groups and object headers.
//
// Known is what libhdf5 and h5py write unless told otherwise: superblocks of version 0 and 1 with addresses
// of eight bytes, groups of the old style, object headers of version 1, whole numbers of 1 to 8 bytes and
// IEEE 754 numbers of 4 and 8, data in one piece, in the header or in chunks found by a B-tree of version 1,
// and the filters deflate, shuffle and fletcher32. Whatever else is met on the way to a data set is refused
// with a FileError that names it; other data sets of the file may be of any kind.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/hdf5_blocks.hpp>
#include <disentangle/io/hdf5_data.hpp>
#include <disentangle/io/hdf5_dataset.hpp>
#include <disentangle/io/hdf5_group.hpp>
#include <disentangle/io/hdf5_object_header.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io {

/// The structure of one HDF5 file, read and checked as far as it was asked for: the superblock and the root
/// group when opened, other groups and data sets by their names, whose parts are separated by '/'. Not for
/// several threads at once.
class Hdf5Structure {
 public:
  explicit Hdf5Structure(std::filesystem::path const& path) : Hdf5Structure(InputFile(path)) {}

  explicit Hdf5Structure(InputFile file) : file_(file), blocks_(std::move(file)) {
    Object const& root = object(read_superblock(), "");
    if (!root.group) detail::hdf5_damaged(file_.name(), "a root that is a data set", "a group");
    root_ = &*root.group;
  }
  Hdf5Structure(Hdf5Structure const&) = delete;
  Hdf5Structure& operator=(Hdf5Structure const&) = delete;

  /// Whether there is such a name. A soft link counts wherever it leads; what the name stands for is not
  /// checked.
  bool contains(std::string const& name) {
    std::vector<std::string> const parts = parts_of(name);
    detail::Hdf5Group const* inside = root_;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto const link = inside->find(parts[i]);
      if (link == inside->end()) return false;
      if (i + 1 == parts.size()) return true;
      if (link->second.soft) return false;
      Object const& next = object(link->second.header, name);
      if (!next.group) return false;
      inside = &*next.group;
    }
    return !name.empty();
  }

  /// The description of a data set: the groups on the way to it, its header and the places of its chunks are
  /// read. Throws FileError, also where there is no such data set.
  detail::Hdf5Description const& description(std::string const& name) { return find(name).description(); }

  /// Rows first .. first + count - 1, which must exist, as the file holds them, in C order.
  void read_rows(std::string const& name, std::uint64_t first, std::uint64_t count,
                 std::span<std::byte> out) {
    find(name).read_rows(blocks_, first, count, out);
  }

 private:
  static constexpr std::string_view signature{"\x89HDF\r\n\x1a\n", 8};

  /// Returns the address of the root group.
  std::uint64_t read_superblock() {
    // Before the superblock there may be a block of the user's, of 512 bytes or twice, four times ... as
    // many.
    std::uint64_t base = 0;
    std::array<std::byte, 9> start{};
    while (true) {
      if (base > file_.size() || file_.size() - base < 96) {
        throw FileError(file_.name(), "not a readable HDF5 file");
      }
      file_.read(base, start);
      if (std::memcmp(start.data(), signature.data(), signature.size()) == 0) break;
      base = base == 0 ? 512 : 2 * base;
    }
    std::string const what = "a superblock";
    unsigned const version = std::to_integer<unsigned>(start[8]);
    if (version > 1) {
      detail::hdf5_unknown(file_.name(), what + " of version " + std::to_string(version), "version 0 or 1");
    }
    blocks_.limit(base, file_.size() - base);
    auto const bytes = blocks_.take(0, version == 0 ? 96 : 100, what);
    detail::Hdf5Fields fields(bytes, file_.name(), what);
    (void)fields.bytes(9);
    fields.exactly(1, 0, "free space version");
    fields.exactly(1, 0, "root group version");
    (void)fields.number(1);  // reserved
    fields.exactly(1, 0, "shared header version");
    std::uint64_t const address_size = fields.number(1), length_size = fields.number(1);
    if (address_size != 8 || length_size != 8) {
      fields.unknown("addresses of " + std::to_string(address_size) + " and lengths of " +
                         std::to_string(length_size) + " bytes",
                     "8 and 8");
    }
    (void)fields.number(1);  // reserved
    group_ranks_ = {.leaf = fields.number(2), .internal = fields.number(2)};
    fields.exactly(4, 0, "consistency flag");
    if (version == 1) {
      chunk_rank_ = fields.number(2);
      (void)fields.number(2);  // reserved
    }
    if (group_ranks_.leaf == 0 || group_ranks_.internal == 0 || chunk_rank_ == 0) {
      fields.damaged("room for no names or chunks in a node", "1 or more");
    }
    fields.exactly(8, base, "base address");
    if (fields.number(8) != detail::hdf5_undefined) fields.unknown("an extension", "none");
    std::uint64_t const end = fields.number(8);
    // With a block of the user's, the end counts from the start of the file.
    if (end > file_.size() || end < base + bytes.size()) {
      fields.damaged("an end at " + std::to_string(end), std::to_string(base + bytes.size()) + " .. " +
                                                             std::to_string(file_.size()) +
                                                             ", the size of the file");
    }
    if (fields.number(8) != detail::hdf5_undefined) fields.unknown("a driver block", "none");
    (void)fields.number(8);  // the root's name
    std::uint64_t const root = fields.number(8), cached = fields.number(4);
    if (cached > 1) fields.damaged("cached data of type " + std::to_string(cached), "0 or 1");
    blocks_.limit(base, end - base);
    return root;
  }

  static std::vector<std::string> parts_of(std::string_view name) {
    std::vector<std::string> parts;
    while (!name.empty()) {
      std::size_t const end = std::min(name.find('/'), name.size());
      std::string_view const part = name.substr(0, end);
      if (!part.empty() && part != ".") parts.emplace_back(part);
      name.remove_prefix(std::min(end + 1, name.size()));
    }
    return parts;
  }

  /// A group, or a data set.
  struct Object {
    std::optional<detail::Hdf5Group> group;
    std::optional<detail::Hdf5Data> data;
  };

  /// The object whose header is at that address, checked the first time. A failure leaves no trace.
  Object& object(std::uint64_t header, std::string const& name) {
    if (auto const known = objects_.find(header); known != objects_.end()) return known->second;
    std::size_t const before = blocks_.claims();
    try {
      blocks_.speak_of(name);
      auto const messages = detail::read_hdf5_object_header(blocks_, header);
      Object made;
      if (auto const* table = find_hdf5_message(messages, detail::Hdf5MessageType::symbol_table)) {
        made.group = detail::Hdf5GroupWalk::read(blocks_, *table, group_ranks_);
      } else {
        made.data.emplace(blocks_, detail::Hdf5DescriptionReader::read(blocks_, messages), chunk_rank_);
      }
      return objects_.emplace(header, std::move(made)).first->second;
    } catch (...) {
      blocks_.return_to(before);
      throw;
    }
  }

  detail::Hdf5Data& find(std::string const& name) {
    std::vector<std::string> const parts = parts_of(name);
    detail::Hdf5Group const* inside = root_;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto const link = inside->find(parts[i]);
      if (link == inside->end()) break;
      if (link->second.soft) {
        detail::hdf5_unknown(file_.name() + ":" + name, "a soft link", "a data set or a group itself");
      }
      Object& next = object(link->second.header, name);
      if (i + 1 == parts.size() && next.data) return *next.data;
      if (!next.group) break;
      inside = &*next.group;
    }
    throw FileError(file_.name(), "found no data set '" + name + "', expected one");
  }

  InputFile file_;
  detail::Hdf5Blocks blocks_;
  detail::Hdf5GroupRanks group_ranks_{};
  std::uint64_t chunk_rank_ = 32;  // of files that do not say
  std::map<std::uint64_t, Object> objects_;
  detail::Hdf5Group const* root_ = nullptr;
};

}  // namespace disentangle::io
