// SPDX-License-Identifier: Apache-2.0
// Reading zip archives as far as .npz files use them: stored and deflated members, zip64, CRC-32.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/zip_records.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::io {

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
    std::vector<std::byte> directory;
    make_room(directory, static_cast<std::size_t>(length), file_.name());
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

}  // namespace disentangle::io
