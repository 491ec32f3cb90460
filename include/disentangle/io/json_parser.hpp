// SPDX-License-Identifier: Apache-2.0
// Text as JSON values (RFC 8259), with errors that name line and column.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/io/json_value.hpp>
#include <disentangle/io/utf8.hpp>

namespace disentangle::io {

namespace detail {

/// Reads one text by recursive descent.
class JsonParser {
 public:
  JsonParser(std::string_view text, std::string const& name) : text_(text), name_(name) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
  }

  Json parse() {
    Json result = value(0);
    skip_blanks();
    if (at_ < text_.size()) expected("the end of the text");
    return result;
  }

 private:
  /// Deeper nesting is no file of anybody's, and would need as much of the stack.
  static constexpr int deepest = 512;

  [[noreturn]] void fail(std::string const& what) const {
    std::string_view const before = text_.substr(0, at_);
    auto const line = std::count(before.begin(), before.end(), '\n') + 1;
    std::size_t const column = at_ - (before.rfind('\n') + 1) + 1;
    throw FileError(name_, "parse error at line " + std::to_string(line) + ", column " +
                               std::to_string(column) + ": " + what);
  }
  [[noreturn]] void expected(std::string const& what) const {
    std::size_t const length = utf8_length(text_.substr(at_));
    fail("expected " + what + ", found " +
         (at_ >= text_.size()  ? "the end of the text"
          : text_[at_] == '\n' ? "the end of the line"
          : length == 0 || static_cast<unsigned char>(text_[at_]) < 0x20
              ? "the byte " + std::to_string(static_cast<unsigned char>(text_[at_]))
              : "'" + std::string(text_.substr(at_, length)) + "'"));
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (next() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  Json value(int depth) {
    if (depth > deepest) fail("nested deeper than " + std::to_string(deepest) + " levels");
    skip_blanks();
    switch (next()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return string();
      case 't': return word("true", true);
      case 'f': return word("false", false);
      case 'n': return word("null", nullptr);
      default: return number();
    }
  }

  Json word(std::string_view spelling, Json meaning) {
    if (!text_.substr(at_).starts_with(spelling)) expected("a value");
    at_ += spelling.size();
    return meaning;
  }

  Json object(int depth) {
    ++at_;
    Json result = Json::object();
    skip_blanks();
    if (take('}')) return result;
    do {
      skip_blanks();
      if (next() != '"') expected("the name of a member in quotes");
      std::string name = string();
      skip_blanks();
      if (!take(':')) expected("':'");
      result.add(std::move(name), value(depth + 1));
      skip_blanks();
    } while (take(','));
    if (!take('}')) expected("',' or '}'");
    std::vector<std::string_view> names(result.names().begin(), result.names().end());
    std::sort(names.begin(), names.end());
    auto const twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) fail("two members are named '" + std::string(*twice) + "'");
    return result;
  }

  Json array(int depth) {
    ++at_;
    Json result = Json::array();
    skip_blanks();
    if (take(']')) return result;
    do {
      result.push_back(value(depth + 1));
      skip_blanks();
    } while (take(','));
    if (!take(']')) expected("',' or ']'");
    return result;
  }

  std::string string() {
    ++at_;
    std::string result;
    while (!take('"')) {
      std::size_t const length = utf8_length(text_.substr(at_));
      if (take('\\')) {
        escape(result);
      } else if (at_ >= text_.size() || length == 0 || static_cast<unsigned char>(next()) < 0x20) {
        expected(at_ >= text_.size() ? "'\"'" : "a character of a string in UTF-8");
      } else {
        result += text_.substr(at_, length);
        at_ += length;
      }
    }
    return result;
  }

  void escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    if (auto const which = letters.find(next()); which != letters.npos && at_ < text_.size()) {
      out += meanings[which];
      ++at_;
    } else if (take('u')) {
      unsigned code = four_digits();
      if (code >= 0xD800 && code < 0xDC00) {  // the first half of a pair
        if (!take('\\') || !take('u')) expected("the second half of a surrogate pair");
        unsigned const second = four_digits();
        if (second < 0xDC00 || second > 0xDFFF) fail("found half of a surrogate pair, expected both");
        code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
      } else if (code >= 0xDC00 && code <= 0xDFFF) {
        fail("found half of a surrogate pair, expected both");
      }
      append_utf8(out, code);
    } else {
      expected("one of \"\\/bfnrtu after '\\'");
    }
  }

  unsigned four_digits() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      char const c = next();
      int const digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) expected("four hexadecimal digits");
      code = code * 16 + static_cast<unsigned>(digit);
    }
    return code;
  }

  Json number() {
    std::size_t const begin = at_;
    bool const negative = take('-');
    if (!is_digit()) expected(negative ? "a digit" : "a value");
    if (!take('0')) skip_digits();
    bool whole = true;
    if (take('.')) {
      whole = false;
      skip_digits();
    }
    if (next() == 'e' || next() == 'E') {
      whole = false;
      ++at_;
      if (!take('+')) static_cast<void>(take('-'));
      skip_digits();
    }
    std::string_view const digits = text_.substr(begin, at_ - begin);
    if (std::uint64_t natural = 0; whole && !negative && read_number(digits, natural)) return natural;
    if (std::int64_t integer = 0; whole && negative && read_number(digits, integer)) return integer;
    double real = 0;
    if (!read_number(digits, real)) {
      at_ = begin;
      fail("the number " + std::string(digits) + " is out of range");
    }
    return real;
  }
  bool is_digit() const { return next() >= '0' && next() <= '9'; }
  void skip_digits() {
    if (!is_digit()) expected("a digit");
    while (is_digit()) ++at_;
  }

  std::string_view text_;
  std::string const& name_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Parses text; `name` stands in the messages. Throws FileError with line and column, also for an object that
/// has two members of one name.
inline Json parse_json(std::string_view text, std::string const& name) {
  return detail::JsonParser(text, name).parse();
}

}  // namespace disentangle::io
