// SPDX-License-Identifier: Apache-2.0
// Damages a valid file in every way that bounded time allows and demands of its reader: success or
// disentangle::Error, nothing else, and no allocation out of proportion. Meant to run under the sanitizers.
// Replaces the global operator new, so include it in the one source file of a test program.
//
// With clang and -DDISENTANGLE_LIBFUZZER -fsanitize=fuzzer the same readers are driven by libFuzzer instead:
// tests/fuzz/run.
#pragma once

#include <disentangle/core/error.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <new>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef DISENTANGLE_LIBFUZZER
/// Defines libFuzzer's entry point around a reader of std::vector<std::byte>.
#define DISENTANGLE_FUZZ_ENTRY(reader)                                                \
  extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) { \
    auto const* first = reinterpret_cast<std::byte const*>(data);                     \
    try {                                                                             \
      reader(std::vector<std::byte>(first, first + size));                            \
    } catch (disentangle::Error const&) {                                             \
    }                                                                                 \
    return 0;                                                                         \
  }
#else
#include <doctest/doctest.h>
#define DISENTANGLE_FUZZ_ENTRY(reader)
#endif

namespace fuzz {

/// The largest single allocation of the program so far, in bytes.
inline std::atomic<std::size_t> largest_allocation{0};

inline void* counted(std::size_t bytes) {
  if (bytes > largest_allocation) largest_allocation = bytes;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}

using Bytes = std::vector<std::byte>;
using Reader = std::function<void(Bytes)>;

/// What became of the damaged variants.
struct Outcome {
  std::size_t variants = 0;
  std::size_t accepted = 0;
  std::size_t refused = 0;
};

/// Reads one variant. Anything but success or disentangle::Error ends the test program, with the variant's
/// name.
inline void feed(Reader const& reader, Bytes bytes, Outcome& outcome, std::string const& variant) {
  ++outcome.variants;
  try {
    reader(std::move(bytes));
    ++outcome.accepted;
  } catch (disentangle::Error const& error) {
    ++outcome.refused;
    if (std::string(error.what()).empty()) throw std::runtime_error(variant + ": an error without a message");
  } catch (std::exception const& error) {
    throw std::runtime_error(variant + ": not a disentangle::Error: " + error.what());
  }
}

/// Every truncation, then `variants` seeded damages: flipped bits, replaced bytes (with a liking for 0, 255
/// and sign bits), copied, removed and inserted blocks, one to eight at a time.
inline Outcome damage(Bytes const& valid, Reader const& reader, std::size_t variants, std::uint32_t seed) {
  Outcome outcome;
  for (std::size_t length = 0; length < valid.size(); ++length) {
    feed(reader, Bytes(valid.begin(), valid.begin() + static_cast<std::ptrdiff_t>(length)), outcome,
         "truncated to " + std::to_string(length));
  }
  std::mt19937 random(seed);
  auto const below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (std::size_t i = 0; i < variants; ++i) {
    Bytes bytes = valid;
    for (std::size_t count = std::size_t{1} << below(4); count > 0 && !bytes.empty(); --count) {
      std::size_t const at = below(bytes.size());
      auto const place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      constexpr unsigned char likings[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF, '{', '"'};
      switch (below(6)) {
        case 0:
        case 1: bytes[at] ^= std::byte{1} << below(8); break;
        case 2: bytes[at] = static_cast<std::byte>(random() & 0xFF); break;
        case 3: bytes[at] = static_cast<std::byte>(likings[below(std::size(likings))]); break;
        case 4: {
          std::size_t const length = 1 + below(std::min<std::size_t>(8, bytes.size() - at));
          bytes.erase(place, place + static_cast<std::ptrdiff_t>(length));
          break;
        }
        default: {
          std::size_t const from = below(bytes.size());
          std::size_t const length = 1 + below(std::min<std::size_t>(8, bytes.size() - from));
          Bytes const block(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                            bytes.begin() + static_cast<std::ptrdiff_t>(from + length));
          bytes.insert(place, block.begin(), block.end());
        }
      }
    }
    feed(reader, std::move(bytes), outcome,
         "damage " + std::to_string(i) + " of seed " + std::to_string(seed));
  }
  return outcome;
}

#ifndef DISENTANGLE_LIBFUZZER
/// The files of tests/fuzz/corpus/<name>, in the order of their names: where libFuzzer starts too. At least
/// one must be there.
inline std::vector<Bytes> corpus(std::string const& name) {
  std::vector<std::filesystem::path> paths;
  for (auto const& entry : std::filesystem::directory_iterator(
           std::filesystem::path(DISENTANGLE_TEST_DATA_DIR).parent_path() / "fuzz" / "corpus" / name)) {
    paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<Bytes> files;
  for (auto const& path : paths) {
    std::ifstream in(path, std::ios::binary);
    std::string const text{std::istreambuf_iterator<char>(in), {}};
    auto const* first = reinterpret_cast<std::byte const*>(text.data());
    files.emplace_back(first, first + text.size());
  }
  if (files.empty()) throw std::runtime_error("no file in tests/fuzz/corpus/" + name);
  return files;
}

/// damage() of every file of the corpus. Returns what became of them all.
inline Outcome damage_corpus(std::string const& name, Reader const& reader, std::size_t variants) {
  Outcome sum;
  std::uint32_t seed = 0;
  for (Bytes const& file : corpus(name)) {
    feed(reader, file, sum, "file " + std::to_string(seed) + " of " + name);
    Outcome const outcome = damage(file, reader, variants, ++seed);
    sum.variants += outcome.variants;
    sum.accepted += outcome.accepted;
    sum.refused += outcome.refused;
  }
  return sum;
}
#endif

}  // namespace fuzz

// Not inlined: g++ would otherwise see only one half of a pair and warn of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return fuzz::counted(bytes); }
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return fuzz::counted(bytes); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::nothrow_t const&) noexcept {
  return std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void* operator new[](std::size_t bytes, std::nothrow_t const&) noexcept {
  return std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
