// SPDX-License-Identifier: Apache-2.0
// JSON files: round trip, order of members, errors with file and position.
#include <disentangle/io/json.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace io = disentangle::io;
using disentangle::FileError;

TEST_CASE("a value survives a file, members keep their order") {
  test_support::ScratchFolder folder;
  io::Json value;
  value["zebra"] = 1;
  value["apple"] = {1.5, "two", nullptr, true};
  value["seed"] = std::uint64_t{18446744073709551615u};
  io::write_json(folder / "a.json", value);
  io::Json const back = io::read_json(folder / "a.json");
  CHECK(back == value);
  CHECK(back.begin().key() == "zebra");
  CHECK(back["seed"].get<std::uint64_t>() == 18446744073709551615u);
}

TEST_CASE("what JSON cannot hold is replaced, not thrown") {
  CHECK(io::to_text(std::numeric_limits<double>::quiet_NaN()) == "null\n");
  CHECK(io::to_text("a\xff") == "\"a\xEF\xBF\xBD\"\n");
}

TEST_CASE("errors name file and position") {
  test_support::ScratchFolder folder;
  io::write_file(folder / "bad.json", "{\n  \"a\": 1,\n  \"b\" 2\n}\n");
  CHECK_THROWS_WITH_AS(io::read_json(folder / "bad.json"),
                       doctest::Contains("bad.json: parse error at line 3, column"), FileError);
  CHECK_THROWS_WITH_AS(io::read_json(folder / "none.json"), doctest::Contains("none.json: no such file"),
                       FileError);
  CHECK_THROWS_AS(io::parse_json("", "empty"), FileError);
  CHECK_THROWS_AS(io::parse_json("1e999", "number"), FileError);
}
