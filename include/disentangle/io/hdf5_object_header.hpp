// SPDX-License-Identifier: Apache-2.0
// The messages of an HDF5 object header of version 1, in all its blocks, and the nodes of B-trees of version
// 1.
#pragma once

#include <disentangle/io/hdf5_blocks.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io::detail {

/// What the messages of an object header say, as far as reading data needs it.
enum class Hdf5MessageType : unsigned {
  data_space = 0x01,
  data_type = 0x03,
  old_fill_value = 0x04,
  fill_value = 0x05,
  layout = 0x08,
  filters = 0x0B,
  symbol_table = 0x11
};

struct Hdf5Message {
  Hdf5MessageType type;
  std::vector<std::byte> body;
};

/// The message of that type, or nullptr.
inline Hdf5Message const* find_hdf5_message(std::vector<Hdf5Message> const& messages, Hdf5MessageType type) {
  auto const found = std::ranges::find(messages, type, &Hdf5Message::type);
  return found == messages.end() ? nullptr : &*found;
}

/// Reads the object header at an address. Attributes, comments and times are passed over. Throws FileError
/// for other versions, unknown messages, shared ones and two of a type.
inline std::vector<Hdf5Message> read_hdf5_object_header(Hdf5Blocks& blocks, std::uint64_t address) {
  std::string const what = "an object header";
  auto const prefix_bytes = blocks.take(address, 16, what);
  Hdf5Fields prefix(prefix_bytes, blocks.name(), what);
  if (little_endian(prefix_bytes, 0, 4) == 0x5244484F) prefix.unknown("version 2", "version 1");  // "OHDR"
  prefix.exactly(1, 1, "version");
  (void)prefix.number(1);  // reserved
  std::uint64_t const count = prefix.number(2);
  (void)prefix.number(4);  // how many links lead here
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pieces{{address + 16, prefix.number(4)}};
  if (count == 0) prefix.damaged("no messages", "at least one");

  std::vector<Hdf5Message> messages;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].second < 8) {
      prefix.damaged("a block of " + std::to_string(pieces[i].second) + " bytes", "at least 8");
    }
    auto const bytes = blocks.take(pieces[i].first, pieces[i].second, "a block of an object header");
    Hdf5Fields fields(bytes, blocks.name(), what);
    while (fields.left() > 0) {
      unsigned const type = static_cast<unsigned>(fields.number(2));
      std::size_t const size = static_cast<std::size_t>(fields.number(2));
      unsigned const flags = static_cast<unsigned>(fields.number(1));
      (void)fields.number(3);  // reserved
      auto const body = fields.bytes(size);
      ++seen;
      if (size % 8 != 0) fields.damaged("a message of " + std::to_string(size) + " bytes", "a multiple of 8");
      // Bits 0 and 2 (a constant, not to be shared) change nothing for a reader.
      if ((flags & ~5u) != 0) {
        fields.unknown("a message with flags " + std::to_string(flags) +
                           ((flags & 2) != 0 ? " (shared)" : ""),
                       "0, 1, 4 or 5");
      }
      switch (type) {
        case 0x00:            // nothing
        case 0x0C:            // an attribute
        case 0x0D:            // a comment
        case 0x0E:            // a time
        case 0x12: continue;  // a time
        case 0x10: {
          Hdf5Fields next(body, blocks.name(), "a continuation of an object header");
          std::uint64_t const where = next.number(8);
          pieces.emplace_back(where, next.number(8));
          continue;
        }
        case 0x01:
        case 0x03:
        case 0x04:
        case 0x05:
        case 0x08:
        case 0x0B:
        case 0x11: break;
        default:
          fields.unknown("a message of type " + std::to_string(type),
                         "one of 0, 1, 3, 4, 5, 8, 11, 12, 13, 14, 16, 17 and 18");
      }
      Hdf5MessageType const known{type};
      if (find_hdf5_message(messages, known) != nullptr) {
        fields.damaged("two messages of type " + std::to_string(type), "one");
      }
      messages.push_back({known, {body.begin(), body.end()}});
    }
  }
  if (seen != count) {
    prefix.damaged("a count of " + std::to_string(count) + " messages", std::to_string(seen));
  }
  return messages;
}

/// One node: `used` children and the used + 1 keys around them.
struct Hdf5TreeNode {
  unsigned level = 0;
  std::vector<std::vector<std::byte>> keys;
  std::vector<std::uint64_t> children;
};

/// What the nodes of one B-tree have in common.
struct Hdf5TreeShape {
  unsigned type;         ///< 0 of a group, 1 of chunks
  std::uint64_t two_k;   ///< room for children
  std::size_t key_size;  ///< bytes
};

/// Reads a node. `level` is what its parent demands, -1 for a root, which alone may be empty.
inline Hdf5TreeNode read_hdf5_tree_node(Hdf5Blocks& blocks, std::uint64_t address, Hdf5TreeShape const& shape,
                                        int level) {
  std::string const what =
      shape.type == 0 ? "a node of a group's B-tree" : "a node of a data set's B-tree of chunks";
  blocks.claim(address, 24 + shape.two_k * (shape.key_size + 8) + shape.key_size, what);
  auto const head_bytes = blocks.read(address, 24);
  Hdf5Fields head(head_bytes, blocks.name(), what);
  head.signature("TREE");
  head.exactly(1, shape.type, "type");
  Hdf5TreeNode node;
  node.level = static_cast<unsigned>(head.number(1));
  std::uint64_t const used = head.number(2);
  // More levels than any file has room for, and few enough for the stack.
  if (level >= 0 ? node.level != static_cast<unsigned>(level) : node.level > 64) {
    head.damaged("a level of " + std::to_string(node.level),
                 level >= 0 ? std::to_string(level) : std::string("at most 64"));
  }
  if (used > shape.two_k || (used == 0 && (level >= 0 || node.level > 0))) {
    head.damaged(std::to_string(used) + " children", "1 .. " + std::to_string(shape.two_k));
  }
  if (used == 0) return node;
  auto const bytes = blocks.read(address + 24, used * (shape.key_size + 8) + shape.key_size);
  Hdf5Fields fields(bytes, blocks.name(), what);
  for (std::uint64_t i = 0; i <= used; ++i) {
    auto const key = fields.bytes(shape.key_size);
    node.keys.emplace_back(key.begin(), key.end());
    if (i < used) node.children.push_back(fields.number(8));
  }
  return node;
}

}  // namespace disentangle::io::detail
