// SPDX-License-Identifier: Apache-2.0
// The records of zip archives (PKWARE APPNOTE 6.3): what reading and writing them share.
#pragma once

#include <disentangle/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

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

}  // namespace disentangle::io
