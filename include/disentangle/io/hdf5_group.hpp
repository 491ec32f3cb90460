// SPDX-License-Identifier: Apache-2.0
// The links of an HDF5 group of the old style: a B-tree of symbol nodes, and a local heap that holds their
// names.
#pragma once

#include <disentangle/io/hdf5_blocks.hpp>
#include <disentangle/io/hdf5_object_header.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io::detail {

/// Half the room of the nodes of groups, of the superblock.
struct Hdf5GroupRanks {
  std::uint64_t leaf, internal;
};

/// Where a name of a group leads: the address of an object header, or no address for a soft link.
struct Hdf5Link {
  std::uint64_t header = hdf5_undefined;
  bool soft = false;
};
using Hdf5Group = std::map<std::string, Hdf5Link, std::less<>>;

/// The names of a group.
class Hdf5LocalHeap {
 public:
  Hdf5LocalHeap(Hdf5Blocks& blocks, std::uint64_t address) : name_(blocks.name()) {
    std::string const what = "a heap of names";
    auto const head_bytes = blocks.take(address, 32, what);
    Hdf5Fields head(head_bytes, name_, what);
    head.signature("HEAP");
    head.exactly(1, 0, "version");
    (void)head.number(3);  // reserved
    std::uint64_t const size = head.number(8);
    (void)head.number(8);  // free room
    std::uint64_t const where = head.number(8);
    if (size < 8) head.damaged("a size of " + std::to_string(size), "at least 8");
    bytes_ = blocks.take(where, size, what);
  }

  /// The text at an offset, which must end in the heap.
  std::string text(std::uint64_t offset) const {
    if (offset < bytes_.size()) {
      auto const* const first = reinterpret_cast<char const*>(bytes_.data()) + offset;
      std::size_t const room = bytes_.size() - static_cast<std::size_t>(offset);
      if (void const* const end = std::memchr(first, 0, room); end != nullptr) return first;
    }
    hdf5_damaged(name_, "a name at offset " + std::to_string(offset),
                 "one that ends inside its heap of " + std::to_string(bytes_.size()) + " bytes");
  }

 private:
  std::string name_;
  std::vector<std::byte> bytes_;
};

/// Reads the links of one group.
class Hdf5GroupWalk {
 public:
  /// `message` is the symbol table message of the group's object header.
  static Hdf5Group read(Hdf5Blocks& blocks, Hdf5Message const& message, Hdf5GroupRanks ranks) {
    Hdf5Fields fields(message.body, blocks.name(), "a symbol table");
    std::uint64_t const tree = fields.number(8), heap = fields.number(8);
    Hdf5GroupWalk walk{blocks, Hdf5LocalHeap(blocks, heap), ranks, {}};
    walk.node(tree, -1, nullptr, nullptr);
    return std::move(walk.group_);
  }

 private:
  Hdf5GroupWalk(Hdf5Blocks& blocks, Hdf5LocalHeap heap, Hdf5GroupRanks ranks, Hdf5Group group)
      : blocks_(blocks), heap_(std::move(heap)), ranks_(ranks), group_(std::move(group)) {}

  /// A node whose names lie after `first` and up to `last`, as its parent's keys say.
  void node(std::uint64_t address, int level, std::string const* first, std::string const* last) {
    Hdf5TreeNode const tree = read_hdf5_tree_node(
        blocks_, address, {.type = 0, .two_k = 2 * ranks_.internal, .key_size = 8}, level);
    std::vector<std::string> keys;
    for (auto const& key : tree.keys) keys.push_back(heap_.text(little_endian(key, 0, 8)));
    for (std::size_t i = 0; i < tree.children.size(); ++i) {
      if (keys[i] >= keys[i + 1] || (first != nullptr && keys[i] < *first) ||
          (last != nullptr && keys[i + 1] > *last)) {
        out_of_order(keys[i + 1]);
      }
      if (tree.level > 0) {
        node(tree.children[i], static_cast<int>(tree.level) - 1, &keys[i], &keys[i + 1]);
      } else {
        symbols(tree.children[i], keys[i], keys[i + 1]);
      }
    }
  }

  void symbols(std::uint64_t address, std::string const& after, std::string const& last) {
    std::string const what = "a symbol node";
    blocks_.claim(address, 8 + 2 * ranks_.leaf * 40, what);
    auto const head_bytes = blocks_.read(address, 8);
    Hdf5Fields head(head_bytes, blocks_.name(), what);
    head.signature("SNOD");
    head.exactly(1, 1, "version");
    (void)head.number(1);  // reserved
    std::uint64_t const count = head.number(2);
    if (count == 0 || count > 2 * ranks_.leaf) {
      head.damaged(std::to_string(count) + " names", "1 .. " + std::to_string(2 * ranks_.leaf));
    }
    auto const bytes = blocks_.read(address + 8, count * 40);
    Hdf5Fields fields(bytes, blocks_.name(), what);
    std::string previous = after;
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string name = heap_.text(fields.number(8));
      Hdf5Link link{.header = fields.number(8)};
      std::uint64_t const cached = fields.number(4);
      (void)fields.number(4);  // reserved
      Hdf5Fields scratch(fields.bytes(16), blocks_.name(), what);
      if (cached > 2)
        fields.damaged("a name with cached data of type " + std::to_string(cached), "0, 1 or 2");
      link.soft = cached == 2;
      if (link.soft) {
        (void)heap_.text(scratch.number(4));  // where it leads
      } else {
        blocks_.inside(link.header, 16, "an object header");
      }
      if (name <= previous || name > last) out_of_order(name);
      previous = name;
      group_.emplace(std::move(name), link);
    }
  }

  [[noreturn]] void out_of_order(std::string const& name) const {
    hdf5_damaged(blocks_.name(),
                 "the name '" + printable_name(std::as_bytes(std::span(name))) + "' out of its place",
                 "the names of a group in order");
  }

  Hdf5Blocks& blocks_;
  Hdf5LocalHeap heap_;
  Hdf5GroupRanks ranks_;
  Hdf5Group group_;
};

}  // namespace disentangle::io::detail
