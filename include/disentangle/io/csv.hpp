// SPDX-License-Identifier: Apache-2.0
// Comma-separated tables with a header row (RFC 4180): labels are read from them, logs are written to them.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace disentangle::io {

namespace detail {

/// Fields of a table, with the line on which each row starts.
struct CsvRows {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> lines;
  /// Bytes up to the end of the last row that a line end closes.
  std::size_t complete_bytes = 0;
  /// Number of rows that a line end closes.
  std::size_t complete_rows = 0;
};

/// Splits text into rows of fields. Quotes protect commas, line ends and, doubled, themselves; empty lines
/// are skipped. With `forgiving`, an unfinished quote at the end of the text is not an error.
inline CsvRows split_csv(std::string_view text, std::string const& name, bool forgiving = false) {
  CsvRows result;
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  std::size_t line = 1;
  result.complete_bytes = at;
  auto const fail = [&](std::string const& what) {
    throw FileError(name + ":" + std::to_string(line), what);
  };
  while (at < text.size()) {
    std::vector<std::string> row;
    std::size_t const first_line = line;
    bool ended = false, closed = false;
    while (!ended) {
      std::string field;
      if (at < text.size() && text[at] == '"') {
        for (++at;; ++at) {
          if (at >= text.size()) {
            if (!forgiving)
              fail("the quote opened in the row of line " + std::to_string(first_line) + " is not closed");
            break;
          }
          if (text[at] == '"') {
            if (at + 1 >= text.size() || text[at + 1] != '"') {
              ++at;
              break;
            }
            ++at;
          }
          if (text[at] == '\n') ++line;
          field += text[at];
        }
        if (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r') {
          fail("expected a comma or the end of the line after a closing quote");
        }
      } else {
        auto const end = std::min(text.find_first_of(",\n\r", at), text.size());
        field = text.substr(at, end - at);
        at = end;
      }
      row.push_back(std::move(field));
      if (at >= text.size()) {
        ended = true;
      } else if (text[at] == ',') {
        ++at;
      } else {
        if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;
        ++at;
        ++line;
        ended = closed = true;
      }
    }
    if (row.size() > 1 || !row[0].empty()) {
      result.rows.push_back(std::move(row));
      result.lines.push_back(first_line);
    }
    if (closed) {
      result.complete_bytes = at;
      result.complete_rows = result.rows.size();
    }
  }
  return result;
}

/// Parses the whole of a field; false where it is no number or does not fit.
template <class T>
bool parse_number(std::string_view field, T& value) {
  while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) field.remove_prefix(1);
  while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) field.remove_suffix(1);
  if (field.starts_with('+')) field.remove_prefix(1);
  return read_number(field, value);
}

}  // namespace detail

/// A table in memory: column names and, by column, the fields as text. All columns are equally long.
struct CsvTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> columns;
  /// For each row the line of the file on which it starts, for messages.
  std::vector<std::size_t> lines;
  /// The file, for messages.
  std::string file;

  std::size_t rows() const { return lines.size(); }

  /// Index of the column of that name; FileError, naming what the table has, when there is none.
  std::size_t column_index(std::string_view name) const {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return i;
    }
    std::string present;
    for (auto const& other : names) present += (present.empty() ? "" : ", ") + other;
    throw FileError(file, "no column named '" + std::string(name) + "'; it has " + present);
  }

  /// A column as text.
  std::vector<std::string> const& column(std::string_view name) const { return columns[column_index(name)]; }

  /// A column as ints or doubles; a field that is none is a FileError "file:line".
  template <class T>
    requires(std::integral<T> || std::floating_point<T>)
  std::vector<T> numbers(std::string_view name) const {
    auto const& fields = column(name);
    std::vector<T> values(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!detail::parse_number(fields[i], values[i])) {
        throw FileError(file + ":" + std::to_string(lines[i]),
                        "column '" + std::string(name) + "': '" + fields[i] + "' is no " +
                            (std::integral<T> ? "integer that fits" : "number"));
      }
    }
    return values;
  }
};

/// Reads a table from text; `name` stands in the messages. Every row must have as many fields as the header
/// row.
[[nodiscard]] inline CsvTable parse_csv(std::string_view text, std::string const& name) {
  auto split = detail::split_csv(text, name);
  if (split.rows.empty())
    throw FileError(name, "an empty table: expected a header row with the column names");
  CsvTable table;
  table.file = name;
  table.names = std::move(split.rows[0]);
  for (std::size_t i = 0; i < table.names.size(); ++i) {
    if (std::find(table.names.begin(), table.names.begin() + static_cast<std::ptrdiff_t>(i),
                  table.names[i]) != table.names.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw FileError(name + ":1", "two columns are named '" + table.names[i] + "'");
    }
  }
  table.columns.resize(table.names.size());
  for (std::size_t i = 1; i < split.rows.size(); ++i) {
    if (split.rows[i].size() != table.names.size()) {
      throw FileError(name + ":" + std::to_string(split.lines[i]),
                      std::to_string(split.rows[i].size()) + " fields, expected " +
                          std::to_string(table.names.size()) + " as in the header");
    }
    for (std::size_t c = 0; c < table.names.size(); ++c)
      table.columns[c].push_back(std::move(split.rows[i][c]));
    table.lines.push_back(split.lines[i]);
  }
  return table;
}

/// Reads a table from a file.
[[nodiscard]] inline CsvTable read_csv(std::filesystem::path const& path) {
  auto const bytes = InputFile(path).read_all();
  return in_memory(path.string(), bytes.size(), [&] {
    return parse_csv({reinterpret_cast<char const*>(bytes.data()), bytes.size()}, path.string());
  });
}

/// A field to write: text, quoted where it must be, or a number in the shortest form that reads back the
/// same.
class CsvField {
 public:
  CsvField(std::string_view text) {
    if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
      text_ = text;
      return;
    }
    text_ = '"';
    for (char const c : text) text_ += c == '"' ? std::string("\"\"") : std::string(1, c);
    text_ += '"';
  }
  CsvField(std::string const& text) : CsvField(std::string_view(text)) {}
  CsvField(char const* text) : CsvField(std::string_view(text)) {}
  template <class T>
    requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
  CsvField(T value) : text_(number_text(value)) {}

  /// As it stands in the file.
  std::string const& text() const { return text_; }

 private:
  std::string text_;
};

/// Writes a log row by row; each row is flushed, so a killed run loses none that it wrote.
class CsvWriter {
 public:
  /// Starts a file afresh with a header row. Missing folders are made.
  CsvWriter(std::filesystem::path path, std::vector<std::string> names)
      : path_(std::move(path)), columns_(names.size()) {
    write_file(path_, line_of(std::vector<CsvField>(names.begin(), names.end())));
    open();
  }

  /// Continues the log of an interrupted run: keeps the header and the rows whose `key_column` is at most
  /// `last_key`, drops the rest and a row that was written only in part, then appends. So a log that is
  /// resumed from a checkpoint at step `last_key` has every step once. The file must exist.
  static CsvWriter resume(std::filesystem::path const& path, std::string_view key_column,
                          std::int64_t last_key) {
    auto const bytes = InputFile(path).read_all();
    std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    auto split = detail::split_csv(text, path.string(), true);
    split.rows.resize(split.complete_rows);
    if (split.rows.empty()) throw FileError(path.string(), "an empty table: expected a header row");
    auto const& names = split.rows[0];
    auto const key =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), key_column) - names.begin());
    if (key == names.size())
      throw FileError(path.string(), "no column named '" + std::string(key_column) + "'");
    std::string kept;
    for (std::size_t i = 0; i < split.rows.size(); ++i) {
      auto const& row = split.rows[i];
      std::string const where = path.string() + ":" + std::to_string(split.lines[i]);
      if (row.size() != names.size()) {
        throw FileError(where,
                        std::to_string(row.size()) + " fields, expected " + std::to_string(names.size()));
      }
      std::int64_t value = 0;
      if (i > 0 && !detail::parse_number(row[key], value)) {
        throw FileError(where, "column '" + std::string(key_column) + "': '" + row[key] + "' is no integer");
      }
      if (i == 0 || value <= last_key) kept += line_of(std::vector<CsvField>(row.begin(), row.end()));
    }
    write_file(path, kept);
    CsvWriter writer(path, names.size());
    writer.open();
    return writer;
  }

  /// The same where the log may be missing (it is then started) and its columns must be `names` (else
  /// FileError).
  static CsvWriter resume(std::filesystem::path const& path, std::vector<std::string> const& names,
                          std::string_view key_column, std::int64_t last_key) {
    if (!std::filesystem::exists(path)) return CsvWriter(path, names);
    auto const header = line_of(std::vector<CsvField>(names.begin(), names.end()));
    auto const bytes = InputFile(path).read_all();
    std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    auto const split = detail::split_csv(text, path.string(), true);
    if (split.complete_rows == 0) return CsvWriter(path, names);
    if (split.rows[0] != names) {
      throw FileError(path.string() + ":1",
                      "the columns are " +
                          line_of(std::vector<CsvField>(split.rows[0].begin(), split.rows[0].end()), "") +
                          ", expected " + header.substr(0, header.size() - 1));
    }
    return resume(path, key_column, last_key);
  }

  /// Appends one row and flushes it; as many fields as columns, else ShapeError.
  void row(std::span<CsvField const> fields) {
    if (fields.size() != columns_) {
      throw ShapeError(path_.string() + ": a row of " + std::to_string(fields.size()) + " fields, expected " +
                       std::to_string(columns_));
    }
    file_ << line_of(fields) << std::flush;
    if (!file_) throw FileError(path_.string(), "cannot write");
  }
  void row(std::initializer_list<CsvField> fields) { row(std::span(fields.begin(), fields.size())); }

 private:
  CsvWriter(std::filesystem::path path, std::size_t columns) : path_(std::move(path)), columns_(columns) {}

  [[nodiscard]] static std::string line_of(std::span<CsvField const> fields, char const* end = "\n") {
    std::string line;
    for (auto const& field : fields) line += (&field == fields.data() ? "" : ",") + field.text();
    // A lone empty field would be an empty line, which readers skip.
    return (line.empty() ? "\"\"" : line) + end;
  }

  void open() {
    file_.open(path_, std::ios::binary | std::ios::app);
    if (!file_) throw FileError(path_.string(), "cannot open for appending");
  }

  std::filesystem::path path_;
  std::size_t columns_ = 0;
  std::ofstream file_;
};

}  // namespace disentangle::io
