// SPDX-License-Identifier: Apache-2.0
// JSON: text and files, order of members, exact numbers, errors with file and position; on random and on broken texts the
// same verdicts and values as nlohmann's library.
#include <disentangle/io/json.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <random>
#include <vector>

namespace io = disentangle::io;
using disentangle::FileError;
using disentangle::ValueError;

namespace {

/// The same value, walked side by side.
bool same(io::Json const& own, nlohmann::ordered_json const& other) {
  switch (own.kind()) {
    case io::Json::Kind::null: return other.is_null();
    case io::Json::Kind::boolean: return other.is_boolean() && other.get<bool>() == own.boolean();
    case io::Json::Kind::natural:
      return other.is_number_unsigned() && other.get<std::uint64_t>() == own.natural();
    case io::Json::Kind::negative:
      return other.is_number_integer() && other.get<std::int64_t>() == own.negative();
    case io::Json::Kind::real: return other.is_number() && other.get<double>() == own.number();
    case io::Json::Kind::text: return other.is_string() && other.get<std::string>() == own.text();
    case io::Json::Kind::list:
    case io::Json::Kind::object: break;
  }
  if (own.is_object() != other.is_object() || own.is_list() != other.is_array() || own.size() != other.size())
    return false;
  std::size_t i = 0;
  for (auto at = other.begin(); at != other.end(); ++at, ++i) {
    if (own.is_object() && own.name(i) != at.key()) return false;
    if (!same(own[i], *at)) return false;
  }
  return true;
}

std::string random_text(std::mt19937& random, int depth) {
  auto const below = [&](unsigned n) { return random() % n; };
  switch (below(depth > 4 ? 6 : 8)) {
    case 0: return below(2) == 0 ? "true" : "null";
    case 1: return std::to_string(static_cast<long long>(random()) - (1ll << 31));
    case 2: return std::to_string(random() * (1ull << 32) + random());
    case 3:
      return std::to_string(static_cast<int>(below(2000)) - 1000) + "." + std::to_string(below(100000)) +
             "e" + std::to_string(static_cast<int>(below(600)) - 300);
    case 4: return "-0.0";
    case 5: {
      constexpr char const* pieces[] = {
          "a", "\\n", "\\u00e9", "\\ud83d\\ude00", "\xc3\xa9", "\xf0\x9f\x98\x80", "\\\"", "\\/", " "};
      std::string text = "\"";
      for (unsigned n = below(6); n > 0; --n) text += pieces[below(std::size(pieces))];
      return text + "\"";
    }
    default: break;
  }
  bool const named = below(2) == 0;
  std::string text = named ? "{" : "[";
  unsigned const size = below(4);
  for (unsigned i = 0; i < size; ++i) {
    text += i == 0 ? " " : " ,\n";
    if (named) text += "\"m" + std::to_string(i) + "\" : ";
    text += random_text(random, depth + 1);
  }
  return text + (named ? "}" : "]");
}

}  // namespace

TEST_CASE("a value survives a file, members keep their order") {
  test_support::ScratchFolder folder;
  io::Json value = io::Json::object();
  value.add("zebra", 1);
  value.add("apple", io::Json::list().add(1.5).add("two").add({}).add(true).add(-3).add(2.0));
  value.add("seed", std::uint64_t{18446744073709551615u});
  value.add("names", io::Json::list(std::vector<std::string>{"shape", "scale"}));
  value.add("none", io::Json::object());
  io::write_json(folder / "a.json", value);
  io::Json const back = io::read_json(folder / "a.json");
  CHECK(back == value);
  CHECK(back.name(0) == "zebra");
  CHECK(back["seed"].natural() == 18446744073709551615u);
  CHECK(back["apple"][4].negative() == -3);
  CHECK(back["apple"][4].number() == -3);
  CHECK(back.find("pear") == nullptr);
  CHECK(io::to_line(back) == R"({"zebra":1,"apple":[1.5,"two",null,true,-3,2.0],"seed":18446744073709551615,)"
                             R"("names":["shape","scale"],"none":{}})");
  CHECK(test_support::read_text(folder / "a.json")
            .starts_with("{\n  \"zebra\": 1,\n  \"apple\": [\n    1.5,\n"));
}

TEST_CASE("asking for what is not there is a named error") {
  io::Json value = io::Json::object();
  value.add("list", io::Json::list().add(1));
  CHECK_THROWS_WITH_AS(value["lost"], doctest::Contains("no member 'lost'"), ValueError);
  CHECK_THROWS_WITH_AS(value["list"][1], doctest::Contains("found 1 values, expected more than 1"),
                       ValueError);
  CHECK_THROWS_WITH_AS(value["list"].text(), doctest::Contains("found a list, expected text"), ValueError);
  CHECK_THROWS_WITH_AS(value["list"][0].boolean(), doctest::Contains("found a natural number"), ValueError);
  CHECK_THROWS_AS(value.add(1), ValueError);
  CHECK_THROWS_AS(io::Json(1).add("a", 1), ValueError);
}

TEST_CASE("what JSON cannot hold is replaced, not thrown") {
  CHECK(io::to_text(std::numeric_limits<double>::quiet_NaN()) == "null\n");
  CHECK(io::to_text("a\xff") == "\"a\xEF\xBF\xBD\"\n");
  CHECK(io::to_line("\x01\n\"") == R"("\u0001\n\"")");
}

TEST_CASE("errors name file and position") {
  test_support::ScratchFolder folder;
  io::write_file(folder / "bad.json", "{\n  \"a\": 1,\n  \"b\" 2\n}\n");
  CHECK_THROWS_WITH_AS(
      io::read_json(folder / "bad.json"),
      doctest::Contains("bad.json: parse error at line 3, column 7: found \"2\", expected ':'"), FileError);
  CHECK_THROWS_WITH_AS(io::read_json(folder / "none.json"), doctest::Contains("none.json: no such file"),
                       FileError);
  CHECK_THROWS_WITH_AS(io::parse_json("", "empty"),
                       doctest::Contains("found the end of the text, expected a value"), FileError);
  CHECK_THROWS_WITH_AS(io::parse_json("1e999", "number"), doctest::Contains("range of double"), FileError);
  CHECK_THROWS_WITH_AS(io::parse_json(R"({"a":1,"a":2})", "twice"),
                       doctest::Contains("no second member named 'a'"), FileError);
  CHECK_THROWS_WITH_AS(io::parse_json(std::string(300, '['), "deep"), doctest::Contains("at most 200"),
                       FileError);
  for (char const* text :
       {"01", "+1", "1.", ".5", "1e", "-", "nul", "[1,]", "{,}", "[1 2]", "\"\\x\"", "\"\\ud800\"",
        "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\n\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "1 1", "\"a"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(io::parse_json(text, "bad"), FileError);
    CHECK_FALSE(nlohmann::json::accept(text));
  }
}

TEST_CASE("random texts are read as by nlohmann's library, and each reads what the other writes") {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string const text = random_text(random, 0);
    CAPTURE(text);
    auto const other = nlohmann::ordered_json::parse(text);
    io::Json const own = io::parse_json(text, "random");
    CHECK(same(own, other));
    CHECK(nlohmann::ordered_json::parse(io::to_text(own)) == other);
    CHECK(nlohmann::ordered_json::parse(io::to_line(own)) == other);
    CHECK(same(io::parse_json(other.dump(), "dump"), other));
  }
}

TEST_CASE("damaged texts get the same verdict as from nlohmann's library") {
  std::mt19937 random(8);
  int accepted = 0, refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = random_text(random, 2);
    constexpr std::string_view bytes = "\"\\{}[]:,.0123456789eE+-truefalsn \n\xc3\xa9";
    for (unsigned n = random() % 3; n > 0; --n) text[random() % text.size()] = bytes[random() % bytes.size()];
    bool own = true;
    try {
      (void)io::parse_json(text, "damaged");
    } catch (FileError const& error) {
      own = false;
      // stricter on purpose: members of one name, and numbers that double cannot hold, too small ones among them
      std::string const message = error.what();
      if (message.find("no second member") != message.npos || message.find("range of double") != message.npos)
        continue;
    }
    CAPTURE(text);
    CHECK(own == nlohmann::json::accept(text));
    ++(own ? accepted : refused);
  }
  CHECK(accepted > 1000);
  CHECK(refused > 1000);
}
