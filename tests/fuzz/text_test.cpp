// SPDX-License-Identifier: Apache-2.0
// Damaged CSV and JSON files: success or a named error, whatever the bytes.
#include <disentangle/io/csv.hpp>
#include <disentangle/io/json.hpp>

#include "corrupt.hpp"

namespace {

namespace io = disentangle::io;

void read_json(fuzz::Bytes bytes) {
  (void)io::to_text(io::parse_json({reinterpret_cast<char const*>(bytes.data()), bytes.size()}, "fuzz.json"));
}

void read_csv(fuzz::Bytes bytes) {
  auto const table = io::parse_csv({reinterpret_cast<char const*>(bytes.data()), bytes.size()}, "fuzz.csv");
  for (auto const& name : table.names) (void)table.numbers<double>(name);
}

/// Both readers on the same bytes.
[[maybe_unused]] void read_everything(fuzz::Bytes bytes) {
  try {
    read_json(bytes);
  } catch (disentangle::Error const&) {
  }
  read_csv(std::move(bytes));
}

}  // namespace

#ifdef DISENTANGLE_LIBFUZZER
DISENTANGLE_FUZZ_ENTRY(read_everything)
#else
#include "tests/unit/io/scratch_folder.hpp"

TEST_CASE("JSON") {
  auto const valid =
      test_support::to_bytes(R"({"method": "BetaTcVae", "beta": 6.5, "list": [1, -2, 3e4, true, null], )"
                             R"("nested": {"caf\u00e9": "\ud83d\ude00"}})");
  CHECK_NOTHROW(read_json(valid));
  auto const outcome = fuzz::damage(valid, read_json, 10000, 7);
  CHECK(outcome.refused > 3000);
  CHECK(outcome.accepted > 100);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 20));
}

TEST_CASE("CSV") {
  auto const valid =
      test_support::to_bytes("step,loss,\"a \"\"b\"\"\"\r\n1,0.5,7\r\n2,1e-3,\"8\"\r\n3,nan,9\r\n");
  CHECK_NOTHROW(read_csv(valid));
  auto const outcome = fuzz::damage(valid, read_csv, 10000, 8);
  CHECK(outcome.refused > 3000);
  CHECK(outcome.accepted > 100);
  CHECK(fuzz::largest_allocation < (std::size_t{1} << 20));
}
#endif
