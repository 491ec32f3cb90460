// SPDX-License-Identifier: Apache-2.0
// Labels of image files from a CSV table.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/io/byte_stream.hpp>

namespace disentangle::data {

/// File names and their labels.
struct LabelTable {
  std::vector<std::string> files;
  std::vector<Factor> factors;
  /// For a factor of words, the word of each value; empty for a factor of numbers.
  std::vector<std::vector<std::string>> words;
  /// (files, factors), -1 = missing.
  std::vector<int> labels;
};

namespace detail {

/// The records of a CSV text (RFC 4180: quotes, doubled quotes, commas and line ends inside quotes; both
/// kinds of line ends), each with the line on which it starts. Empty lines are left out.
struct CsvRecord {
  std::size_t line = 1;
  std::vector<std::string> cells;
};

inline std::vector<CsvRecord> read_csv(std::string const& name, std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // the byte order mark that spreadsheets write
  std::vector<CsvRecord> records;
  std::size_t line = 1;
  for (std::size_t i = 0; i < text.size();) {
    CsvRecord record{line, {}};
    bool more = true;
    while (more) {
      std::string cell;
      if (i < text.size() && text[i] == '"') {
        std::size_t const opened = line;
        for (++i;; ++i) {
          if (i >= text.size()) {
            throw FileError(name, "line " + std::to_string(opened) + ": the closing quote is missing");
          }
          if (text[i] == '"') {
            if (i + 1 >= text.size() || text[i + 1] != '"') break;
            ++i;
          }
          line += text[i] == '\n';
          cell += text[i];
        }
        ++i;
        if (i < text.size() && text[i] != ',' && text[i] != '\n' && text[i] != '\r') {
          throw FileError(name, "line " + std::to_string(line) + ": text after a closing quote");
        }
      } else {
        while (i < text.size() && text[i] != ',' && text[i] != '\n' && text[i] != '\r') cell += text[i++];
      }
      record.cells.push_back(std::move(cell));
      more = i < text.size() && text[i] == ',';
      if (more) ++i;
    }
    if (i < text.size() && text[i] == '\r') ++i;
    if (i < text.size() && text[i] == '\n') ++i;
    ++line;
    if (record.cells.size() > 1 || !record.cells[0].empty()) records.push_back(std::move(record));
  }
  return records;
}

/// Whether a cell is a whole number that fits an int.
inline bool parse_int(std::string_view cell, int& value) { return read_number(cell, value); }

}  // namespace detail

/// Reads a table from text with a header line; `name` stands in the messages. The first column holds file
/// names, each other column one factor, named by its header. A column whose cells are all whole numbers holds
/// the values themselves, 0 .. largest; in any other column each different word is a value, numbered in
/// sorted order. Empty cells, and -1 among numbers, are missing labels. Throws FileError naming line and
/// column: records of unequal length, a file named twice or not at all, a negative number.
[[nodiscard]] inline LabelTable parse_label_table(std::string_view text, std::string const& name) {
  auto const records = detail::read_csv(name, text);
  if (records.empty()) throw FileError(name, "empty, expected a header line");
  std::vector<std::string> const& header = records[0].cells;
  std::size_t const rows = records.size() - 1, width = header.size() - 1;
  LabelTable table;
  std::set<std::string> seen;
  for (std::size_t r = 1; r <= rows; ++r) {
    auto const& record = records[r];
    std::string const where = "line " + std::to_string(record.line) + ": ";
    if (record.cells.size() != header.size()) {
      throw FileError(name, where + std::to_string(record.cells.size()) + " columns, expected " +
                                std::to_string(header.size()) + " as in the header");
    }
    if (record.cells[0].empty()) throw FileError(name, where + "no file name");
    if (!seen.insert(record.cells[0]).second) {
      throw FileError(name, where + "the file '" + record.cells[0] + "' occurs a second time");
    }
    table.files.push_back(record.cells[0]);
  }
  table.labels.assign(rows * width, -1);
  for (std::size_t k = 0; k < width; ++k) {
    bool numbers = true;
    std::set<std::string> sorted;
    for (std::size_t r = 1; r <= rows; ++r) {
      std::string const& cell = records[r].cells[k + 1];
      int value = 0;
      if (cell.empty()) continue;
      numbers = numbers && detail::parse_int(cell, value);
      sorted.insert(cell);
    }
    std::vector<std::string> words;
    if (!numbers) words.assign(sorted.begin(), sorted.end());
    int largest = numbers ? 0 : static_cast<int>(words.size()) - 1;
    for (std::size_t r = 1; r <= rows; ++r) {
      std::string const& cell = records[r].cells[k + 1];
      if (cell.empty()) continue;
      int value = -1;
      if (numbers) {
        detail::parse_int(cell, value);
        if (value < -1 || value == std::numeric_limits<int>::max()) {
          throw FileError(name, "line " + std::to_string(records[r].line) + ", column '" + header[k + 1] +
                                    "': " + cell +
                                    ", expected 0 or more, or -1 or nothing where the label is missing");
        }
        largest = std::max(largest, value);
      } else {
        value = static_cast<int>(std::ranges::lower_bound(words, cell) - words.begin());
      }
      table.labels[(r - 1) * width + k] = value;
    }
    table.factors.push_back({header[k + 1], largest + 1});
    table.words.push_back(std::move(words));
  }
  return table;
}

/// Reads a table from a CSV file; see parse_label_table.
[[nodiscard]] inline LabelTable read_label_table(std::filesystem::path const& path) {
  auto const bytes = io::InputFile(path).read_all();
  return parse_label_table(std::string_view(reinterpret_cast<char const*>(bytes.data()), bytes.size()),
                           path.string());
}

}  // namespace disentangle::data
