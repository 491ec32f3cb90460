// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011). The n-th number of a (seed, stream, step) is a pure function of its index, so
// results do not depend on the number of threads, and nothing has to be stored to resume a run. Integers and
// uniform numbers are the same bits on every backend and machine; normal ones go through log, cos and sin of
// the platform, so that their last bits may differ.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

#include <disentangle/core/config.hpp>
#include <disentangle/core/fixed_array.hpp>

namespace disentangle {

/// The seed of a run, as a type so that it is not mistaken for a count.
struct Seed {
  std::uint64_t value = 0;
  friend constexpr bool operator==(Seed, Seed) = default;
};

/// dis::seed(0)
[[nodiscard]] constexpr Seed seed(std::uint64_t value) { return {value}; }

/// A stream number from a name (FNV-1a), so that nobody has to number the uses of random numbers. Of two
/// names in 2^32 the numbers are the same.
[[nodiscard]] constexpr std::uint32_t stream(std::string_view name) {
  std::uint32_t hash = 0x811C9DC5u;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193u;
  return hash;
}

/// Random numbers of one (seed, stream, step). A value; copying it is free. Block b holds four 32-bit
/// numbers.
struct Philox {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;
  std::uint64_t step = 0;

  using Block = FixedArray<std::uint32_t, 4>;

  /// The four 32-bit numbers of block b. Beside the stream's 32 bits the counter has 48 for the block and 48
  /// for the step: those above are ignored.
  DISENTANGLE_HD constexpr Block block(std::uint64_t b) const {
    std::uint32_t c0 = static_cast<std::uint32_t>(b);
    std::uint32_t c1 =
        static_cast<std::uint32_t>((b >> 32) & 0xFFFFu) | static_cast<std::uint32_t>(step >> 32) << 16;
    std::uint32_t c2 = static_cast<std::uint32_t>(step);
    std::uint32_t c3 = stream;
    std::uint32_t k0 = static_cast<std::uint32_t>(seed);
    std::uint32_t k1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      std::uint64_t const p0 = std::uint64_t{0xD2511F53u} * c0;
      std::uint64_t const p1 = std::uint64_t{0xCD9E8D57u} * c2;
      std::uint32_t const n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
      std::uint32_t const n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<std::uint32_t>(p1);
      c3 = static_cast<std::uint32_t>(p0);
      c0 = n0;
      c2 = n2;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return {c0, c1, c2, c3};
  }

  /// The i-th 32-bit number.
  DISENTANGLE_HD constexpr std::uint32_t bits(std::uint64_t i) const { return block(i / 4)[i % 4]; }

  /// The i-th uniform number of the open interval (0, 1), an odd multiple of 2^-24: exact in float.
  DISENTANGLE_HD constexpr float uniform(std::uint64_t i) const { return to_uniform(bits(i)); }

  /// The i-th standard normal number (Box-Muller on the block's pairs).
  DISENTANGLE_HD float normal(std::uint64_t i) const { return normals(i / 4)[i % 4]; }

  /// The four standard normal numbers of block b: numbers 4b .. 4b + 3.
  DISENTANGLE_HD FixedArray<float, 4> normals(std::uint64_t b) const {
    Block const x = block(b);
    FixedArray<float, 4> z{};
    for (int pair = 0; pair < 2; ++pair) {
      double const u = to_uniform(x[static_cast<std::size_t>(2 * pair)]);
      double const angle = 2 * std::numbers::pi * to_uniform(x[static_cast<std::size_t>(2 * pair + 1)]);
      double const radius = std::sqrt(-2 * std::log(u));
      z[static_cast<std::size_t>(2 * pair)] = static_cast<float>(radius * std::cos(angle));
      z[static_cast<std::size_t>(2 * pair + 1)] = static_cast<float>(radius * std::sin(angle));
    }
    return z;
  }

  /// The i-th integer of 0 .. n - 1, n > 0 (Lemire's multiplication; bias below n / 2^32).
  DISENTANGLE_HD constexpr std::uint32_t integer(std::uint64_t i, std::uint32_t n) const {
    return static_cast<std::uint32_t>((std::uint64_t{bits(i)} * n) >> 32);
  }

  DISENTANGLE_HD [[nodiscard]] static constexpr float to_uniform(std::uint32_t bits) {
    return static_cast<float>(bits >> 9) * 0x1p-23f + 0x1p-24f;
  }
};

/// A pseudo-random permutation of 0 .. n - 1, evaluated at one index without storage: a four-round Feistel
/// network on the smallest even number of bits, 2 at least, that holds n, walked until it lands below n: at
/// most four rounds on average. n at least 1.
class Permutation {
 public:
  constexpr Permutation(Philox key, std::uint64_t n) : key_(key), n_(n) {
    while ((std::uint64_t{1} << (2 * half_)) < n) ++half_;
  }
  constexpr std::uint64_t operator()(std::uint64_t i) const {
    std::uint64_t const mask = (std::uint64_t{1} << half_) - 1;
    do {
      std::uint64_t left = i >> half_;
      std::uint64_t right = i & mask;
      for (std::uint64_t round = 0; round < 4; ++round) {
        std::uint64_t const mixed = left ^ (key_.block(right | round << 40)[0] & mask);
        left = right;
        right = mixed;
      }
      i = left << half_ | right;
    } while (i >= n_);
    return i;
  }

 private:
  Philox key_;
  std::uint64_t n_;
  unsigned half_ = 1;
};

}  // namespace disentangle
