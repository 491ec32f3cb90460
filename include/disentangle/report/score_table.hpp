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

}  // namespace detail

/// An aligned table: one line per score (metric, value, definition, N, settings) and, indented below it, its
/// parts. A part that only repeats the headline number is left out. Ends in a newline; empty for no scores.
inline std::string score_table(std::span<metric::Score const> scores) {
  using Row = std::array<std::string, 5>;
  std::vector<Row> rows{{"metric", "value", "definition", "N", "settings"}};
  for (auto const& score : scores) {
    Row row{score.metric, detail::value_text(score.value), score.definition, "", ""};
    if (score.lower_is_better) row[0] += " (lower is better)";
    for (auto const& [name, value] : score.settings) {
      bool const counts_rows = detail::is_row_count(name);
      if (counts_rows && value == 0) continue;
      auto& column = row[counts_rows ? 3 : 4];
      column += column.empty() ? "" : counts_rows ? " + " : ", ";
      column += (counts_rows ? "" : name + " ") + detail::setting_text(value);
    }
    rows.push_back(std::move(row));
    for (auto const& [name, value] : score.parts) {
      if (name == score.metric && value == score.value) continue;
      rows.push_back({"  " + name, detail::value_text(value), "", "", ""});
    }
  }
  if (scores.empty()) return "";
  std::array<std::size_t, 5> width{};
  for (auto const& row : rows) {
    for (std::size_t c = 0; c < 5; ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < 5; ++c) {
      if (width[c] == 0) continue;
      std::string const fill(width[c] - rows[r][c].size(), ' ');
      bool const right = c == 1 || c == 3;
      line += (c == 0 ? "" : "  ") + (right ? fill + rows[r][c] : rows[r][c] + fill);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    if (r == 0) {
      std::size_t total = 0;
      for (std::size_t c = 0; c < 5; ++c) total += width[c] == 0 ? 0 : width[c] + (c == 0 ? 0 : 2);
      text += std::string(total, '-') + "\n";
    }
  }
  return text;
}

/// A score with everything in it: names, value, parts, settings, choices, factor names, tables as nested
/// arrays.
inline io::Json to_json(metric::Score const& score) {
  auto const object = [](auto const& pairs) {
    io::Json json = io::Json::object();
    for (auto const& [name, value] : pairs) json.add(name, value);
    return json;
  };
  io::Json json = io::Json::object(), tables = io::Json::list();
  for (auto const& table : score.tables) {
    io::Json entry = io::Json::object(), values = io::Json::list();
    bool const is_vector = table.column_axis.empty() && table.values.columns == 1;
    for (std::size_t i = 0; i < table.values.rows; ++i) {
      auto const row = table.values.row(i);
      values.add(is_vector ? io::Json(row[0]) : io::Json::list(row));
    }
    entry.add("name", table.name).add("row_axis", table.row_axis).add("column_axis", table.column_axis);
    tables.add(std::move(entry.add("values", std::move(values))));
  }
  json.add("metric", score.metric).add("value", score.value).add("definition", score.definition);
  json.add("lower_is_better", score.lower_is_better).add("parts", object(score.parts));
  json.add("settings", object(score.settings)).add("choices", object(score.choices));
  json.add("factor_names", io::Json::list(score.factor_names)).add("tables", std::move(tables));
  return json;
}

/// An array with one object per score.
inline io::Json to_json(std::span<metric::Score const> scores) {
  io::Json json = io::Json::list();
  for (auto const& score : scores) json.add(to_json(score));
  return json;
}

/// Writes scores.json, beside and renamed.
inline void write_scores(std::filesystem::path const& path, std::span<metric::Score const> scores) {
  io::write_json(path, to_json(scores));
}

}  // namespace disentangle::report
