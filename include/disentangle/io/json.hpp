// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259): a value, its text, and files of it, read with errors that name the file and the position. Plain
// functions, because checkpoints and scores bring this header into every program (docs/results.md, Compile time).
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>

namespace disentangle::io {

/// A JSON value. Objects keep the order in which their members were added; whole numbers of 64 bits stay exact.
/// Asking a value for what it is not throws a ValueError that says what it is.
class Json {
 public:
  enum class Kind { null, boolean, natural, negative, real, text, list, object };

  Json() = default;  ///< null
  template <std::integral T>
  Json(T value)
      : kind_(std::same_as<T, bool> ? Kind::boolean
              : value < T(0)        ? Kind::negative
                                    : Kind::natural),
        bits_(static_cast<std::uint64_t>(value)) {}
  Json(double value) : kind_(Kind::real), real_(value) {}
  Json(std::string value) : kind_(Kind::text), text_(std::move(value)) {}
  Json(std::string_view value) : kind_(Kind::text), text_(value) {}
  Json(char const* value) : kind_(Kind::text), text_(value) {}

  static Json list() { return Json(Kind::list); }
  static Json object() { return Json(Kind::object); }
  /// A list of the values of a range.
  template <class Range>
  static Json list(Range const& values) {
    Json result = list();
    for (auto const& value : values) result.add(value);
    return result;
  }

  Kind kind() const { return kind_; }
  bool is_text() const { return kind_ == Kind::text; }
  bool is_natural() const { return kind_ == Kind::natural; }
  bool is_list() const { return kind_ == Kind::list; }
  bool is_object() const { return kind_ == Kind::object; }

  bool boolean() const {
    expect(kind_ == Kind::boolean, "true or false");
    return bits_ != 0;
  }
  std::uint64_t natural() const {
    expect(kind_ == Kind::natural, "a natural number");
    return bits_;
  }
  std::int64_t negative() const {
    expect(kind_ == Kind::negative, "a negative number");
    return static_cast<std::int64_t>(bits_);
  }
  /// Any number, the nearest double for a whole one.
  double number() const {
    expect(kind_ == Kind::natural || kind_ == Kind::negative || kind_ == Kind::real, "a number");
    if (kind_ == Kind::real) return real_;
    return kind_ == Kind::natural ? static_cast<double>(bits_) : static_cast<double>(negative());
  }
  std::string const& text() const {
    expect(kind_ == Kind::text, "text");
    return text_;
  }

  /// Values in a list, or members of an object; 0 for anything else.
  std::size_t size() const { return items_.size(); }
  /// The i-th value of a list, or member of an object.
  template <std::integral Index>
  Json const& operator[](Index i) const {
    return item(static_cast<std::size_t>(i));
  }
  std::string const& name(std::size_t i) const {
    expect(kind_ == Kind::object && i < names_.size(), "an object");
    return names_[i];
  }
  /// The member of an object, or null if there is none; looks through all of them.
  Json const* find(std::string_view name) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return &items_[i];
    }
    return nullptr;
  }
  Json const& operator[](std::string_view name) const {
    expect(kind_ == Kind::object, "an object");
    if (Json const* const member = find(name)) return *member;
    throw ValueError("JSON: found no member '" + std::string(name) + "'");
  }

  /// Appends to a list.
  Json& add(Json value) {
    expect(kind_ == Kind::list, "a list");
    items_.push_back(std::move(value));
    return *this;
  }
  /// Appends a member to an object; that it has none of this name is the caller's to see to.
  Json& add(std::string name, Json value) {
    expect(kind_ == Kind::object, "an object");
    names_.push_back(std::move(name));
    items_.push_back(std::move(value));
    return *this;
  }

  friend bool operator==(Json const& a, Json const& b) = default;

 private:
  explicit Json(Kind kind) : kind_(kind) {}

  Json const& item(std::size_t i) const {
    expect(kind_ == Kind::list || kind_ == Kind::object, "a list or an object");
    if (i >= items_.size()) {
      throw ValueError("JSON: found " + std::to_string(items_.size()) + " values, expected more than " +
                       std::to_string(i));
    }
    return items_[i];
  }

  void expect(bool holds, char const* expected) const {
    constexpr char const* names[] = {"null",        "true or false", "a natural number", "a negative number",
                                     "real number", "text",          "a list",           "an object"};
    if (!holds) {
      throw ValueError("JSON: found " + std::string(names[static_cast<int>(kind_)]) + ", expected " +
                       expected);
    }
  }

  Kind kind_ = Kind::null;
  std::uint64_t bits_ = 0;  // of a boolean or whole number, negative ones in two's complement
  double real_ = 0;
  std::string text_;
  std::vector<Json> items_;
  std::vector<std::string> names_;  // of an object's members
};

namespace detail {

/// Bytes of the UTF-8 character that text[i] begins; 0 where none does. @pre i < text.size()
inline std::size_t utf8_length(std::string_view text, std::size_t i) {
  auto const byte = [&](std::size_t k) {
    return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
  };
  unsigned const first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  std::size_t const length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) ||  // overlong, surrogates
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90)) {  // overlong, above U+10FFFF
    return 0;
  }
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return 0;
  }
  return length;
}

inline void append_utf8(std::string& text, std::uint32_t code) {
  auto const add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6);
    add(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  }
}

/// Appends a string in quotation marks; bytes that are no UTF-8 become U+FFFD.
inline void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view special = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    std::size_t const length = utf8_length(text, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (auto const escape = special.find(text[i]); escape != special.npos) {
      (out += '\\') += letters[escape];
    } else if (static_cast<unsigned char>(text[i]) < 0x20) {
      constexpr char const* digits = "0123456789abcdef";
      ((out += "\\u00") += digits[text[i] / 16]) += digits[text[i] % 16];
    } else {
      out.append(text, i, length);
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

/// The shortest text that reads back as the same number, with a point or an exponent in it; null where JSON has none.
inline void append_real(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char buffer[32];
  std::string_view const text(
      buffer, static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, value).ptr - buffer));
  out += text;
  if (text.find_first_of(".e") == text.npos) out += ".0";
}

/// Appends the text of a value. indent < 0: all in one line without spaces, else every value on a line of its own.
inline void append_json(std::string& out, Json const& value, int indent) {
  auto const new_line = [&](int spaces) {
    if (indent >= 0) (out += '\n').append(static_cast<std::size_t>(spaces), ' ');
  };
  switch (value.kind()) {
    case Json::Kind::null: out += "null"; return;
    case Json::Kind::boolean: out += value.boolean() ? "true" : "false"; return;
    case Json::Kind::natural: out += std::to_string(value.natural()); return;
    case Json::Kind::negative: out += std::to_string(value.negative()); return;
    case Json::Kind::real: append_real(out, value.number()); return;
    case Json::Kind::text: append_quoted(out, value.text()); return;
    case Json::Kind::list:
    case Json::Kind::object: break;
  }
  bool const named = value.is_object();
  out += named ? '{' : '[';
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i != 0) out += ',';
    new_line(indent + 2);
    if (named) {
      append_quoted(out, value.name(i));
      out += indent >= 0 ? ": " : ":";
    }
    append_json(out, value[i], indent >= 0 ? indent + 2 : indent);
  }
  if (value.size() != 0) new_line(indent);
  out += named ? '}' : ']';
}

/// Reads one JSON text from front to back.
class JsonParser {
 public:
  JsonParser(std::string_view text, std::string const& name) : text_(text), name_(name) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
  }

  Json whole() {
    Json result = value(0);
    skip_space();
    if (at_ != text_.size()) fail("the end");
    return result;
  }

 private:
  static constexpr int deepest = 200;

  /// Throws: the parser stands before what it did not expect.
  [[noreturn]] void fail(std::string const& expected) const {
    std::size_t line = 1, column = 1;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      column = text_[i] == '\n' ? 1 : column + 1;
      line += text_[i] == '\n' ? 1 : 0;
    }
    std::string found = "the end of the text";
    if (at_ < text_.size()) {
      found.clear();
      append_quoted(found, text_.substr(at_, std::max<std::size_t>(1, utf8_length(text_, at_))));
    }
    throw FileError(name_, "parse error at line " + std::to_string(line) + ", column " +
                               std::to_string(column) + ": found " + found + ", expected " + expected);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_space() {
    while (take(' ') || take('\n') || take('\r') || take('\t')) {
    }
  }

  Json value(int depth) {
    if (depth > deepest) fail("at most " + std::to_string(deepest) + " values inside each other");
    skip_space();
    if (take('{')) return object(depth);
    if (take('[')) return list(depth);
    if (peek() == '"') return quoted();
    if (take("true")) return true;
    if (take("false")) return false;
    if (take("null")) return {};
    return number();
  }

  Json list(int depth) {
    Json result = Json::list();
    skip_space();
    if (take(']')) return result;
    for (;;) {
      result.add(value(depth + 1));
      skip_space();
      if (take(']')) return result;
      if (!take(',')) fail("',' or ']'");
    }
  }

  Json object(int depth) {
    Json result = Json::object();
    std::set<std::string> names;
    skip_space();
    if (take('}')) return result;
    for (;;) {
      skip_space();
      std::size_t const begin = at_;
      std::string name = quoted();
      if (!names.insert(name).second) {
        at_ = begin;
        fail("no second member named '" + name + "'");
      }
      skip_space();
      if (!take(':')) fail("':'");
      result.add(std::move(name), value(depth + 1));
      skip_space();
      if (take('}')) return result;
      if (!take(',')) fail("',' or '}'");
    }
  }

  std::string quoted() {
    if (!take('"')) fail("'\"'");
    std::string result;
    while (!take('"')) {
      if (peek() == '\\') {
        escape(result);
      } else {
        std::size_t const length = at_ < text_.size() ? utf8_length(text_, at_) : 0;
        if (length == 0 || static_cast<unsigned char>(peek()) < 0x20)
          fail("a character of UTF-8 text or '\"'");
        result.append(text_, at_, length);
        at_ += length;
      }
    }
    return result;
  }

  void escape(std::string& result) {
    constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    std::size_t const begin = at_++;
    if (auto const letter = letters.find(peek()); at_ < text_.size() && letter != letters.npos) {
      result += meant[letter];
      ++at_;
      return;
    }
    if (!take('u')) fail("one of \"\\/bfnrtu");
    std::uint32_t code = four_digits();
    if (code >= 0xD800 && code < 0xDC00 && take("\\u")) {
      std::uint32_t const low = four_digits();
      code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0xD800;
    }
    if (code >= 0xD800 && code < 0xE000) {
      at_ = begin;
      fail("a pair of surrogates");
    }
    append_utf8(result, code);
  }

  std::uint32_t four_digits() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      char const c = peek();
      bool const is_digit = c >= '0' && c <= '9', is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
      if (!is_digit && !is_letter) fail("a hexadecimal digit");
      code = code * 16 + static_cast<std::uint32_t>(is_digit ? c - '0' : (c | 0x20) - 'a' + 10);
      ++at_;
    }
    return code;
  }

  bool digits() {
    std::size_t const begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > begin;
  }

  Json number() {
    std::size_t const begin = at_;
    bool const is_negative = take('-');
    bool whole = true;
    if (!take('0') && !digits()) fail(at_ == begin ? "a value" : "a digit");
    if (take('.')) {
      whole = false;
      if (!digits()) fail("a digit");
    }
    if (take('e') || take('E')) {
      whole = false;
      if (!take('-')) take('+');
      if (!digits()) fail("a digit");
    }
    char const *const first = text_.data() + begin, *const last = text_.data() + at_;
    std::uint64_t natural = 0;
    std::int64_t negative = 0;
    if (whole && !is_negative && std::from_chars(first, last, natural).ec == std::errc{}) return natural;
    if (whole && is_negative && std::from_chars(first, last, negative).ec == std::errc{}) return negative;
    double real = 0;
    if (std::from_chars(first, last, real).ec != std::errc{}) {
      at_ = begin;
      fail("a number within the range of double");
    }
    return real;
  }

  std::string_view text_;
  std::string const& name_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Parses text; `name` stands in the messages. Two members of one name are refused. @throws FileError with line and column.
inline Json parse_json(std::string_view text, std::string const& name) {
  return detail::JsonParser(text, name).whole();
}

/// Reads a JSON file. @throws FileError with the path, line and column of what is wrong.
inline Json read_json(std::filesystem::path const& path) {
  auto const bytes = InputFile(path).read_all();
  return parse_json({reinterpret_cast<char const*>(bytes.data()), bytes.size()}, path.string());
}

/// Text of a JSON value, indented by two spaces, ending in a newline. NaN and infinity, which JSON cannot
/// say, become null; bytes that are no UTF-8 become U+FFFD.
inline std::string to_text(Json const& value) {
  std::string text;
  detail::append_json(text, value, 0);
  return text += '\n';
}

/// The same in one line without spaces and newline.
inline std::string to_line(Json const& value) {
  std::string text;
  detail::append_json(text, value, -1);
  return text;
}

/// Writes a JSON file, beside and renamed.
inline void write_json(std::filesystem::path const& path, Json const& value) {
  write_file(path, to_text(value));
}

}  // namespace disentangle::io
