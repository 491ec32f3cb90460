// SPDX-License-Identifier: Apache-2.0
// The bytes of an HDF5 data set: in one piece, or in chunks that a B-tree finds and filters were applied to.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/gzip.hpp>
#include <disentangle/io/hdf5_blocks.hpp>
#include <disentangle/io/hdf5_dataset.hpp>
#include <disentangle/io/hdf5_object_header.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io::detail {

/// Fletcher's checksum of HDF5: of numbers of 16 bits, the high byte first, a last odd byte the high one.
inline std::uint32_t hdf5_fletcher32(std::span<std::byte const> bytes) {
  std::uint32_t first = 0, second = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    std::uint32_t const low = i + 1 < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + 1]) : 0;
    first = (first + (std::to_integer<std::uint32_t>(bytes[i]) << 8) + low) % 65535;
    second = (second + first) % 65535;
  }
  return (second << 16) | first;
}

/// Undoes the filter shuffle, which puts the first bytes of all elements first, then the second ones ...
inline std::vector<std::byte> hdf5_unshuffled(std::span<std::byte const> bytes, std::size_t element) {
  std::vector<std::byte> out(bytes.begin(), bytes.end());
  std::size_t const count = bytes.size() / element;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t b = 0; b < element; ++b) out[i * element + b] = bytes[b * count + i];
  }
  return out;
}

/// The data of one data set, its chunks in the order of their places.
class Hdf5Data {
 public:
  /// Walks the B-tree of chunks, whose nodes have room for twice `rank` chunks.
  Hdf5Data(Hdf5Blocks& blocks, Hdf5Description description, std::uint64_t rank)
      : description_(std::move(description)),
        name_(blocks.name()),
        rank_(description_.chunk.size()),
        two_k_(2 * rank) {
    if (rank_ > 0 && description_.tree != hdf5_undefined)
      node(blocks, description_.tree, -1, nullptr, nullptr);
  }

  Hdf5Description const& description() const { return description_; }

  /// Rows first .. first + count - 1, which must exist, as the file holds them, in C order.
  void read_rows(Hdf5Blocks const& blocks, std::uint64_t first, std::uint64_t count,
                 std::span<std::byte> out) const {
    if (out.empty()) return;
    std::uint64_t const row = out.size() / count;
    if (!description_.in_header.empty()) {
      std::memcpy(out.data(), description_.in_header.data() + first * row, out.size());
    } else if (description_.address != hdf5_undefined) {
      blocks.read(description_.address + first * row, out);
    } else {
      if (!description_.fill.empty()) {
        for (std::size_t i = 0; i < out.size(); ++i)
          out[i] = description_.fill[i % description_.element_size];
      }
      // Chunks are sorted by their first row, so those of any rows lie together.
      auto chunk = std::partition_point(chunks_.begin(), chunks_.end(), [&](Chunk const& each) {
        return each.place[0] + description_.chunk[0] <= first;
      });
      for (; chunk != chunks_.end() && chunk->place[0] < first + count; ++chunk)
        copy(content(blocks, *chunk), chunk->place, first, count, out);
    }
  }

 private:
  using Place = std::vector<std::uint64_t>;
  struct Chunk {
    std::uint64_t address;
    Place place;
    std::uint32_t size, skipped;  ///< stored bytes, filters that the chunk did not go through (bits)
  };

  /// The place of a key, whose last coordinate counts bytes of an element.
  Place place_of(std::span<std::byte const> key) const {
    Place place(rank_ + 1);
    for (std::size_t d = 0; d <= rank_; ++d) {
      place[d] = little_endian(key, 8 + 8 * d, 8);
      std::uint64_t const step = d < rank_ ? description_.chunk[d] : description_.element_size;
      if (place[d] % step != 0) {
        hdf5_damaged(name_, "a chunk at " + std::to_string(place[d]) + " of axis " + std::to_string(d),
                     "a multiple of " + std::to_string(step));
      }
    }
    return place;
  }

  /// A node whose places lie from `first` up to `last`, as its parent's keys say.
  void node(Hdf5Blocks& blocks, std::uint64_t address, int level, Place const* first, Place const* last) {
    Hdf5TreeNode const tree = read_hdf5_tree_node(
        blocks, address, {.type = 1, .two_k = two_k_, .key_size = 8 + 8 * (rank_ + 1)}, level);
    std::vector<Place> places;
    for (auto const& key : tree.keys) places.push_back(place_of(key));
    for (std::size_t i = 0; i < tree.children.size(); ++i) {
      if (places[i] >= places[i + 1] || (first != nullptr && places[i] < *first) ||
          (last != nullptr && places[i + 1] > *last)) {
        hdf5_damaged(name_, "a chunk out of its place", "chunks in order");
      }
      if (tree.level > 0) {
        node(blocks, tree.children[i], static_cast<int>(tree.level) - 1, &places[i], &places[i + 1]);
      } else {
        add(blocks, tree.keys[i], places[i], tree.children[i]);
      }
    }
  }

  void add(Hdf5Blocks const& blocks, std::span<std::byte const> key, Place const& place,
           std::uint64_t address) {
    for (std::size_t d = 0; d <= rank_; ++d) {
      std::uint64_t const extent = d < rank_ ? description_.extents[d] : 1;
      if (place[d] >= extent) {
        hdf5_damaged(name_, "a chunk at " + std::to_string(place[d]) + " of axis " + std::to_string(d),
                     "less than " + std::to_string(extent));
      }
    }
    Chunk const chunk{address, place, static_cast<std::uint32_t>(little_endian(key, 0, 4)),
                      static_cast<std::uint32_t>(little_endian(key, 4, 4))};
    if (chunk.skipped >> description_.filters.size() != 0) {
      hdf5_damaged(name_, "a chunk without filters " + std::to_string(chunk.skipped) + " (bits)",
                   "only those of its " + std::to_string(description_.filters.size()));
    }
    if (chunk.size == 0) hdf5_damaged(name_, "a chunk of no bytes", "1 or more");
    blocks.inside(address, chunk.size, "a chunk");
    chunks_.push_back(chunk);
  }

  /// The bytes of a chunk, its filters undone, the last one first.
  std::vector<std::byte> content(Hdf5Blocks const& blocks, Chunk const& chunk) const {
    std::string const where = name_ + ": chunk at row " + std::to_string(chunk.place[0]);
    std::vector<Hdf5Filter> applied;
    for (std::size_t i = 0; i < description_.filters.size(); ++i)
      if ((chunk.skipped >> i & 1) == 0) applied.push_back(description_.filters[i]);
    std::uint64_t inflated = description_.chunk_bytes;  // what deflate was given
    for (Hdf5Filter const filter : applied) {
      if (filter == Hdf5Filter::deflate) break;
      if (filter == Hdf5Filter::fletcher32) inflated += 4;
    }
    std::vector<std::byte> bytes(chunk.size);
    blocks.read(chunk.address, bytes);
    for (auto filter = applied.rbegin(); filter != applied.rend(); ++filter) {
      switch (*filter) {
        case Hdf5Filter::deflate: bytes = inflate_whole(bytes, where, MAX_WBITS, inflated); break;
        case Hdf5Filter::shuffle: bytes = hdf5_unshuffled(bytes, description_.element_size); break;
        case Hdf5Filter::fletcher32: take_checksum(bytes, where); break;
      }
    }
    if (bytes.size() != description_.chunk_bytes) {
      hdf5_damaged(where, std::to_string(bytes.size()) + " bytes", std::to_string(description_.chunk_bytes));
    }
    return bytes;
  }

  static void take_checksum(std::vector<std::byte>& bytes, std::string const& where) {
    if (bytes.size() < 4) hdf5_damaged(where, std::to_string(bytes.size()) + " bytes", "at least 4");
    std::uint64_t const stored = little_endian(bytes, bytes.size() - 4, 4);
    bytes.resize(bytes.size() - 4);
    std::uint32_t const found = hdf5_fletcher32(bytes);
    // libhdf5 up to 1.6.2 wrote the bytes of each half in the other order on some machines
    std::uint32_t const swapped = (found & 0x00FF00FF) << 8 | (found >> 8 & 0x00FF00FF);
    if (stored != found && stored != swapped) {
      hdf5_damaged(where, "the checksum " + std::to_string(found),
                   std::to_string(stored) + ", which the file says: the data are damaged");
    }
  }

  /// What a chunk holds of the rows, line by line along the last axis.
  void copy(std::span<std::byte const> chunk, Place const& place, std::uint64_t first, std::uint64_t count,
            std::span<std::byte> out) const {
    std::size_t const last = rank_ - 1, element = description_.element_size;
    Place low(place.begin(), place.begin() + static_cast<std::ptrdiff_t>(rank_)), high(rank_);
    low[0] = std::max(low[0], first);
    for (std::size_t d = 0; d < rank_; ++d)
      high[d] = std::min(place[d] + description_.chunk[d], d == 0 ? first + count : description_.extents[d]);
    std::size_t const run = static_cast<std::size_t>(high[last] - low[last]) * element;
    for (Place at = low;;) {
      std::uint64_t from = 0, to = 0;
      for (std::size_t d = 0; d < rank_; ++d) {
        from = from * description_.chunk[d] + (at[d] - place[d]);
        to = d == 0 ? at[0] - first : to * description_.extents[d] + at[d];
      }
      std::memcpy(out.data() + to * element, chunk.data() + from * element, run);
      std::size_t d = last;
      while (d > 0 && ++at[d - 1] == high[d - 1]) {
        at[d - 1] = low[d - 1];
        --d;
      }
      if (d == 0) return;
    }
  }

  Hdf5Description description_;
  std::string name_;
  std::size_t rank_;
  std::uint64_t two_k_;
  std::vector<Chunk> chunks_;
};

}  // namespace disentangle::io::detail
