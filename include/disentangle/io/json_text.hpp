// SPDX-License-Identifier: Apache-2.0
// JSON values as text, by RapidJSON.
#pragma once

// X.h of the X Window System has a macro of the name of one of RapidJSON's functions.
#pragma push_macro("Bool")
#undef Bool

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <disentangle/io/json_value.hpp>
#include <disentangle/io/utf8.hpp>

namespace disentangle::io {

namespace detail {

/// The shortest text that reads back exactly, and as a floating point number: 20.0, 1e-05. NaN and infinity,
/// which JSON cannot say, become null.
template <class Writer>
void write_json_real(Writer& writer, double value) {
  if (!std::isfinite(value)) {
    writer.Null();
    return;
  }
  double const size = std::fabs(value);
  bool const plain = size == 0 || (size >= 1e-4 && size < 1e15);
  char text[40];
  char* end = std::to_chars(text, text + sizeof text - 2, value,
                            plain ? std::chars_format::fixed : std::chars_format::scientific)
                  .ptr;
  if (plain && std::find(text, end, '.') == end) {
    *end++ = '.';
    *end++ = '0';
  }
  writer.RawValue(text, static_cast<std::size_t>(end - text), rapidjson::kNumberType);
}

template <class Writer>
void write_json_string(Writer& writer, std::string_view text) {
  std::string const valid = valid_utf8(text);
  writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
}

template <class Writer>
void write_json_value(Writer& writer, Json const& value) {
  switch (value.kind()) {
    case Json::Kind::null: writer.Null(); return;
    case Json::Kind::boolean: writer.Bool(*value.as<bool>()); return;
    case Json::Kind::negative: writer.Int64(*value.as<std::int64_t>()); return;
    case Json::Kind::natural: writer.Uint64(*value.as<std::uint64_t>()); return;
    case Json::Kind::real: write_json_real(writer, *value.as<double>()); return;
    case Json::Kind::text: write_json_string(writer, value.text()); return;
    case Json::Kind::array:
      writer.StartArray();
      for (Json const& element : value.values()) write_json_value(writer, element);
      writer.EndArray();
      return;
    case Json::Kind::object: break;
  }
  writer.StartObject();
  for (std::size_t i = 0; i < value.size(); ++i) {
    write_json_string(writer, value.names()[i]);
    write_json_value(writer, value.values()[i]);
  }
  writer.EndObject();
}

}  // namespace detail

/// Text of a JSON value, indented by two spaces, ending in a newline. NaN and infinity, which JSON cannot
/// say, become null; bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] inline std::string to_text(Json const& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  detail::write_json_value(writer, value);
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

/// The same in one line without spaces, and without the newline.
[[nodiscard]] inline std::string to_compact_text(Json const& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  detail::write_json_value(writer, value);
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace disentangle::io

#pragma pop_macro("Bool")
