// SPDX-License-Identifier: Apache-2.0
// Compares the rows of a topic with those of the CPU in double, and writes what it found to
// <topic>.<backend>.rows in the working directory, for the matrix (matrix.cpp). A row that ends the program
// stands there as FAILED, because its line is written before it runs and again after. The environment
// variable DISENTANGLE_TEST_TOPIC names the topic, one of those that are linked to this program, and
// DISENTANGLE_TEST_COLUMN the column where a backend has several (schedules of the CUDA emulation).
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/backends/support/registry.hpp"

using namespace disentangle::test;

namespace {

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\t' || c == '|') c = ' ';
  }
  return text;
}

}  // namespace

TEST_CASE("every row agrees with the CPU in double") {
  char const* const chosen = std::getenv("DISENTANGLE_TEST_TOPIC");
  REQUIRE_MESSAGE(chosen != nullptr, "DISENTANGLE_TEST_TOPIC is not set, expected a topic such as dense");
  Topic const* reference = nullptr;
  Topic const* tested = nullptr;
  int found_topics = 0;
  for (Topic const& topic : topics()) {
    if (topic.name != chosen) continue;
    ++found_topics;
    if (topic.run_as_reference) reference = &topic;
    if (tested == nullptr || !topic.run_as_reference) tested = &topic;
  }
  REQUIRE_MESSAGE(reference != nullptr, "the topic " << chosen << " is not in this program");
  REQUIRE(found_topics == (tested == reference ? 1 : 2));

  std::vector<Row> expected;
  reference->run_as_reference([](std::string const&) {},
                              [&](Row row) { expected.push_back(std::move(row)); });
  REQUIRE(expected.size() > 0);

  char const* const column = std::getenv("DISENTANGLE_TEST_COLUMN");
  std::ofstream file(tested->name + "." + (column != nullptr ? column : tested->backend) + ".rows");
  std::size_t next = 0;
  tested->run(
      [&](std::string const& name) { file << name << "\tFAILED\tit ended the program\n"
                                          << std::flush; },
      [&](Row row) {
        REQUIRE(next < expected.size());
        Agreement const found = compare(row, expected[next++], tested->tolerances);
        char error[32];
        std::snprintf(error, sizeof error, "%.1e", found.error);
        file << row.name << '\t' << (found.agrees ? error : "FAILED") << '\t' << one_line(found.text) << '\n'
             << std::flush;
        CHECK_MESSAGE(found.agrees, row.name << ": " << found.text);
      });
  CHECK(next == expected.size());
}
