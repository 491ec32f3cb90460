// SPDX-License-Identifier: Apache-2.0
// Every item once, exceptions handed on.
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/metric/detail/parallel_for.hpp>

using disentangle::metric::detail::parallel_for;

TEST_CASE("every item is worked on once, whatever the threads") {
  for (unsigned threads : {0u, 1u, 2u, 5u}) {
    std::vector<int> count(1000, 0);
    parallel_for(count.size(), threads, [&](std::size_t item, std::size_t) { ++count[item]; });
    CHECK(count == std::vector<int>(1000, 1));
  }
  parallel_for(0, 2, [](std::size_t, std::size_t) { FAIL("no item was asked for"); });
}

TEST_CASE("an item's exception reaches the caller") {
  for (unsigned threads : {1u, 3u})
    CHECK_THROWS_AS(parallel_for(100, threads,
                                 [](std::size_t item, std::size_t) {
                                   if (item == 40) throw std::runtime_error("item 40");
                                 }),
                    std::runtime_error);
}
