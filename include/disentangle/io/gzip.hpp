// SPDX-License-Identifier: Apache-2.0
// Files that may be compressed with gzip (RFC 1952), read whole; and gzip files written, for tests and tools.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io {

/// The most bytes that a compressed file may inflate to unless the caller says otherwise.
inline constexpr std::uint64_t max_inflated_bytes = std::uint64_t{1} << 32;

/// Whether bytes start as a gzip file does.
[[nodiscard]] inline bool is_gzip(std::span<std::byte const> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

namespace detail {

/// Ends an inflater or deflater with its scope.
struct InflateEnd {
  z_stream& stream;
  ~InflateEnd() { inflateEnd(&stream); }
};
struct DeflateEnd {
  z_stream& stream;
  ~DeflateEnd() { deflateEnd(&stream); }
};

/// Inflates zlib or gzip data whole. `window_bits` as zlib's inflateInit2; members of a gzip file that follow
/// each other are put together. Throws FileError for data that are truncated, corrupt, followed by something
/// else, or larger than `limit` when inflated.
inline std::vector<std::byte> inflate_whole(std::span<std::byte const> bytes, std::string const& name,
                                            int window_bits, std::uint64_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) throw FileError(name, "zlib cannot start: out of memory");
  InflateEnd const end{stream};
  bool const members = window_bits > MAX_WBITS;
  std::vector<std::byte> out;
  std::size_t used = 0, made = 0;
  while (true) {
    if (made == out.size()) {
      if (out.size() > limit) {
        throw FileError(name, "inflates to more than " + std::to_string(limit) + " bytes");
      }
      // Grows with what was really inflated, so that a false promise costs no memory.
      make_room(out,
                static_cast<std::size_t>(std::min<std::uint64_t>(
                    limit + 1, std::max<std::uint64_t>(4 * bytes.size(), 2 * made) + 64)),
                name);
    }
    std::size_t const in_part = std::min<std::size_t>(bytes.size() - used, std::size_t{1} << 30);
    std::size_t const out_part = std::min<std::size_t>(out.size() - made, std::size_t{1} << 30);
    // zlib takes a pointer to non-const but does not write through next_in.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<Bytef const*>(bytes.data() + used));
    stream.avail_in = static_cast<uInt>(in_part);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + made);
    stream.avail_out = static_cast<uInt>(out_part);
    int const code = ::inflate(&stream, Z_NO_FLUSH);
    used += in_part - stream.avail_in;
    made += out_part - stream.avail_out;
    if (code == Z_STREAM_END) {
      if (used == bytes.size()) break;
      if (!members || !is_gzip(bytes.subspan(used))) {
        throw FileError(name, "found " + std::to_string(bytes.size() - used) +
                                  " bytes after the end of the compressed data, expected none");
      }
      if (inflateReset(&stream) != Z_OK) throw FileError(name, "zlib cannot start again");
    } else if (code == Z_BUF_ERROR || (code == Z_OK && used == bytes.size() && stream.avail_out > 0)) {
      if (used == bytes.size()) {
        throw FileError(name, "truncated: the compressed data end after " + std::to_string(made) +
                                  " bytes inflated");
      }
    } else if (code != Z_OK) {
      throw FileError(name, std::string("corrupt compressed data: ") +
                                (stream.msg != nullptr ? stream.msg : "zlib error " + std::to_string(code)));
    }
  }
  if (made > limit) throw FileError(name, "inflates to more than " + std::to_string(limit) + " bytes");
  out.resize(made);
  return out;
}

}  // namespace detail

/// The content of a gzip file that is in memory; `name` stands in the messages of errors. Throws FileError
/// when the data are truncated, corrupt or inflate to more than `limit` bytes.
[[nodiscard]] inline std::vector<std::byte> inflate_gzip(std::span<std::byte const> bytes,
                                                         std::string const& name,
                                                         std::uint64_t limit = max_inflated_bytes) {
  return detail::inflate_whole(bytes, name, 16 + MAX_WBITS, limit);
}

/// The content of a file, inflated when it is a gzip file whatever its name.
[[nodiscard]] inline std::vector<std::byte> read_possibly_gzipped(InputFile const& file,
                                                                  std::uint64_t limit = max_inflated_bytes) {
  auto bytes = file.read_all();
  if (!is_gzip(bytes)) return bytes;
  return inflate_gzip(bytes, file.name(), limit);
}

/// Bytes as a gzip file, without a name or a time in its header. `level` is zlib's, 0 .. 9.
[[nodiscard]] inline std::vector<std::byte> deflate_gzip(std::span<std::byte const> bytes, int level = 6) {
  if (level < 0 || level > 9) {
    throw ValueError("deflate_gzip: found level " + std::to_string(level) + ", expected 0 .. 9");
  }
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error("deflate_gzip: zlib cannot start: out of memory");
  }
  detail::DeflateEnd const end{stream};
  std::vector<std::byte> out(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  std::size_t used = 0, made = 0;
  for (int code = Z_OK; code != Z_STREAM_END;) {
    std::size_t const in_part = std::min<std::size_t>(bytes.size() - used, std::size_t{1} << 30);
    std::size_t const out_part = std::min<std::size_t>(out.size() - made, std::size_t{1} << 30);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<Bytef const*>(bytes.data() + used));
    stream.avail_in = static_cast<uInt>(in_part);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + made);
    stream.avail_out = static_cast<uInt>(out_part);
    code = ::deflate(&stream, used + in_part == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    used += in_part - stream.avail_in;
    made += out_part - stream.avail_out;
    if (code != Z_OK && code != Z_STREAM_END) throw Error("deflate_gzip: zlib cannot compress");
  }
  out.resize(made);
  return out;
}

/// The first of `path` and `path`.gz that exists. Throws FileError naming both when neither does.
[[nodiscard]] inline std::filesystem::path plain_or_gzipped(std::filesystem::path const& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return path;
  std::filesystem::path gzipped = path;
  gzipped += ".gz";
  if (std::filesystem::exists(gzipped, ignored)) return gzipped;
  throw FileError(path.string(), "no such file, and no " + gzipped.filename().string() + " beside it");
}

}  // namespace disentangle::io
