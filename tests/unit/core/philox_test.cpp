// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10: the published answers, separate streams, the range of its numbers; the permutation without
// storage.
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/philox.hpp>

using namespace disentangle;

TEST_CASE("known answers of Random123") {
  CHECK(Philox{}.block(0) == Philox::Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  Philox const ones{0xffffffffffffffffull, 0xffffffffu, 0xffffffffffffull};
  CHECK(ones.block(0xffffffffffffull) == Philox::Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0: the digits of pi
  Philox const pi{0x299f31d0a4093822ull, 0x03707344u, 0x85a313198a2eull};
  CHECK(pi.block(0x08d3243f6a88ull) == Philox::Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
  static_assert(Philox{}.bits(2) == 0xbc57ac4c);
}

TEST_CASE("seed, stream, step and index each change the numbers") {
  std::set<std::uint32_t> seen;
  for (std::uint64_t seed_value : {0u, 1u}) {
    for (std::uint32_t s : {stream("a"), stream("b")}) {
      for (std::uint64_t step : {0ull, 1ull, 1ull << 32}) {
        for (std::uint64_t i : {0ull, 1ull, 4ull, 1ull << 34})
          seen.insert(Philox{seed_value, s, step}.bits(i));
      }
    }
  }
  CHECK(seen.size() == 2 * 2 * 3 * 4);
}

TEST_CASE("uniform numbers lie strictly between 0 and 1") {
  CHECK(Philox::to_uniform(0) > 0);
  CHECK(Philox::to_uniform(0xffffffffu) < 1);
  CHECK(1 - Philox::to_uniform(0xffffffffu) == Philox::to_uniform(0));
  Philox const random{1, 2, 3};
  double mean = 0, squares = 0;
  int const n = 100000;
  for (int i = 0; i < n; ++i) {
    double const u = static_cast<double>(random.uniform(static_cast<std::uint64_t>(i)));
    mean += u / n;
    squares += u * u / n;
  }
  CHECK(mean == doctest::Approx(0.5).epsilon(0.01));
  CHECK(squares - mean * mean == doctest::Approx(1 / 12.0).epsilon(0.02));
}

TEST_CASE("normal numbers: moments, tails, the block form") {
  Philox const random{4, 5, 6};
  double mean = 0, squares = 0, product = 0;
  int beyond_two = 0;
  int const n = 100000;
  for (std::uint64_t i = 0; i < n; ++i) {
    double const z = static_cast<double>(random.normal(i));
    mean += z / n, squares += z * z / n;
    product += z * static_cast<double>(random.normal(i ^ 1)) / n;
    beyond_two += std::abs(z) > 2;
  }
  CHECK(std::abs(mean) < 0.015);
  CHECK(squares == doctest::Approx(1).epsilon(0.02));
  CHECK(std::abs(product) < 0.015);
  CHECK(beyond_two / static_cast<double>(n) == doctest::Approx(0.0455).epsilon(0.06));
  CHECK(random.normals(9)[3] == random.normal(39));
}

TEST_CASE("integers are even over their range") {
  Philox const random{7, 8, 9};
  std::vector<int> counts(7);
  for (std::uint64_t i = 0; i < 70000; ++i) {
    auto const k = random.integer(i, 7);
    REQUIRE(k < 7);
    ++counts[k];
  }
  for (int count : counts) CHECK(std::abs(count - 10000) < 400);
}

TEST_CASE("a permutation visits every index once, in an order that the key decides") {
  for (std::uint64_t n : {1u, 2u, 3u, 4u, 5u, 17u, 64u, 1000u}) {
    CAPTURE(n);
    Permutation const p(Philox{1, 2, 3}, n), q(Philox{1, 2, 4}, n);
    std::set<std::uint64_t> seen;
    std::uint64_t same = 0, fixed = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      REQUIRE(p(i) < n);
      seen.insert(p(i));
      same += p(i) == q(i);
      fixed += p(i) == i;
    }
    CHECK(seen.size() == n);
    if (n >= 64) {
      CHECK(same < n / 8);
      CHECK(fixed < n / 8);
    }
  }
  Permutation const large(Philox{}, 5'000'000'000ull);
  CHECK(large(4'999'999'999ull) < 5'000'000'000ull);
}
