// SPDX-License-Identifier: Apache-2.0
// The random integers that sampled metrics draw. Any generator with an integer(n) member will do, so that a
// metric can be replayed on another library's stream.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include <disentangle/core/philox.hpp>

namespace disentangle::metric {

/// rng.integer(n) draws the next integer of 0 .. n - 1, uniformly.
template <class R>
concept random_integers = requires(R& rng, std::uint32_t n) {
  { rng.integer(n) } -> std::integral;
};

/// Philox numbers one after another. The library's default.
class RandomIntegers {
 public:
  /// The numbers of a seed for one named use ("metric/mig").
  RandomIntegers(Seed seed, std::string_view use) : key_{seed.value, stream(use), 0} {}
  std::uint32_t integer(std::uint32_t n) { return key_.integer(next_++, n); }

 private:
  Philox key_;
  std::uint64_t next_ = 0;
};

}  // namespace disentangle::metric
