// SPDX-License-Identifier: Apache-2.0
// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes
// (https://github.com/huggingface/safetensors, README "Format"). Checkpoints are kept in it. Digests of the
// header and of each tensor, where asked for, stand among the metadata, so other readers open the file as
// well.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/array.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/digest.hpp>
#include <disentangle/io/json.hpp>
#include <disentangle/io/memory.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io {

namespace detail {

struct SafetensorsName {
  char const* name;
  DType dtype;
};
inline constexpr SafetensorsName safetensors_names[] = {
    {"BOOL", DType::b1}, {"I8", DType::i1},  {"I16", DType::i2}, {"I32", DType::i4},
    {"I64", DType::i8},  {"U8", DType::u1},  {"U16", DType::u2}, {"U32", DType::u4},
    {"U64", DType::u8},  {"F32", DType::f4}, {"F64", DType::f8}};

inline char const* safetensors_name(DType dtype) {
  for (auto const& entry : safetensors_names) {
    if (entry.dtype == dtype) return entry.name;
  }
  return "U8";
}

// The metadata that hold the digests: CRC-32 of the 8 bytes of length and the header, this entry's digits
// taken as zeros; and those of the tensors in the order of their bytes, one space between.
inline constexpr char const* header_digest_key = "crc32.header";
inline constexpr char const* tensor_digests_key = "crc32.tensors";
inline constexpr std::string_view no_digest = "00000000";

/// Where the digits of the header's digest stand in its text, or npos. Inside a string of JSON the quotes of
/// this pattern would be escaped, so it is found nowhere else.
inline std::size_t header_digest_place(std::string_view header) {
  constexpr std::string_view pattern = "\"crc32.header\":\"";
  std::size_t const found = header.find(pattern);
  if (found == header.npos || header.size() - found - pattern.size() < no_digest.size()) return header.npos;
  return found + pattern.size();
}

inline std::array<std::byte, 8> safetensors_length(std::uint64_t length) {
  std::array<std::byte, 8> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>((length >> (8 * i)) & 0xFF);
  return bytes;
}

}  // namespace detail

/// A tensor to write: its bytes stay where they are.
struct NamedTensor {
  std::string name;
  ArrayView array;
};

/// What write_safetensors() adds.
struct SafetensorsOptions {
  /// Digests of the header and of each tensor, as the metadata "crc32.header" and "crc32.tensors".
  /// SafetensorsReader checks what it reads against them.
  bool digests = false;
};

/// Writes tensors (in the order of descending element size, so that all are aligned) and a map of strings,
/// beside, synced and renamed. Throws ValueError for two tensors of one name or the name "__metadata__".
inline void write_safetensors(std::filesystem::path const& path, std::span<NamedTensor const> tensors,
                              std::map<std::string, std::string> metadata = {},
                              SafetensorsOptions const& options = {}) {
  std::vector<NamedTensor const*> order;
  for (std::size_t const size : {8u, 4u, 2u, 1u}) {
    for (auto const& tensor : tensors) {
      if (size_of(tensor.array.dtype) == size) order.push_back(&tensor);
    }
  }
  if (options.digests) {
    std::string digests;
    for (NamedTensor const* tensor : order)
      digests += (digests.empty() ? "" : " ") + digest_text(crc32_of(tensor->array.bytes));
    metadata[detail::tensor_digests_key] = digests;
    metadata[detail::header_digest_key] = detail::no_digest;
  }
  std::set<std::string_view> names;
  std::uint64_t offset = 0;
  // Members in the order of their names, so that equal tensors are equal bytes.
  Json header_metadata = Json::object();
  for (auto const& [key, value] : metadata) header_metadata.add(key, value);
  std::string header = "{";
  if (!metadata.empty()) header += "\"__metadata__\":" + to_compact_text(header_metadata);
  for (NamedTensor const* tensor : order) {
    if (tensor->name == "__metadata__" || !names.insert(tensor->name).second) {
      throw ValueError(path.string() + ": a tensor cannot be named '" + tensor->name + "'" +
                       (tensor->name == "__metadata__" ? "" : " twice"));
    }
    std::uint64_t const end = offset + tensor->array.bytes.size();
    Json entry = Json::object();
    entry.add("data_offsets", {offset, end});
    entry.add("dtype", detail::safetensors_name(tensor->array.dtype));
    entry.add("shape", tensor->array.shape);
    if (header.size() > 1) header += ',';
    header += to_compact_text(Json(tensor->name));
    header += ":" + to_compact_text(entry);
    offset = end;
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');
  std::array<std::byte, 8> const length = detail::safetensors_length(header.size());
  if (options.digests) {
    header.replace(detail::header_digest_place(header), detail::no_digest.size(),
                   digest_text(crc32_of(header, crc32_of(length))));
  }
  AtomicFile file(path);
  file.write(length);
  file.write(header);
  for (NamedTensor const* tensor : order) file.write(tensor->array.bytes);
  file.commit();
}

/// What the header says about one tensor.
struct TensorInfo {
  std::string name;
  DType dtype = DType::f4;
  std::vector<std::size_t> shape;
  /// Bytes from the start of the file.
  std::uint64_t offset = 0;
  std::uint64_t byte_count = 0;
};

/// Opens a safetensors file and checks its whole header: length against the file, element types, shapes
/// against byte counts, no overlap, no hole, no bytes left over; and the header's digest, if it has one.
/// Tensors are then read one by one, each checked against its digest. Faults are FileErrors.
class SafetensorsReader {
 public:
  explicit SafetensorsReader(std::filesystem::path const& path) : SafetensorsReader(InputFile(path)) {}

  explicit SafetensorsReader(InputFile file) : file_(std::move(file)) {
    if (file_.size() < 8) fail("not a safetensors file: only " + std::to_string(file_.size()) + " bytes");
    std::array<std::byte, 8> length_bytes{};
    file_.read(0, length_bytes);
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < 8; ++i) length |= std::to_integer<std::uint64_t>(length_bytes[i]) << (8 * i);
    if (length > file_.size() - 8) {
      fail("not a safetensors file, or truncated: a header of " + std::to_string(length) +
           " bytes in a file of " + std::to_string(file_.size()));
    }
    constexpr std::uint64_t highest_length = 100'000'000;  // the reference implementation's limit
    if (length > highest_length)
      fail("a header of " + std::to_string(length) + " bytes, expected at most 100000000");
    std::string text(static_cast<std::size_t>(length), '\0');
    file_.read(8, std::as_writable_bytes(std::span(text)));
    check_header(text);
    parse(text, 8 + length);
  }

  /// In the order of their bytes.
  std::vector<TensorInfo> const& tensors() const { return tensors_; }

  /// The strings under "__metadata__", without those that hold digests.
  std::map<std::string, std::string> const& metadata() const { return metadata_; }

  /// Whether the file holds digests, so that a flipped bit is noticed.
  bool has_digests() const { return has_digests_; }

  bool contains(std::string_view name) const { return find(name) != nullptr; }

  /// Throws FileError, naming what the file has instead, when the tensor is not there.
  TensorInfo const& info(std::string_view name) const {
    if (auto const* tensor = find(name)) return *tensor;
    std::string present;
    for (std::size_t i = 0; i < tensors_.size() && i < 20; ++i) present += (i ? ", " : "") + tensors_[i].name;
    if (tensors_.size() > 20) present += ", ...";
    throw FileError(file_.name(), "no tensor named '" + std::string(name) + "'; it has " +
                                      (present.empty() ? "none" : present));
  }

  /// A tensor in memory.
  Array read(std::string_view name) const {
    auto const& tensor = info(name);
    Array array{tensor.shape, tensor.dtype, {}};
    make_room(array.bytes, static_cast<std::size_t>(tensor.byte_count),
              file_.name() + ": tensor " + tensor.name);
    file_.read(tensor.offset, array.bytes);
    check_tensor(tensor, array.bytes);
    if (array.dtype == DType::b1) {
      for (std::byte& byte : array.bytes) byte = byte == std::byte{0} ? std::byte{0} : std::byte{1};
    }
    return array;
  }

  /// Reads a tensor straight into its place. Type and number of elements must be exactly those of the tensor.
  template <array_element T>
  void read_into(std::string_view name, std::span<T> out) const {
    auto const& tensor = info(name);
    if (tensor.dtype != dtype_of<T>() || tensor.byte_count != out.size_bytes()) {
      fail("tensor '" + tensor.name + "' is " + name_of(tensor.dtype) + " of shape " +
           shape_text(tensor.shape) + ", expected " + std::to_string(out.size()) + " elements of " +
           name_of(dtype_of<T>()));
    }
    file_.read(tensor.offset, std::as_writable_bytes(out));
    check_tensor(tensor, std::as_bytes(out));
  }

 private:
  [[noreturn]] void fail(std::string const& what) const { throw FileError(file_.name(), what); }

  [[noreturn]] void damaged(std::string const& part, std::uint32_t found, std::string const& expected) const {
    fail(part + " is damaged: found CRC-32 " + digest_text(found) + ", the file says " + expected +
         "; restore the file from a copy (a program that rewrote it must leave out the metadata crc32.*)");
  }

  void check_header(std::string text) {
    std::size_t const place = detail::header_digest_place(text);
    if (place == text.npos) return;
    std::string const expected = text.substr(place, detail::no_digest.size());
    text.replace(place, expected.size(), detail::no_digest);
    std::uint32_t const found = crc32_of(text, crc32_of(detail::safetensors_length(text.size())));
    if (digest_text(found) != expected) damaged("the header", found, expected);
    has_digests_ = true;
  }

  /// Takes the digests out of the metadata, those of the tensors into their order.
  void take_digests() {
    metadata_.erase(detail::header_digest_key);
    auto const entry = metadata_.extract(detail::tensor_digests_key);
    if (!has_digests_) return;
    std::string const list = entry.empty() ? "" : entry.mapped();
    for (std::size_t at = 0; at < list.size(); at += detail::no_digest.size() + 1)
      digests_.push_back(list.substr(at, detail::no_digest.size()));
    if (digests_.size() != tensors_.size())
      fail("found digests of " + std::to_string(digests_.size()) + " tensors, expected " +
           std::to_string(tensors_.size()));
  }

  void check_tensor(TensorInfo const& tensor, std::span<std::byte const> bytes) const {
    if (!has_digests_) return;
    std::string const& expected = digests_[static_cast<std::size_t>(&tensor - tensors_.data())];
    std::uint32_t const found = crc32_of(bytes);
    if (digest_text(found) != expected) damaged("tensor '" + tensor.name + "'", found, expected);
  }

  TensorInfo const* find(std::string_view name) const {
    auto const found = index_.find(name);
    return found == index_.end() ? nullptr : &tensors_[found->second];
  }

  void parse(std::string const& text, std::uint64_t data_start) {
    Json const header = parse_json(text, file_.name() + ": safetensors header");
    if (!header.is_object()) fail("the safetensors header is no JSON object");
    for (std::size_t i = 0; i < header.size(); ++i) {
      std::string const& name = header.names()[i];
      Json const& entry = header.values()[i];
      if (name == "__metadata__") {
        if (!entry.is_object()) fail("__metadata__ is no JSON object");
        for (std::size_t k = 0; k < entry.size(); ++k) {
          if (!entry.values()[k].is_text()) fail("__metadata__ '" + entry.names()[k] + "' is no string");
          metadata_[entry.names()[k]] = entry.values()[k].text();
        }
      } else {
        tensors_.push_back(parse_tensor(name, entry, data_start));
      }
    }
    sort_tensors();
    take_digests();
    std::uint64_t expected = data_start;
    for (auto const& tensor : tensors_) {
      if (tensor.offset != expected) {
        fail("tensor '" + tensor.name + "' starts at byte " + std::to_string(tensor.offset - data_start) +
             ", expected " + std::to_string(expected - data_start) +
             (tensor.offset < expected ? ": tensors overlap" : ": a hole"));
      }
      expected += tensor.byte_count;
    }
    if (expected != file_.size()) {
      fail((expected > file_.size() ? "truncated: " : "") + std::string("the tensors need ") +
           std::to_string(expected - data_start) + " bytes, found " +
           std::to_string(file_.size() - data_start));
    }
    for (std::size_t i = 0; i < tensors_.size(); ++i) index_.emplace(tensors_[i].name, i);
  }

  /// Into the order of their bytes. Positions are sorted, not the tensors: that is a tenth of the code.
  void sort_tensors() {
    std::vector<std::array<std::uint64_t, 3>> order;
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      order.push_back({tensors_[i].offset, tensors_[i].byte_count, i});
    std::sort(order.begin(), order.end());
    std::vector<TensorInfo> sorted;
    for (auto const& [offset, byte_count, i] : order) sorted.push_back(std::move(tensors_[i]));
    tensors_ = std::move(sorted);
  }

  TensorInfo parse_tensor(std::string const& name, Json const& entry, std::uint64_t data_start) const {
    auto const broken = [&](char const* what) { fail("tensor '" + name + "': " + what); };
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
        !entry.contains("data_offsets")) {
      broken("expected exactly dtype, shape and data_offsets");
    }
    TensorInfo tensor;
    tensor.name = name;
    Json const& dtype = entry["dtype"];
    if (!dtype.is_text()) broken("dtype is no string");
    auto const* known = std::begin(detail::safetensors_names);
    while (known != std::end(detail::safetensors_names) && dtype.text() != known->name) ++known;
    if (known == std::end(detail::safetensors_names)) {
      fail("tensor '" + name + "': dtype " + to_compact_text(dtype) +
           " is not supported; expected BOOL, I8 to I64, U8 to U64, F32 or F64");
    }
    tensor.dtype = known->dtype;
    if (!entry["shape"].is_array()) broken("shape is no array");
    for (Json const& extent : entry["shape"].values()) {
      auto const natural = extent.as<std::size_t>();
      if (!natural) broken("an extent of the shape is no natural number");
      tensor.shape.push_back(*natural);
    }
    auto const offsets = entry["data_offsets"].as<std::vector<std::uint64_t>>();
    if (!offsets || offsets->size() != 2) broken("data_offsets is no pair of natural numbers");
    std::uint64_t const begin = offsets->front(), end = offsets->back();
    if (begin > end || end > file_.size() - data_start) {
      fail("tensor '" + name + "': truncated, or broken: bytes " + std::to_string(begin) + " to " +
           std::to_string(end) + " of " + std::to_string(file_.size() - data_start));
    }
    std::size_t count = 0;
    if (!element_count(tensor.shape, size_of(tensor.dtype), count) ||
        std::uint64_t{count} * size_of(tensor.dtype) != end - begin) {
      fail("tensor '" + name + "': shape " + shape_text(tensor.shape) + " of " + name_of(tensor.dtype) +
           " does not have " + std::to_string(end - begin) + " bytes");
    }
    tensor.offset = data_start + begin;
    tensor.byte_count = end - begin;
    return tensor;
  }

  InputFile file_;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
  bool has_digests_ = false;
  std::vector<std::string> digests_;  // of the tensors, in their order
};

}  // namespace disentangle::io
