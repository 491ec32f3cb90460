// SPDX-License-Identifier: Apache-2.0
// JSON files: round trip, order of members, errors with file and position.
#include <disentangle/io/json.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

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
  CHECK(back.names() == std::vector<std::string>{"zebra", "apple", "seed"});
  CHECK(back["seed"].as<std::uint64_t>() == 18446744073709551615u);
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

TEST_CASE("numbers keep their kind and their bits") {
  for (char const* text : {"0", "-1", "18446744073709551615", "-9223372036854775808", "0.1", "1e-05", "20.0",
                           "123456789.125", "1e+20", "-0.0", "true", "null", "\"\"", "[]", "{}"}) {
    CAPTURE(text);
    CHECK(io::to_compact_text(io::parse_json(text, "t")) == text);
  }
  CHECK(io::parse_json("18446744073709551616", "t").as<double>() == 18446744073709551616.0);
  CHECK(io::Json(0.1f).as<double>() == static_cast<double>(0.1f));
  io::Json const large = std::uint64_t{18446744073709551615u};
  CHECK(large.as<long>() == std::nullopt);
  CHECK(io::Json(-1).as<std::uint64_t>() == std::nullopt);
  CHECK(io::Json(1.0).as<int>() == std::nullopt);
  CHECK(io::Json(1.0) == io::Json(1));
  CHECK(io::Json(true) != io::Json(1));
}

TEST_CASE("strings: escapes, surrogate pairs, UTF-8") {
  auto const text = [](char const* json) { return io::parse_json(json, "t").text(); };
  CHECK(text(R"("a\"\\\/\b\f\n\r\t")") == "a\"\\/\b\f\n\r\t");
  CHECK(text(R"("\u00e9\u20AC\ud83d\ude00")") == "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(io::to_compact_text(std::string("\0\x1f\"\n", 4)) == R"("\u0000\u001F\"\n")");
  CHECK(io::to_compact_text("\xC3\xA9") == "\"\xC3\xA9\"");
  // an overlong slash, half of a surrogate pair, beyond U+10FFFF, a character cut off
  CHECK(io::to_compact_text("\xC0\xAF") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  for (char const* broken :
       {"\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", R"("\ud83d")",
        R"("\ude00")", R"("\ud83d\u0041")", R"("\u12g4")", R"("\x")", "\"a\nb\"", "\"a", "\""}) {
    CAPTURE(broken);
    CHECK_THROWS_AS(io::parse_json(broken, "t"), FileError);
  }
}

TEST_CASE("what is no JSON is refused, and where it stops to be any is said") {
  auto const refused = [](std::string const& text, char const* message) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(io::parse_json(text, "t"), doctest::Contains(message), FileError);
  };
  refused("{\n  \"a\": 1,\n  \"b\" 2\n}",
          "t: parse error at line 3, column 7: missing a colon after a name of object member");
  refused("[1, 2", "line 1, column 6: missing a comma or ']' after an array element");
  refused("[1,]", "column 4: invalid value");
  refused("{\"a\": 1,}", "missing a name for object member");
  refused("{a: 1}", "missing a name for object member");
  refused("1 2", "the document root must not be followed by other values");
  refused("nul", "invalid value");
  refused("NaN", "invalid value");
  refused("01", "the document root must not be followed by other values");
  refused("-", "invalid value");
  refused("1.", "miss fraction part in number");
  refused("1e+", "miss exponent in number");
  refused(".5", "invalid value");
  refused("+1", "invalid value");
  refused(" \n", "line 2, column 1: the document is empty");
  refused("{\"a\": 1, \"b\": 2, \"a\": 3}", "two members are named 'a'");
  refused(std::string("[\0]", 3), "invalid value");
  refused(std::string("1\0 2", 4), "expected the end of the text, found the byte 0");
  refused(std::string(100'000, '['), "nested deeper than 512 levels");
  CHECK(io::parse_json(std::string(500, '[') + std::string(500, ']'), "t").size() == 1);
  CHECK(io::parse_json("\xEF\xBB\xBF [ ] ", "t").is_array());
}

TEST_CASE("values: members are found and added, arrays grow, null where there is nothing") {
  io::Json value;
  value["a"]["b"].push_back(1);
  value["a"]["b"].push_back("x");
  CHECK(io::to_text(value) == "{\n  \"a\": {\n    \"b\": [\n      1,\n      \"x\"\n    ]\n  }\n}\n");
  io::Json const copy = value;
  value["a"] = 2;
  CHECK(copy["a"]["b"][1] == "x");
  CHECK(copy["a"]["c"]["d"][7].is_null());
  CHECK(copy.find("z") == nullptr);
  CHECK(copy["a"]["b"].as<std::vector<int>>() == std::nullopt);
  CHECK(io::Json{1, 2}.as<std::vector<int>>() == std::vector<int>{1, 2});
  CHECK(io::Json(std::vector<std::string>{"p", "q"}).as<std::vector<std::string>>()->back() == "q");
}
