// SPDX-License-Identifier: Apache-2.0
// JSON values as text.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <disentangle/io/json_value.hpp>
#include <disentangle/io/utf8.hpp>

namespace disentangle::io {

/// Appends a string in quotes, escaped. Bytes that are no UTF-8 become U+FFFD.
inline void append_json_string(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    char const c = text[i];
    std::size_t const length = utf8_length(text.substr(i));
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view named = "\b\f\n\r\t", letters = "bfnrt";
      auto const at = named.find(c);
      out += '\\';
      if (at != named.npos) out += letters[at];
      else ((out += "u00") += digits[c >> 4]) += digits[c & 15];
    } else if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

namespace detail {

/// The shortest text that reads back exactly, and as a floating point number: 20.0, 1e-05. NaN and infinity,
/// which JSON cannot say, become null.
inline void append_json_real(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  double const size = std::fabs(value);
  bool const plain = size == 0 || (size >= 1e-4 && size < 1e15);
  char text[40];
  char* const end = std::to_chars(text, text + sizeof text, value,
                                  plain ? std::chars_format::fixed : std::chars_format::scientific)
                        .ptr;
  std::string_view const written(text, static_cast<std::size_t>(end - text));
  out += written;
  if (plain && written.find('.') == written.npos) out += ".0";
}

inline void append_json_line_break(std::string& out, int indent, int depth) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent * depth), ' ');
}

inline void append_json(std::string& out, Json const& value, int indent, int depth) {
  switch (value.kind()) {
    case Json::Kind::null: out += "null"; return;
    case Json::Kind::boolean: out += *value.as<bool>() ? "true" : "false"; return;
    case Json::Kind::negative: out += std::to_string(*value.as<std::int64_t>()); return;
    case Json::Kind::natural: out += std::to_string(*value.as<std::uint64_t>()); return;
    case Json::Kind::real: append_json_real(out, *value.as<double>()); return;
    case Json::Kind::text: append_json_string(out, value.text()); return;
    case Json::Kind::array:
    case Json::Kind::object: break;
  }
  bool const object = value.is_object();
  out += object ? '{' : '[';
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i > 0) out += ',';
    append_json_line_break(out, indent, depth + 1);
    if (object) {
      append_json_string(out, value.names()[i]);
      out += indent < 0 ? ":" : ": ";
    }
    append_json(out, value.values()[i], indent, depth + 1);
  }
  if (value.size() > 0) append_json_line_break(out, indent, depth);
  out += object ? '}' : ']';
}

}  // namespace detail

/// Text of a JSON value, indented by two spaces, ending in a newline. NaN and infinity, which JSON cannot
/// say, become null; bytes that are no UTF-8 become U+FFFD.
inline std::string to_text(Json const& value) {
  std::string text;
  detail::append_json(text, value, 2, 0);
  return text += '\n';
}

/// The same in one line without spaces, and without the newline.
inline std::string to_compact_text(Json const& value) {
  std::string text;
  detail::append_json(text, value, -1, 0);
  return text;
}

}  // namespace disentangle::io
