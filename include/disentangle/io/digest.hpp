// SPDX-License-Identifier: Apache-2.0
// CRC-32 of bytes, as text of eight hexadecimal digits: finds what a disk, a cable or a hand got wrong by
// accident, not what somebody forged.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace disentangle::io {

/// The CRC-32 (that of zip and PNG) of bytes that follow those whose digest is `before`.
[[nodiscard]] inline std::uint32_t crc32_of(std::span<std::byte const> bytes, std::uint32_t before = 0) {
  uLong crc = before;
  while (!bytes.empty()) {
    std::size_t const part = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    crc = ::crc32(crc, reinterpret_cast<Bytef const*>(bytes.data()), static_cast<uInt>(part));
    bytes = bytes.subspan(part);
  }
  return static_cast<std::uint32_t>(crc);
}

/// The same of text.
[[nodiscard]] inline std::uint32_t crc32_of(std::string_view text, std::uint32_t before = 0) {
  return crc32_of(std::as_bytes(std::span(text.data(), text.size())), before);
}

/// "00c0ffee"
[[nodiscard]] inline std::string digest_text(std::uint32_t digest) {
  std::string text(8, '0');
  for (std::size_t i = 8; i-- > 0; digest >>= 4) text[i] = "0123456789abcdef"[digest & 15];
  return text;
}

}  // namespace disentangle::io
