// SPDX-License-Identifier: Apache-2.0
// JSON files, read and written with errors that name the file and the position.
#pragma once

#include <filesystem>

#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/json_parser.hpp>
#include <disentangle/io/json_text.hpp>
#include <disentangle/io/json_value.hpp>
#include <disentangle/io/memory.hpp>

namespace disentangle::io {

/// Reads a JSON file. Throws FileError with the path, line and column of what is wrong.
[[nodiscard]] inline Json read_json(std::filesystem::path const& path) {
  auto const bytes = InputFile(path).read_all();
  return in_memory(path.string(), bytes.size(), [&] {
    return parse_json({reinterpret_cast<char const*>(bytes.data()), bytes.size()}, path.string());
  });
}

/// Writes a JSON file, beside and renamed.
inline void write_json(std::filesystem::path const& path, Json const& value) {
  write_file(path, to_text(value));
}

}  // namespace disentangle::io
