// SPDX-License-Identifier: Apache-2.0
// Text as JSON values (RFC 8259) by RapidJSON, with errors that name line and column.
#pragma once

// X.h of the X Window System has a macro of the name of one of RapidJSON's functions.
#pragma push_macro("Bool")
#undef Bool

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/io/json_value.hpp>
#include <disentangle/io/utf8.hpp>

namespace disentangle::io {

namespace detail {

/// Takes what RapidJSON reads, and makes values of it.
class JsonBuilder {
 public:
  using Ch = char;
  using Size = rapidjson::SizeType;

  bool Null() { return add(Json(nullptr)); }
  bool Bool(bool value) { return add(value); }
  bool Int(int value) { return add(value); }
  bool Uint(unsigned value) { return add(value); }
  bool Int64(std::int64_t value) { return add(value); }
  bool Uint64(std::uint64_t value) { return add(value); }
  bool Double(double value) { return add(value); }
  bool RawNumber(char const*, Size, bool) { return false; }  // for an option of the reader's that is off
  bool String(char const* text, Size size, bool) {
    return is_text({text, size}) && add(std::string(text, size));
  }
  bool Key(char const* text, Size size, bool) {
    names_.emplace_back(text, size);
    return is_text(names_.back());
  }
  bool StartObject() { return open(Json::object()); }
  bool StartArray() { return open(Json::array()); }
  bool EndArray(Size) { return close(); }
  bool EndObject(Size) {
    std::vector<std::string_view> names(open_.back().names().begin(), open_.back().names().end());
    std::sort(names.begin(), names.end());
    auto const twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) {
      fault_ = "two members are named '" + std::string(*twice) + "'";
      return false;
    }
    return close();
  }

  Json&& result() { return std::move(result_); }
  /// What was refused here; empty where RapidJSON refused it.
  std::string const& fault() const { return fault_; }

 private:
  /// Deeper nesting is no file of anybody's, and would need as much of the stack.
  static constexpr std::size_t deepest = 512;

  /// RapidJSON takes the second half of a surrogate pair alone, which is no character.
  bool is_text(std::string_view text) {
    if (valid_utf8(text) == text) return true;
    fault_ = "found half of a surrogate pair, expected both";
    return false;
  }
  bool add(Json value) {
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (open_.back().is_array()) {
      open_.back().push_back(std::move(value));
    } else {
      open_.back().add(std::move(names_.back()), std::move(value));
      names_.pop_back();
    }
    return true;
  }
  bool open(Json value) {
    if (open_.size() >= deepest) {
      fault_ = "nested deeper than " + std::to_string(deepest) + " levels";
      return false;
    }
    open_.push_back(std::move(value));
    return true;
  }
  bool close() {
    Json value = std::move(open_.back());
    open_.pop_back();
    return add(std::move(value));
  }

  std::vector<Json> open_;
  std::vector<std::string> names_;  // of members whose values are being read
  Json result_;
  std::string fault_;
};

[[noreturn]] inline void fail_json(std::string const& name, std::string_view text, std::size_t at,
                                   std::string what) {
  at = std::min(at, text.size());
  std::string_view const before = text.substr(0, at);
  auto const line = std::count(before.begin(), before.end(), '\n') + 1;
  std::size_t const column = at - (before.rfind('\n') + 1) + 1;
  if (!what.empty()) what[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(what[0])));
  while (what.ends_with('.')) what.pop_back();
  throw FileError(name, "parse error at line " + std::to_string(line) + ", column " + std::to_string(column) +
                            ": " + what);
}

}  // namespace detail

/// Parses text; `name` stands in the messages. Throws FileError with line and column, also for an object that
/// has two members of one name.
[[nodiscard]] inline Json parse_json(std::string_view text, std::string const& name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  constexpr unsigned flags = rapidjson::kParseFullPrecisionFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  detail::JsonBuilder builder;
  rapidjson::Reader reader;
  auto const result = reader.Parse<flags>(stream, builder);
  if (result.IsError()) {
    std::string what = builder.fault();
    if (what.empty()) what = rapidjson::GetParseError_En(result.Code());
    detail::fail_json(name, text, result.Offset(), std::move(what));
  }
  // RapidJSON takes a byte 0 behind the value for the end of the text
  if (stream.Tell() != text.size())
    detail::fail_json(name, text, stream.Tell(), "expected the end of the text, found the byte 0");
  return builder.result();
}

}  // namespace disentangle::io

#pragma pop_macro("Bool")
