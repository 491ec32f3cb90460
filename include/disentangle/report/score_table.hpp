// SPDX-License-Identifier: Apache-2.0
// Scores of metrics as a plain-text table for the terminal and as JSON with everything in it.
#pragma once

#include <disentangle/io/json.hpp>
#include <disentangle/metric/score.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disentangle::report {

namespace detail {

/// "10000", "0.5", "1e-05".
inline std::string setting_text(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(),
                std::trunc(value) == value && std::fabs(value) < 1e15 ? "%.0f" : "%.6g", value);
  return buffer.data();
}

inline std::string value_text(double value) {
  std::array<char, 400> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.4f", value);
  return buffer.data();
}

/// Whether a setting says how many rows a metric used: of all its data, or of its training and its test part.
inline bool is_row_count(std::string_view name) {
  constexpr std::string_view names[] = {"rows",     "train_rows", "test_rows", "num_train",
                                        "num_eval", "samples",    "n"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// "warning: dci, sap: 8 rows: ..." a line; what several scores have in common is said once.
inline std::string warning_lines(std::span<metric::Score const> scores) {
  std::vector<std::pair<std::string, std::string>> lines;  // what is said, of which metrics
  for (auto const& score : scores) {
    for (std::string const& warning : score.warnings) {
      auto const said =
          std::find_if(lines.begin(), lines.end(), [&](auto const& line) { return line.first == warning; });
      if (said == lines.end()) {
        lines.emplace_back(warning, score.metric);
      } else {
        said->second += ", " + score.metric;
      }
    }
  }
  std::string text;
  for (auto const& [warning, of] : lines) text += "warning: " + of + ": " + warning + "\n";
  return text;
}

}  // namespace detail

/// An aligned table: one line per score (metric, value, chance where one is known, definition, N, settings)
/// and, indented below it, its parts. A part that only repeats the headline number is left out. Below it what
/// makes scores say little, a line each. Ends in a newline; empty for no scores.
[[nodiscard]] inline std::string score_table(std::span<metric::Score const> scores) {
  bool const has_chance =
      std::any_of(scores.begin(), scores.end(), [](auto const& score) { return score.chance.has_value(); });
  constexpr std::size_t columns = 6;
  using Row = std::array<std::string, columns>;
  std::vector<Row> rows{{"metric", "value", has_chance ? "chance" : "", "definition", "N", "settings"}};
  for (auto const& score : scores) {
    Row row{score.metric,
            detail::value_text(score.value),
            score.chance ? detail::value_text(*score.chance) : "",
            score.definition,
            "",
            ""};
    if (score.lower_is_better) row[0] += " (lower is better)";
    for (auto const& [name, value] : score.settings) {
      bool const counts_rows = detail::is_row_count(name);
      if (counts_rows && value == 0) continue;
      auto& column = row[counts_rows ? 4 : 5];
      column += column.empty() ? "" : counts_rows ? " + " : ", ";
      column += (counts_rows ? "" : name + " ") + detail::setting_text(value);
    }
    rows.push_back(std::move(row));
    for (auto const& [name, value] : score.parts) {
      if (name == score.metric && value == score.value) continue;
      rows.push_back({"  " + name, detail::value_text(value), "", "", "", ""});
    }
  }
  if (scores.empty()) return "";
  std::array<std::size_t, columns> width{};
  for (auto const& row : rows) {
    for (std::size_t c = 0; c < columns; ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < columns; ++c) {
      if (width[c] == 0) continue;
      std::string const fill(width[c] - rows[r][c].size(), ' ');
      bool const right = c == 1 || c == 2 || c == 4;
      line += (c == 0 ? "" : "  ") + (right ? fill + rows[r][c] : rows[r][c] + fill);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    if (r == 0) {
      std::size_t total = 0;
      for (std::size_t c = 0; c < columns; ++c) total += width[c] == 0 ? 0 : width[c] + (c == 0 ? 0 : 2);
      text += std::string(total, '-') + "\n";
    }
  }
  return text + detail::warning_lines(scores);
}

/// A score with everything in it: names, value, chance, warnings, parts, settings, choices, factor names,
/// tables as nested arrays.
[[nodiscard]] inline io::Json to_json(metric::Score const& score) {
  io::Json json;
  json["metric"] = score.metric;
  json["value"] = score.value;
  json["definition"] = score.definition;
  json["lower_is_better"] = score.lower_is_better;
  if (score.chance) json["chance"] = *score.chance;
  json["warnings"] = score.warnings;
  json["parts"] = io::Json::object();
  for (auto const& [name, value] : score.parts) json["parts"][name] = value;
  json["settings"] = io::Json::object();
  for (auto const& [name, value] : score.settings) json["settings"][name] = value;
  json["choices"] = io::Json::object();
  for (auto const& [name, value] : score.choices) json["choices"][name] = value;
  json["factor_names"] = score.factor_names;
  io::Json tables = io::Json::array();
  for (auto const& table : score.tables) {
    io::Json entry;
    entry["name"] = table.name;
    entry["row_axis"] = table.row_axis;
    entry["column_axis"] = table.column_axis;
    bool const is_vector = table.column_axis.empty() && table.values.columns == 1;
    io::Json values = io::Json::array();
    for (std::size_t i = 0; i < table.values.rows; ++i) {
      auto const row = table.values.row(i);
      if (is_vector) {
        values.push_back(row[0]);
      } else {
        values.push_back(std::vector<double>(row.begin(), row.end()));
      }
    }
    entry["values"] = std::move(values);
    tables.push_back(std::move(entry));
  }
  json["tables"] = std::move(tables);
  return json;
}

/// An array with one object per score.
[[nodiscard]] inline io::Json to_json(std::span<metric::Score const> scores) {
  io::Json json = io::Json::array();
  for (auto const& score : scores) json.push_back(to_json(score));
  return json;
}

/// Writes scores.json, beside and renamed.
inline void write_scores(std::filesystem::path const& path, std::span<metric::Score const> scores) {
  io::write_json(path, to_json(scores));
}

}  // namespace disentangle::report
