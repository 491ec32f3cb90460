// SPDX-License-Identifier: Apache-2.0
// The chunks of an HDF5 data set: the B-tree that finds them, and whether each holds the bytes that its data
// set says.
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
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io::detail {

/// The chunks of one data set in the order of their places.
class Hdf5Chunks {
 public:
  /// Walks the B-tree, whose nodes have room for twice `rank` chunks.
  Hdf5Chunks(Hdf5Blocks& blocks, Hdf5Description description, std::uint64_t rank)
      : description_(std::move(description)),
        name_(blocks.name()),
        rank_(description_.chunk.size()),
        two_k_(2 * rank) {
    if (rank_ > 0 && description_.tree != hdf5_undefined)
      node(blocks, description_.tree, -1, nullptr, nullptr);
  }

  Hdf5Description const& description() const { return description_; }

  /// Checks that each chunk with rows of first .. first + count - 1 inflates to the bytes of a chunk, which
  /// libhdf5 takes for granted. Each is checked once.
  void check_rows(Hdf5Blocks const& blocks, std::uint64_t first, std::uint64_t count) {
    if (count == 0) return;
    // Chunks are sorted by their first row, so those of any rows lie together.
    auto const from = std::ranges::partition_point(
        chunks_, [&](Chunk const& chunk) { return chunk.first_row + description_.chunk[0] <= first; });
    for (auto chunk = from; chunk != chunks_.end() && chunk->first_row < first + count; ++chunk) {
      if (!chunk->sound) check(blocks, *chunk);
      chunk->sound = true;
    }
  }

 private:
  struct Chunk {
    std::uint64_t address, first_row;
    std::uint32_t size, skipped;  ///< stored bytes, filters that the chunk did not go through (bits)
    bool sound;
  };
  using Place = std::vector<std::uint64_t>;

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
    Chunk const chunk{address, place[0], static_cast<std::uint32_t>(little_endian(key, 0, 4)),
                      static_cast<std::uint32_t>(little_endian(key, 4, 4)), false};
    if (chunk.skipped >> description_.filters.size() != 0) {
      hdf5_damaged(name_, "a chunk without filters " + std::to_string(chunk.skipped) + " (bits)",
                   "only those of its " + std::to_string(description_.filters.size()));
    }
    if (chunk.size == 0) hdf5_damaged(name_, "a chunk of no bytes", "1 or more");
    blocks.inside(address, chunk.size, "a chunk");
    chunks_.push_back(chunk);
  }

  /// Undoes the filters as far as lengths go.
  void check(Hdf5Blocks const& blocks, Chunk const& chunk) const {
    std::string const where = name_ + ": chunk at row " + std::to_string(chunk.first_row);
    std::uint64_t size = chunk.size, expected = description_.chunk_bytes;
    bool const inflates = applied(chunk, Hdf5Filter::deflate);
    if (applied(chunk, Hdf5Filter::fletcher32)) {  // puts four bytes behind what it is given
      bool const first = std::ranges::find(description_.filters, Hdf5Filter::fletcher32) <
                         std::ranges::find(description_.filters, Hdf5Filter::deflate);
      if (size < 4) hdf5_damaged(where, std::to_string(size) + " bytes", "at least 4");
      if (inflates && !first) {
        size -= 4;
      } else {
        expected += 4;
      }
    }
    if (inflates) size = inflate_whole(blocks.read(chunk.address, size), where, MAX_WBITS, expected).size();
    if (size != expected) {
      hdf5_damaged(where, std::to_string(size) + " bytes", std::to_string(expected));
    }
  }

  bool applied(Chunk const& chunk, Hdf5Filter filter) const {
    auto const found = std::ranges::find(description_.filters, filter);
    return found != description_.filters.end() &&
           (chunk.skipped >> (found - description_.filters.begin()) & 1) == 0;
  }

  Hdf5Description description_;
  std::string name_;
  std::size_t rank_;
  std::uint64_t two_k_;
  std::vector<Chunk> chunks_;
};

}  // namespace disentangle::io::detail
