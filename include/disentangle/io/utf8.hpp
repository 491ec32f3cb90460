// SPDX-License-Identifier: Apache-2.0
// Text in UTF-8.
#pragma once

#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace disentangle::io {

/// A text in UTF-8: bytes that are none become U+FFFD.
[[nodiscard]] inline std::string valid_utf8(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; }))
    return std::string(text);
  std::string valid;
  for (std::size_t at = 0; at < text.size();) {
    rapidjson::MemoryStream stream(text.data() + at, text.size() - at);
    unsigned code = 0;
    bool const is_character = rapidjson::UTF8<>::Decode(stream, &code);
    std::size_t const size = is_character ? stream.Tell() : 1;
    valid += is_character ? text.substr(at, size) : std::string_view("\xEF\xBF\xBD");
    at += size;
  }
  return valid;
}

}  // namespace disentangle::io
