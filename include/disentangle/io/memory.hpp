// SPDX-License-Identifier: Apache-2.0
// Memory for what a file holds: where there is too little, the error names the file, the bytes wanted, the
// bytes free and a way out.
#pragma once

#include <disentangle/core/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace disentangle::io {

namespace detail {

/// "8.6 GB", "1.5 MB", "312 bytes"
inline std::string byte_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> units{" bytes", " kB", " MB", " GB", " TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f" : "%.1f", value);
  return std::string(text.data()).append(units[unit]);
}

/// The bytes that a program may still take by the text of /proc/meminfo: available memory and free swap. The
/// largest number where it does not say.
inline std::uint64_t free_memory(std::string_view meminfo) {
  std::uint64_t total = 0;
  bool known = false;
  for (std::string_view const name : {"MemAvailable:", "SwapFree:"}) {
    std::size_t at = meminfo.find(name);
    if (at == meminfo.npos) continue;
    at = std::min(meminfo.find_first_not_of(' ', at + name.size()), meminfo.size());
    std::uint64_t kilobytes = 0;
    auto const read = std::from_chars(meminfo.data() + at, meminfo.data() + meminfo.size(), kilobytes);
    if (read.ec != std::errc{}) continue;
    total += kilobytes * 1024;
    known = known || name == "MemAvailable:";
  }
  return known ? total : std::numeric_limits<std::uint64_t>::max();
}
inline std::uint64_t free_memory() {
  std::array<char, 4096> text{};
  std::size_t size = 0;
  if (std::FILE* const file = std::fopen("/proc/meminfo", "rb"); file != nullptr) {
    size = std::fread(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
  return free_memory(std::string_view(text.data(), size));
}

[[noreturn]] inline void too_little_memory(std::string const& name, std::uint64_t bytes,
                                           std::string_view way_out) {
  std::uint64_t const left = free_memory();
  std::string const known =
      left == std::numeric_limits<std::uint64_t>::max() ? "" : ", " + byte_text(left) + " are free";
  throw MemoryError(name, "needs " + byte_text(bytes) + " of memory, more than there is to be had" + known +
                              "; " + std::string(way_out));
}

// Below this the system is not asked how much is free: an allocation says so itself.
inline constexpr std::uint64_t asks_from_bytes = std::uint64_t{1} << 28;

/// Throws where so many bytes are more than are free. A system that promises more than it has would end the
/// program once the memory is used.
inline void expect_free(std::string const& name, std::uint64_t bytes, std::string_view way_out) {
  if (bytes >= asks_from_bytes && bytes > free_memory()) too_little_memory(name, bytes, way_out);
}

template <class Allocate>
void allocate_for(std::string const& name, std::size_t count, std::size_t size, std::string_view way_out,
                  Allocate&& allocate) {
  std::uint64_t const most = std::numeric_limits<std::uint64_t>::max() / size;
  std::uint64_t const bytes = std::uint64_t{std::min<std::uint64_t>(count, most)} * size;
  expect_free(name, bytes, way_out);
  try {
    allocate();
  } catch (std::bad_alloc const&) {
    too_little_memory(name, bytes, way_out);
  } catch (std::length_error const&) {
    too_little_memory(name, bytes, way_out);
  }
}

}  // namespace detail

/// What to do where nothing better is known.
inline constexpr std::string_view free_some_memory =
    "end other programs, take a part of the file, or a machine with more memory";

/// values.resize(count) for what a file, `name`, holds. @throws MemoryError naming it, the bytes and the way
/// out
template <class T>
void make_room(std::vector<T>& values, std::size_t count, std::string const& name,
               std::string_view way_out = free_some_memory) {
  detail::allocate_for(name, count, sizeof(T), way_out, [&] { values.resize(count); });
}

/// values.reserve(count), otherwise as make_room().
template <class T>
void reserve_room(std::vector<T>& values, std::size_t count, std::string const& name,
                  std::string_view way_out = free_some_memory) {
  detail::allocate_for(name, count, sizeof(T), way_out, [&] { values.reserve(count); });
}

/// read(), for what takes memory in many pieces (text, trees, images): where it runs out, a MemoryError names
/// the file and at least the bytes that the file itself has.
template <class Read>
[[nodiscard]] decltype(auto) in_memory(std::string const& name, std::uint64_t least_bytes, Read&& read) {
  try {
    return read();
  } catch (std::bad_alloc const&) {
    throw MemoryError(name, "memory ran out while it was read: needs more than " +
                                detail::byte_text(least_bytes) + "; " + std::string(free_some_memory));
  }
}

}  // namespace disentangle::io
