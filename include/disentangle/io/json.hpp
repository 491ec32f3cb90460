// SPDX-License-Identifier: Apache-2.0
// JSON files: nlohmann's value type, read and written with errors that name the file and the position.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace disentangle::io {

/// A JSON value whose objects keep the order in which their members were added.
using Json = nlohmann::ordered_json;

namespace detail {

/// The part of nlohmann's message that a reader wants: without "[json.exception.parse_error.101] ".
inline std::string json_reason(std::exception const& error) {
  std::string text = error.what();
  if (auto const end = text.find("] "); text.starts_with("[json.exception") && end != std::string::npos) {
    text.erase(0, end + 2);
  }
  return text;
}

}  // namespace detail

/// Parses text; `name` stands in the messages. Throws FileError with line and column.
inline Json parse_json(std::string_view text, std::string const& name) {
  try {
    return Json::parse(text.begin(), text.end());
  } catch (nlohmann::json::exception const& error) {
    throw FileError(name, detail::json_reason(error));
  }
}

/// Reads a JSON file. Throws FileError with the path, line and column of what is wrong.
inline Json read_json(std::filesystem::path const& path) {
  auto const bytes = InputFile(path).read_all();
  return in_memory(path.string(), bytes.size(), [&] {
    return parse_json({reinterpret_cast<char const*>(bytes.data()), bytes.size()}, path.string());
  });
}

/// Text of a JSON value, indented by two spaces, ending in a newline. NaN and infinity, which JSON cannot
/// say, become null; bytes that are no UTF-8 become U+FFFD.
inline std::string to_text(Json const& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Writes a JSON file, beside and renamed.
inline void write_json(std::filesystem::path const& path, Json const& value) {
  write_file(path, to_text(value));
}

}  // namespace disentangle::io
