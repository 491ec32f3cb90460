// SPDX-License-Identifier: Apache-2.0
// The synthetic inputs of the metric tests are the ones that the reference values were computed from, to the
// bit.
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/metric_reference.hpp"

using namespace disentangle;

TEST_CASE("the generator gives the published numbers of splitmix64") {
  test::SplitMix64 stream{0};
  CHECK(stream.next() == 0xe220a8397b1dcdafu);
  CHECK(stream.next() == 0x6e789e6aa1b965f4u);
  CHECK(stream.next() == 0x06c45d188009454fu);
}

TEST_CASE("factors and codes of every case have the recorded hashes") {
  auto const recorded = test::read_json(test::metric_reference_folder() / "inputs.json");
  for (std::string const& name : test::reference_names()) {
    CAPTURE(name);
    auto const arrays = test::reference_arrays(name);
    std::vector<std::int64_t> const factors(arrays.factors.values.begin(), arrays.factors.values.end());
    CHECK(test::fnv1a64(factors.data(), factors.size() * 8) ==
          std::stoull(recorded[name]["fnv1a64_factors_int64_le"].get<std::string>(), nullptr, 16));
    CHECK(test::fnv1a64(arrays.codes.values.data(), arrays.codes.values.size() * 8) ==
          std::stoull(recorded[name]["fnv1a64_codes_float64_le"].get<std::string>(), nullptr, 16));
  }
}
