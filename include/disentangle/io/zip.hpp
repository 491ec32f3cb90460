// SPDX-License-Identifier: Apache-2.0
// Zip archives (PKWARE APPNOTE 6.3) as far as .npz files use them: stored and deflated members, zip64,
// CRC-32.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io {

/// One entry of the directory of a zip archive.
struct ZipMember {
  std::string name;
  /// 0 stored, 8 deflated; others cannot be opened.
  int method = 0;
  std::uint32_t crc = 0;
  std::uint64_t compressed_size = 0;
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;
  bool encrypted = false;
};

namespace detail {

inline constexpr std::uint32_t zip_local_signature = 0x04034b50, zip_central_signature = 0x02014b50,
                               zip_end_signature = 0x06054b50, zip64_end_signature = 0x06064b50,
                               zip64_locator_signature = 0x07064b50;
inline constexpr std::uint64_t zip_max32 = 0xFFFFFFFFu;

/// Little-endian integer of `count` bytes at `offset`; the caller has checked the bounds.
inline std::uint64_t little_endian(std::span<std::byte const> bytes, std::size_t offset, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value |= std::to_integer<std::uint64_t>(bytes[offset + i]) << (8 * i);
  return value;
}

inline void append_little_endian(std::string& out, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i, value >>= 8) out += static_cast<char>(value & 0xFF);
}

/// Replaces the 32-bit fields that say "see zip64" by the values of the extra field.
inline void apply_zip64_extra(std::span<std::byte const> extra, ZipMember& member, std::string const& file) {
  while (extra.size() >= 4) {
    std::uint64_t const id = little_endian(extra, 0, 2);
    std::size_t const length = static_cast<std::size_t>(little_endian(extra, 2, 2));
    if (length > extra.size() - 4)
      throw FileError(file, "zip member '" + member.name + "': broken extra field");
    if (id == 1) {
      auto body = extra.subspan(4, length);
      for (std::uint64_t* field : {&member.size, &member.compressed_size, &member.header_offset}) {
        if (*field != zip_max32) continue;
        if (body.size() < 8) throw FileError(file, "zip member '" + member.name + "': broken zip64 field");
        *field = little_endian(body, 0, 8);
        body = body.subspan(8);
      }
      return;
    }
    extra = extra.subspan(4 + length);
  }
}

/// Names of members are shown in messages: control characters become '?'.
inline std::string printable_name(std::span<std::byte const> bytes) {
  std::string name;
  for (std::byte const byte : bytes) {
    char const c = static_cast<char>(byte);
    name += (static_cast<unsigned char>(c) < 32 || c == 127) ? '?' : c;
  }
  return name;
}

}  // namespace detail

/// The bytes of one member, inflated as they are read. Length and CRC-32 are compared with the directory when
/// the last byte is read (a member that is abandoned before has not been checked).
class ZipMemberStream final : public ByteStream {
 public:
  ZipMemberStream(InputFile file, ZipMember member)
      : file_(std::move(file)), member_(std::move(member)), name_(file_.name() + ":" + member_.name) {
    if (member_.encrypted) throw FileError(name_, "encrypted zip members are not supported");
    if (member_.method != 0 && member_.method != 8) {
      throw FileError(name_, "zip method " + std::to_string(member_.method) +
                                 " is not supported; expected 0 (stored) or 8 (deflated)");
    }
    std::array<std::byte, 30> local{};
    file_.read(member_.header_offset, local);
    if (detail::little_endian(local, 0, 4) != detail::zip_local_signature) {
      throw FileError(name_, "no zip member at offset " + std::to_string(member_.header_offset));
    }
    std::size_t const name_length = static_cast<std::size_t>(detail::little_endian(local, 26, 2));
    std::vector<std::byte> local_name(name_length);
    file_.read(member_.header_offset + 30, local_name);
    if (detail::printable_name(local_name) != member_.name) {
      throw FileError(name_, "the zip directory and the member disagree about its name: '" +
                                 detail::printable_name(local_name) + "'");
    }
    position_ = member_.header_offset + 30 + name_length + detail::little_endian(local, 28, 2);
    if (position_ > file_.size() || member_.compressed_size > file_.size() - position_) {
      throw FileError(name_, "truncated: " + std::to_string(member_.compressed_size) + " bytes at offset " +
                                 std::to_string(position_) + ", the file has " +
                                 std::to_string(file_.size()));
    }
    if (member_.method == 0 && member_.compressed_size != member_.size) {
      throw FileError(name_, "a stored member of " + std::to_string(member_.size) + " bytes occupies " +
                                 std::to_string(member_.compressed_size));
    }
    // Deflate makes at most 1032 bytes out of one, so a larger promise is false and would only cost memory.
    if (member_.method == 8 && member_.size / 1032 > member_.compressed_size) {
      throw FileError(name_, std::to_string(member_.compressed_size) + " compressed bytes cannot hold " +
                                 std::to_string(member_.size));
    }
    compressed_left_ = member_.compressed_size;
    if (member_.method == 8) {
      buffer_.resize(
          static_cast<std::size_t>(std::min<std::uint64_t>(compressed_left_, std::size_t{1} << 16)));
      if (inflateInit2(&inflater_, -MAX_WBITS) != Z_OK)
        throw FileError(name_, "zlib cannot start: out of memory");
      inflating_ = true;
    }
  }

  ~ZipMemberStream() override {
    if (inflating_) inflateEnd(&inflater_);
  }

  std::size_t read(std::span<std::byte> out) override {
    std::size_t const count =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), member_.size - produced_));
    out = out.first(count);
    if (member_.method == 0) {
      file_.read(position_, out);
      position_ += count;
    } else {
      inflate_into(out);
    }
    update_crc(out);
    produced_ += count;
    if (produced_ == member_.size && !checked_) check_end();
    return count;
  }

  std::uint64_t size() const override { return member_.size; }
  std::string const& name() const override { return name_; }

 private:
  /// One call of inflate(); true at the end of the deflate stream.
  bool step() {
    if (inflater_.avail_in == 0 && compressed_left_ > 0) {
      std::size_t const chunk =
          static_cast<std::size_t>(std::min<std::uint64_t>(compressed_left_, buffer_.size()));
      file_.read(position_, std::span(buffer_).first(chunk));
      position_ += chunk;
      compressed_left_ -= chunk;
      inflater_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
      inflater_.avail_in = static_cast<uInt>(chunk);
    }
    int const code = ::inflate(&inflater_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) return true;
    if (code == Z_BUF_ERROR) throw FileError(name_, "the compressed data end too early");
    if (code != Z_OK) {
      throw FileError(name_,
                      std::string("broken compressed data: ") +
                          (inflater_.msg != nullptr ? inflater_.msg : "zlib error " + std::to_string(code)));
    }
    return false;
  }

  void inflate_into(std::span<std::byte> out) {
    while (!out.empty()) {
      std::size_t const part = std::min<std::size_t>(out.size(), std::size_t{1} << 30);
      inflater_.next_out = reinterpret_cast<Bytef*>(out.data());
      inflater_.avail_out = static_cast<uInt>(part);
      while (inflater_.avail_out > 0) {
        if (ended_) throw_length();
        ended_ = step();
      }
      out = out.subspan(part);
    }
  }

  void update_crc(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
      std::size_t const part = std::min<std::size_t>(bytes.size(), std::size_t{1} << 30);
      crc_ = crc32(crc_, reinterpret_cast<Bytef const*>(bytes.data()), static_cast<uInt>(part));
      bytes = bytes.subspan(part);
    }
  }

  [[noreturn]] void throw_length() const {
    throw FileError(name_, "the compressed data do not hold the " + std::to_string(member_.size) +
                               " bytes that the zip directory says");
  }

  void check_end() {
    checked_ = true;
    if (member_.method == 8) {
      std::byte beyond{};
      inflater_.next_out = reinterpret_cast<Bytef*>(&beyond);
      inflater_.avail_out = 1;
      while (!ended_) {
        ended_ = step();
        if (inflater_.avail_out == 0) throw_length();
      }
    }
    if (crc_ != member_.crc) {
      throw FileError(name_, "checksum " + std::to_string(crc_) + ", expected " +
                                 std::to_string(member_.crc) + ": the data are corrupt");
    }
  }

  InputFile file_;
  ZipMember member_;
  std::string name_;
  std::uint64_t position_ = 0;
  std::uint64_t compressed_left_ = 0;
  std::uint64_t produced_ = 0;
  std::vector<std::byte> buffer_;
  z_stream inflater_{};
  uLong crc_ = crc32(0, nullptr, 0);
  bool inflating_ = false;
  bool ended_ = false;
  bool checked_ = false;
};

/// The directory of a zip archive. Opening it reads only the directory; members are read one by one when
/// asked for.
class ZipReader {
 public:
  explicit ZipReader(std::filesystem::path const& path) : ZipReader(InputFile(path)) {}

  explicit ZipReader(InputFile file) : file_(std::move(file)) {
    auto const [offset, length, count] = find_directory();
    if (offset > file_.size() || length > file_.size() - offset) {
      throw FileError(file_.name(), "the zip directory lies outside the file");
    }
    if (count > length / 46) {
      throw FileError(file_.name(), "a zip directory of " + std::to_string(length) + " bytes cannot have " +
                                        std::to_string(count) + " members");
    }
    std::vector<std::byte> directory(static_cast<std::size_t>(length));
    file_.read(offset, directory);
    std::span<std::byte const> rest = directory;
    std::set<std::string, std::less<>> names;
    members_.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
      if (rest.size() < 46 || detail::little_endian(rest, 0, 4) != detail::zip_central_signature) {
        throw FileError(file_.name(), "broken zip directory at member " + std::to_string(i));
      }
      std::size_t const name_length = static_cast<std::size_t>(detail::little_endian(rest, 28, 2));
      std::size_t const extra_length = static_cast<std::size_t>(detail::little_endian(rest, 30, 2));
      std::size_t const comment_length = static_cast<std::size_t>(detail::little_endian(rest, 32, 2));
      if (name_length + extra_length + comment_length > rest.size() - 46) {
        throw FileError(file_.name(), "broken zip directory at member " + std::to_string(i));
      }
      ZipMember member;
      member.name = detail::printable_name(rest.subspan(46, name_length));
      member.encrypted = (detail::little_endian(rest, 8, 2) & 1) != 0;
      member.method = static_cast<int>(detail::little_endian(rest, 10, 2));
      member.crc = static_cast<std::uint32_t>(detail::little_endian(rest, 16, 4));
      member.compressed_size = detail::little_endian(rest, 20, 4);
      member.size = detail::little_endian(rest, 24, 4);
      member.header_offset = detail::little_endian(rest, 42, 4);
      detail::apply_zip64_extra(rest.subspan(46 + name_length, extra_length), member, file_.name());
      if (!names.insert(member.name).second) {
        throw FileError(file_.name(), "two zip members are named '" + member.name + "'");
      }
      members_.push_back(std::move(member));
      rest = rest.subspan(46 + name_length + extra_length + comment_length);
    }
  }

  /// In the order of the directory.
  std::vector<ZipMember> const& members() const { return members_; }
  std::string const& name() const { return file_.name(); }

  /// The member of that name, or nullptr.
  ZipMember const* find(std::string_view name) const {
    for (auto const& member : members_) {
      if (member.name == name) return &member;
    }
    return nullptr;
  }

  /// A stream over the bytes of a member; it stays valid without this reader.
  std::unique_ptr<ByteStream> open(ZipMember const& member) const {
    return std::make_unique<ZipMemberStream>(file_, member);
  }

 private:
  struct Directory {
    std::uint64_t offset, length, count;
  };

  Directory find_directory() const {
    constexpr std::size_t end_size = 22, locator_size = 20;
    std::uint64_t const tail_size = std::min<std::uint64_t>(file_.size(), 65535 + end_size);
    if (tail_size < end_size)
      throw FileError(file_.name(), "not a zip archive: only " + std::to_string(tail_size) + " bytes");
    std::vector<std::byte> tail(static_cast<std::size_t>(tail_size));
    file_.read(file_.size() - tail_size, tail);
    for (std::size_t at = tail.size() - end_size + 1; at-- > 0;) {
      std::span<std::byte const> const end = std::span<std::byte const>(tail).subspan(at);
      if (detail::little_endian(end, 0, 4) != detail::zip_end_signature) continue;
      if (detail::little_endian(end, 20, 2) != end.size() - end_size) continue;  // the comment ends the file
      Directory directory{detail::little_endian(end, 16, 4), detail::little_endian(end, 12, 4),
                          detail::little_endian(end, 10, 2)};
      bool const zip64 = directory.offset == detail::zip_max32 || directory.length == detail::zip_max32 ||
                         directory.count == 0xFFFF;
      std::uint64_t const end_offset = file_.size() - tail_size + at;
      if (zip64 && end_offset >= locator_size) {
        std::array<std::byte, locator_size> locator{};
        file_.read(end_offset - locator_size, locator);
        if (detail::little_endian(locator, 0, 4) == detail::zip64_locator_signature) {
          std::array<std::byte, 56> end64{};
          file_.read(detail::little_endian(locator, 8, 8), end64);
          if (detail::little_endian(end64, 0, 4) != detail::zip64_end_signature) {
            throw FileError(file_.name(), "the zip64 directory record is missing");
          }
          directory = {detail::little_endian(end64, 48, 8), detail::little_endian(end64, 40, 8),
                       detail::little_endian(end64, 32, 8)};
        }
      }
      return directory;
    }
    throw FileError(file_.name(), "not a zip archive, or truncated: no directory at its end");
  }

  InputFile file_;
  std::vector<ZipMember> members_;
};

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

  static std::uint64_t utf8_flag(std::string_view name) {
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
