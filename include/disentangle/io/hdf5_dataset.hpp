// SPDX-License-Identifier: Apache-2.0
// What the object header of an HDF5 data set of numbers says: extents, element type, fill value, layout,
// filters.
#pragma once

#include <disentangle/io/array.hpp>
#include <disentangle/io/hdf5_blocks.hpp>
#include <disentangle/io/hdf5_object_header.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io::detail {

/// Filters that the data of a chunk went through, by their numbers in files.
enum class Hdf5Filter : unsigned { deflate = 1, shuffle = 2, fletcher32 = 3 };

/// A data set as its header describes it.
struct Hdf5Description {
  std::vector<std::size_t> extents;
  DType dtype = DType::u1;
  bool big_endian = false;
  std::size_t element_size = 0;
  std::vector<std::byte> fill;  ///< an element where nothing is stored; empty: zeros
  /// Of data in one piece; hdf5_undefined where nothing is stored or they are in the header.
  std::uint64_t address = hdf5_undefined;
  std::vector<std::byte> in_header;
  /// Extents of a chunk; empty for data in one piece.
  std::vector<std::uint64_t> chunk;
  std::uint64_t chunk_bytes = 0;
  /// Of the B-tree of chunks; hdf5_undefined where nothing is stored.
  std::uint64_t tree = hdf5_undefined;
  std::vector<Hdf5Filter> filters;
};

/// Reads the messages of one header.
class Hdf5DescriptionReader {
 public:
  static Hdf5Description read(Hdf5Blocks const& blocks, std::vector<Hdf5Message> const& messages) {
    Hdf5DescriptionReader reader(blocks, messages);
    reader.data_space();
    reader.data_type();
    reader.fill_values();
    reader.filters();
    reader.layout();
    return std::move(reader.found_);
  }

 private:
  Hdf5DescriptionReader(Hdf5Blocks const& blocks, std::vector<Hdf5Message> const& messages)
      : blocks_(blocks), messages_(messages), name_(blocks.name()) {}

  std::optional<Hdf5Fields> fields_of(Hdf5MessageType type, char const* what) const {
    Hdf5Message const* const message = find_hdf5_message(messages_, type);
    if (message == nullptr) return std::nullopt;
    return Hdf5Fields(message->body, name_, what);
  }
  Hdf5Fields needed(Hdf5MessageType type, char const* what) const {
    auto fields = fields_of(type, what);
    if (!fields) hdf5_damaged(name_, "no message that is " + std::string(what), "one");
    return *fields;
  }

  void data_space() {
    Hdf5Fields fields = needed(Hdf5MessageType::data_space, "a data space");
    std::uint64_t const version = fields.number(1), rank = fields.number(1), flags = fields.number(1);
    if (version != 1 && version != 2) fields.unknown("version " + std::to_string(version), "1 or 2");
    if (rank > 32) fields.damaged("a rank of " + std::to_string(rank), "at most 32");
    if (flags > 1) fields.unknown("flags " + std::to_string(flags), "0 or 1");
    if (version == 1) {
      (void)fields.number(5);  // reserved
    } else if (std::uint64_t const kind = fields.number(1); kind != (rank > 0 ? 1 : 0)) {
      fields.unknown("kind " + std::to_string(kind), "0 of a number, or 1 of an array");
    }
    for (std::uint64_t d = 0; d < rank; ++d) {
      std::uint64_t const extent = fields.number(8);
      if (extent > largest_extent) fields.damaged("an extent of " + std::to_string(extent), "less than 2^62");
      found_.extents.push_back(static_cast<std::size_t>(extent));
    }
    for (std::uint64_t d = 0; d < rank && flags == 1; ++d) {
      std::uint64_t const most = fields.number(8);
      if (most < found_.extents[d]) {
        fields.damaged("an extent of " + std::to_string(found_.extents[d]),
                       "at most " + std::to_string(most));
      }
    }
  }

  void data_type() {
    Hdf5Fields fields = needed(Hdf5MessageType::data_type, "a data type");
    std::uint64_t const first = fields.number(1), bits = fields.number(3), size = fields.number(4);
    std::uint64_t const kind = first & 15, version = first >> 4;
    if (kind > 1) {
      hdf5_damaged(name_, "elements of class " + std::to_string(kind) + " that are no numbers",
                   "class 0 (whole numbers) or 1 (floating-point numbers) of 1 to 8 bytes");
    }
    if (version < 1 || version > 3) fields.unknown("version " + std::to_string(version), "1, 2 or 3");
    bool const whole = kind == 0;
    if (whole ? size != 1 && size != 2 && size != 4 && size != 8 : size != 4 && size != 8) {
      hdf5_damaged(name_,
                   std::string(whole ? "whole" : "floating-point") + " numbers of " + std::to_string(size) +
                       " bytes",
                   whole ? "1, 2, 4 or 8" : "4 or 8");
    }
    // Of the bits that describe a number: 0 is the order of bytes, 3 the sign of a whole one, and a
    // floating-point one has the place of its sign in bits 8 to 15 and its leading one left out (2 in bits 4
    // and 5).
    std::uint64_t const expected = whole ? bits & 9 : (bits & 1) | 0x20 | ((8 * size - 1) << 8);
    if (bits != expected) {
      fields.unknown("the flags " + std::to_string(bits),
                     std::to_string(expected) + ", those of plain numbers");
    }
    bool plain = fields.number(2) == 0;
    plain = fields.number(2) == 8 * size && plain;
    if (!whole) {  // exponent's place and width, mantissa's, bias: IEEE 754
      bool const single = size == 4;
      for (std::uint64_t const wanted : {single ? 23 : 52, single ? 8 : 11, 0, single ? 23 : 52}) {
        plain = fields.number(1) == wanted && plain;
      }
      plain = fields.number(4) == (single ? 127u : 1023u) && plain;
    }
    if (!plain) fields.unknown("numbers of other bits", "numbers that fill their bytes, as IEEE 754 says");
    found_.element_size = static_cast<std::size_t>(size);
    found_.big_endian = (bits & 1) != 0;
    found_.dtype = dtype_of(whole, (bits & 8) != 0, size);
    std::size_t count = 0;
    if (!element_count(found_.extents, found_.element_size, count)) {
      hdf5_damaged(name_, "an array of " + shape_text(found_.extents), "less than 2^63 bytes");
    }
    bytes_ = std::uint64_t{count} * found_.element_size;
  }

  static DType dtype_of(bool whole, bool is_signed, std::uint64_t size) {
    if (!whole) return size == 4 ? DType::f4 : DType::f8;
    switch (size) {
      case 1: return is_signed ? DType::i1 : DType::u1;
      case 2: return is_signed ? DType::i2 : DType::u2;
      case 4: return is_signed ? DType::i4 : DType::u4;
      default: return is_signed ? DType::i8 : DType::u8;
    }
  }

  void fill_values() {
    if (auto fields = fields_of(Hdf5MessageType::old_fill_value, "an old fill value")) fill_value(*fields);
    if (auto fields = fields_of(Hdf5MessageType::fill_value, "a fill value")) {
      std::uint64_t const version = fields->number(1), allocated = fields->number(1),
                          written = fields->number(1), given = fields->number(1);
      if (version != 1 && version != 2) fields->unknown("version " + std::to_string(version), "1 or 2");
      if (allocated > 3 || written > 2 || given > 1) {
        fields->damaged("the times " + std::to_string(allocated) + ", " + std::to_string(written) + ", " +
                            std::to_string(given),
                        "at most 3, 2 and 1");
      }
      if (given == 1) fill_value(*fields);
    }
  }

  void fill_value(Hdf5Fields& fields) {
    std::uint64_t const size = fields.number(4);
    if (size != 0 && size != found_.element_size) {
      fields.damaged(std::to_string(size) + " bytes", "0 or " + std::to_string(found_.element_size));
    }
    auto const bytes = fields.bytes(static_cast<std::size_t>(size));
    found_.fill.assign(bytes.begin(), bytes.end());
  }

  void filters() {
    auto fields = fields_of(Hdf5MessageType::filters, "a list of filters");
    if (!fields) return;
    if (std::uint64_t const version = fields->number(1); version != 1) {
      fields->unknown("version " + std::to_string(version), "1");
    }
    std::uint64_t const count = fields->number(1);
    (void)fields->number(6);  // reserved
    for (std::uint64_t i = 0; i < count; ++i) {
      std::uint64_t const id = fields->number(2), name_size = fields->number(2), flags = fields->number(2),
                          values = fields->number(2);
      if (id < 1 || id > 3) {
        fields->unknown("filter " + std::to_string(id), "1 (deflate), 2 (shuffle) or 3 (fletcher32)");
      }
      Hdf5Filter const filter{static_cast<unsigned>(id)};
      if (std::ranges::find(found_.filters, filter) != found_.filters.end()) {
        fields->damaged("filter " + std::to_string(id) + " twice", "once");
      }
      if (flags > 1) fields->unknown("flags " + std::to_string(flags), "0 or 1");
      if (name_size % 8 != 0) fields->damaged("a name of " + std::to_string(name_size), "a multiple of 8");
      auto const text = fields->bytes(static_cast<std::size_t>(name_size));
      if (name_size > 0 && std::ranges::find(text, std::byte{0}) == text.end()) {
        fields->damaged("a name without an end", "one of at most " + std::to_string(name_size - 1));
      }
      std::uint64_t const wanted = filter == Hdf5Filter::fletcher32 ? 0 : 1;
      if (values != wanted) fields->damaged(std::to_string(values) + " parameters", std::to_string(wanted));
      if (values == 1) {
        std::uint64_t const value = fields->number(4);
        (void)fields->number(4);  // to a multiple of 8 bytes
        if (filter == Hdf5Filter::deflate ? value > 9 : value != found_.element_size) {
          fields->damaged("a parameter of " + std::to_string(value),
                          filter == Hdf5Filter::deflate ? "0 .. 9" : std::to_string(found_.element_size));
        }
      }
      found_.filters.push_back(filter);
    }
  }

  void layout() {
    Hdf5Fields fields = needed(Hdf5MessageType::layout, "a layout");
    std::uint64_t const version = fields.number(1), kind = fields.number(1);
    if (version != 3) fields.unknown("version " + std::to_string(version), "3");
    if (kind > 2) fields.unknown("kind " + std::to_string(kind), "0, 1 or 2");
    if (kind == 2) return chunked(fields);
    if (!found_.filters.empty()) fields.damaged("filters of data in one piece", "none");
    std::uint64_t const address = kind == 0 ? 0 : fields.number(8), size = fields.number(kind == 0 ? 2 : 8);
    if (size != bytes_) {
      fields.damaged(std::to_string(size) + " stored bytes",
                     std::to_string(bytes_) + " of an array of " + shape_text(found_.extents));
    }
    if (kind == 0) {
      auto const bytes = fields.bytes(static_cast<std::size_t>(size));
      found_.in_header.assign(bytes.begin(), bytes.end());
    } else if (address != hdf5_undefined) {
      blocks_.inside(address, size, "an array");
      found_.address = address;
    }
  }

  void chunked(Hdf5Fields& fields) {
    std::uint64_t const rank = fields.number(1);
    if (rank != found_.extents.size() + 1 || rank < 2) {
      fields.damaged("chunks of rank " + std::to_string(rank),
                     std::to_string(found_.extents.size() + 1) + ", one more than the array has");
    }
    found_.tree = fields.number(8);
    std::uint64_t size = found_.element_size;
    for (std::size_t d = 0; d < found_.extents.size(); ++d) {
      std::uint64_t const extent = fields.number(4);
      if (extent == 0 || size > 0xFFFFFFFFu / extent) {
        fields.damaged("a chunk's extent of " + std::to_string(extent),
                       "1 or more, and less than 4 GB a chunk");
      }
      size *= extent;
      found_.chunk.push_back(extent);
    }
    fields.exactly(4, found_.element_size, "size of elements");
    found_.chunk_bytes = size;
  }

  static constexpr std::uint64_t largest_extent = (std::uint64_t{1} << 62) - 1;

  Hdf5Blocks const& blocks_;
  std::vector<Hdf5Message> const& messages_;
  std::string const& name_;
  Hdf5Description found_;
  std::uint64_t bytes_ = 0;
};

}  // namespace disentangle::io::detail
