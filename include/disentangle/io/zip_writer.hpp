// SPDX-License-Identifier: Apache-2.0
// Writing zip archives: stored or deflated members, zip64 where a size needs it.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/zip_records.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io {

/// Options of ZipWriter.
struct ZipOptions {
  /// zlib's level: 0 stores without compression, 1 is quickest, 9 smallest.
  int level = 6;
  /// Writes zip64 records for every member, however small (they are always written where a size needs them).
  bool zip64 = false;
};

/// Writes a zip archive, beside and renamed; members are appended in pieces, so none needs to be in memory
/// whole. Dates are 1980-01-01, so equal contents give equal files.
class ZipWriter {
 public:
  explicit ZipWriter(std::filesystem::path const& path, ZipOptions options = {})
      : name_(path.string()), options_(options), file_(path), output_(std::size_t{1} << 16) {
    if (options.level < 0 || options.level > 9) {
      throw ValueError("zip compression level " + std::to_string(options.level) + ", expected 0 to 9");
    }
  }

  ~ZipWriter() {
    if (deflating_) deflateEnd(&deflater_);
  }
  ZipWriter(ZipWriter const&) = delete;
  ZipWriter& operator=(ZipWriter const&) = delete;

  /// Starts a member of exactly `size` bytes.
  void begin(std::string const& member_name, std::uint64_t size) {
    if (open_) throw FileError(name_, "zip member '" + members_.back().name + "' is not ended");
    if (member_name.empty() || member_name.size() > 65535) {
      throw ValueError(name_ + ": a zip member needs a name of 1 to 65535 bytes");
    }
    for (auto const& other : members_) {
      if (other.name == member_name)
        throw ValueError(name_ + ": two members are named '" + member_name + "'");
    }
    ZipMember member;
    member.name = member_name;
    member.method = options_.level == 0 ? 0 : 8;
    member.size = size;
    member.header_offset = file_.position();
    // Data that do not compress grow a little, so the margin decides before the compressed size is known.
    large_ = options_.zip64 || size + size / 1000 + 1024 >= detail::zip_max32;
    std::string header;
    detail::append_little_endian(header, detail::zip_local_signature, 4);
    detail::append_little_endian(header, large_ ? 45 : 20, 2);
    detail::append_little_endian(header, utf8_flag(member_name), 2);
    detail::append_little_endian(header, static_cast<std::uint64_t>(member.method), 2);
    detail::append_little_endian(header, 0, 2);
    detail::append_little_endian(header, date, 2);
    detail::append_little_endian(header, 0, 12);  // CRC and sizes: known in end()
    detail::append_little_endian(header, member_name.size(), 2);
    detail::append_little_endian(header, large_ ? 20 : 0, 2);
    header += member_name;
    if (large_) {
      detail::append_little_endian(header, 1, 2);
      detail::append_little_endian(header, 16, 2);
      detail::append_little_endian(header, 0, 16);
    }
    file_.write(header);
    members_.push_back(std::move(member));
    open_ = true;
    written_ = 0;
    crc_ = crc32(0, nullptr, 0);
    data_offset_ = file_.position();
    if (options_.level > 0) {
      deflater_ = z_stream{};
      if (deflateInit2(&deflater_, options_.level, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw FileError(name_, "zlib cannot start: out of memory");
      }
      deflating_ = true;
    }
  }

  /// Appends to the open member.
  void write(std::span<std::byte const> bytes) {
    if (!open_ || bytes.size() > members_.back().size - written_) {
      throw FileError(name_, open_ ? "zip member '" + members_.back().name + "' was begun with " +
                                         std::to_string(members_.back().size) + " bytes and gets more"
                                   : std::string("no zip member is begun"));
    }
    while (!bytes.empty()) {
      auto const part = bytes.first(std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
      crc_ = crc32(crc_, reinterpret_cast<Bytef const*>(part.data()), static_cast<uInt>(part.size()));
      if (deflating_) {
        deflate_part(part, Z_NO_FLUSH);
      } else {
        file_.write(part);
      }
      written_ += part.size();
      bytes = bytes.subspan(part.size());
    }
  }

  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Ends the open member; all its bytes must have been written.
  void end() {
    if (!open_) throw FileError(name_, "no zip member is begun");
    ZipMember& member = members_.back();
    if (written_ != member.size) {
      throw FileError(name_, "zip member '" + member.name + "' was begun with " +
                                 std::to_string(member.size) + " bytes and got " + std::to_string(written_));
    }
    if (deflating_) {
      deflate_part({}, Z_FINISH);
      deflateEnd(&deflater_);
      deflating_ = false;
    }
    open_ = false;
    member.crc = static_cast<std::uint32_t>(crc_);
    member.compressed_size = file_.position() - data_offset_;
    std::string sizes;
    detail::append_little_endian(sizes, member.crc, 4);
    detail::append_little_endian(sizes, large_ ? detail::zip_max32 : member.compressed_size, 4);
    detail::append_little_endian(sizes, large_ ? detail::zip_max32 : member.size, 4);
    file_.rewrite(member.header_offset + 14, std::as_bytes(std::span(sizes)));
    if (large_) {
      std::string extra;
      detail::append_little_endian(extra, member.size, 8);
      detail::append_little_endian(extra, member.compressed_size, 8);
      file_.rewrite(data_offset_ - 16, std::as_bytes(std::span(extra)));
    }
  }

  /// Writes the directory and renames the file into place. Call once, last.
  void commit() {
    if (open_) throw FileError(name_, "zip member '" + members_.back().name + "' is not ended");
    std::uint64_t const start = file_.position();
    for (auto const& member : members_) write_directory_entry(member);
    std::uint64_t const length = file_.position() - start;
    bool const large = options_.zip64 || start >= detail::zip_max32 || length >= detail::zip_max32 ||
                       members_.size() >= 0xFFFF;
    std::string end;
    if (large) {
      std::uint64_t const end64_offset = file_.position();
      detail::append_little_endian(end, detail::zip64_end_signature, 4);
      detail::append_little_endian(end, 44, 8);
      detail::append_little_endian(end, 45, 2);
      detail::append_little_endian(end, 45, 2);
      detail::append_little_endian(end, 0, 8);
      detail::append_little_endian(end, members_.size(), 8);
      detail::append_little_endian(end, members_.size(), 8);
      detail::append_little_endian(end, length, 8);
      detail::append_little_endian(end, start, 8);
      detail::append_little_endian(end, detail::zip64_locator_signature, 4);
      detail::append_little_endian(end, 0, 4);
      detail::append_little_endian(end, end64_offset, 8);
      detail::append_little_endian(end, 1, 4);
    }
    detail::append_little_endian(end, detail::zip_end_signature, 4);
    detail::append_little_endian(end, 0, 4);
    std::uint64_t const count = large ? 0xFFFF : members_.size();
    detail::append_little_endian(end, count, 2);
    detail::append_little_endian(end, count, 2);
    detail::append_little_endian(end, large ? detail::zip_max32 : length, 4);
    detail::append_little_endian(end, large ? detail::zip_max32 : start, 4);
    detail::append_little_endian(end, 0, 2);
    file_.write(end);
    file_.commit();
  }

 private:
  static constexpr std::uint64_t date = (0 << 9) | (1 << 5) | 1;  // 1980-01-01

  [[nodiscard]] static std::uint64_t utf8_flag(std::string_view name) {
    bool const ascii = std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
    return ascii ? 0 : 0x800;
  }

  void write_directory_entry(ZipMember const& member) {
    std::string extra;
    auto const field = [&](std::uint64_t value) {
      if (!options_.zip64 && value < detail::zip_max32) return value;
      detail::append_little_endian(extra, value, 8);
      return detail::zip_max32;
    };
    std::uint64_t const size = field(member.size), compressed = field(member.compressed_size),
                        offset = field(member.header_offset);
    std::string entry;
    detail::append_little_endian(entry, detail::zip_central_signature, 4);
    detail::append_little_endian(entry, 45, 2);
    detail::append_little_endian(entry, extra.empty() ? 20 : 45, 2);
    detail::append_little_endian(entry, utf8_flag(member.name), 2);
    detail::append_little_endian(entry, static_cast<std::uint64_t>(member.method), 2);
    detail::append_little_endian(entry, 0, 2);
    detail::append_little_endian(entry, date, 2);
    detail::append_little_endian(entry, member.crc, 4);
    detail::append_little_endian(entry, compressed, 4);
    detail::append_little_endian(entry, size, 4);
    detail::append_little_endian(entry, member.name.size(), 2);
    detail::append_little_endian(entry, extra.empty() ? 0 : extra.size() + 4, 2);
    detail::append_little_endian(entry, 0, 2 + 2 + 2 + 4);  // comment, disk, both attributes
    detail::append_little_endian(entry, offset, 4);
    entry += member.name;
    if (!extra.empty()) {
      detail::append_little_endian(entry, 1, 2);
      detail::append_little_endian(entry, extra.size(), 2);
      entry += extra;
    }
    file_.write(entry);
  }

  void deflate_part(std::span<std::byte const> part, int flush) {
    // zlib takes a pointer to non-const but does not write through next_in.
    deflater_.next_in = const_cast<Bytef*>(reinterpret_cast<Bytef const*>(part.data()));
    deflater_.avail_in = static_cast<uInt>(part.size());
    int code = Z_OK;
    do {
      deflater_.next_out = reinterpret_cast<Bytef*>(output_.data());
      deflater_.avail_out = static_cast<uInt>(output_.size());
      code = ::deflate(&deflater_, flush);
      if (code == Z_STREAM_ERROR) throw FileError(name_, "zlib cannot compress");
      file_.write(std::span<std::byte const>(output_).first(output_.size() - deflater_.avail_out));
    } while (deflater_.avail_out == 0 || (flush == Z_FINISH && code != Z_STREAM_END));
  }

  std::string name_;
  ZipOptions options_;
  AtomicFile file_;
  std::vector<std::byte> output_;
  std::vector<ZipMember> members_;
  z_stream deflater_{};
  std::uint64_t written_ = 0;
  std::uint64_t data_offset_ = 0;
  uLong crc_ = 0;
  bool deflating_ = false;
  bool open_ = false;
  bool large_ = false;
};

}  // namespace disentangle::io
