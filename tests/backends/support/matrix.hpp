// SPDX-License-Identifier: Apache-2.0
// The matrix rows x backends, from the files that the programs of tests/backends wrote (compare.cpp).
#pragma once

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace disentangle::test {

/// Which programs have run, and what may be missing.
struct MatrixInput {
  std::string folder;
  std::vector<std::string> topics, backends;
  std::vector<std::string> unsupported;  ///< "backend topic/row: reason"
};

struct Matrix {
  std::string text;                   ///< the table, notes and problems
  std::vector<std::string> problems;  ///< rows that failed or are missing, programs that have not run
};

namespace detail {

struct MatrixCell {
  std::string text, detail;
};

/// The rows of one program in their order; a later line of a row replaces an earlier one.
struct MatrixColumn {
  bool run = false;
  std::vector<std::string> order;
  std::map<std::string, MatrixCell> cells;
};

inline MatrixColumn read_column(std::string const& path) {
  MatrixColumn column;
  std::ifstream file(path);
  column.run = file.is_open();
  for (std::string line; std::getline(file, line);) {
    auto const first = line.find('\t');
    if (first == std::string::npos) continue;
    auto const second = std::min(line.find('\t', first + 1), line.size());
    std::string const name = line.substr(0, first);
    MatrixCell const cell{line.substr(first + 1, second - first - 1),
                          line.substr(std::min(second + 1, line.size()))};
    if (column.cells.insert_or_assign(name, cell).second) column.order.push_back(name);
  }
  return column;
}

/// Why "backend topic/row" is declared unsupported; empty if it is not.
inline std::string reason_of(std::vector<std::string> const& unsupported, std::string const& row) {
  for (std::string const& entry : unsupported) {
    auto const colon = entry.find(": ");
    if (colon != std::string::npos && entry.substr(0, colon) == row) return entry.substr(colon + 2);
  }
  return "";
}

inline std::string table_text(std::vector<std::vector<std::string>> const& table) {
  std::vector<std::size_t> widths(table[0].size(), 0);
  for (auto const& line : table) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (std::size_t l = 0; l < table.size(); ++l) {
    for (std::size_t i = 0; i < table[l].size(); ++i)
      text += "| " + table[l][i] + std::string(widths[i] - table[l][i].size() + 1, ' ');
    text += "|\n";
    if (l > 0) continue;
    for (std::size_t width : widths) text += "|" + std::string(width + 2, '-');
    text += "|\n";
  }
  return text;
}

}  // namespace detail

/// For every row the worst relative error against the CPU in double on each backend, or what is wrong.
inline Matrix make_matrix(MatrixInput const& input) {
  Matrix matrix;
  std::vector<std::string> notes;
  std::vector<std::vector<std::string>> table{{"row"}};
  for (std::string const& backend : input.backends) table[0].push_back(backend);
  for (std::string const& topic : input.topics) {
    std::vector<detail::MatrixColumn> columns;
    std::vector<std::string> order;  // the union of the backends' rows
    for (std::string const& backend : input.backends) {
      columns.push_back(detail::read_column(input.folder + "/" + topic + "." + backend + ".rows"));
      if (!columns.back().run)
        matrix.problems.push_back("backends." + topic + "." + backend + " has not run");
      for (std::string const& row : columns.back().order) {
        if (std::find(order.begin(), order.end(), row) == order.end()) order.push_back(row);
      }
    }
    for (std::string const& row : order) {
      table.push_back({topic + "/" + row});
      for (std::size_t b = 0; b < input.backends.size(); ++b) {
        std::string const name = input.backends[b] + " " + topic + "/" + row;
        std::string const reason = detail::reason_of(input.unsupported, name);
        auto const cell = columns[b].cells.find(row);
        if (cell != columns[b].cells.end()) {
          table.back().push_back(cell->second.text);
          if (cell->second.text == "FAILED") matrix.problems.push_back(name + ": " + cell->second.detail);
          if (!reason.empty()) matrix.problems.push_back(name + " is declared unsupported, but there");
        } else if (!reason.empty()) {
          table.back().push_back("unsupported");
          notes.push_back(name + " is unsupported: " + reason);
        } else {
          table.back().push_back("MISSING");
          matrix.problems.push_back(name + " is missing");
        }
      }
    }
  }
  matrix.text = "Worst relative error of each row against the CPU in double.\n\n" +
                detail::table_text(table) + "\n" + std::to_string(table.size() - 1) + " rows x " +
                std::to_string(input.backends.size()) + " backends, " +
                std::to_string(matrix.problems.size()) + " problems\n";
  for (auto const* list : {&notes, &matrix.problems}) {
    for (std::string const& line : *list) matrix.text += "- " + line + "\n";
  }
  return matrix;
}

}  // namespace disentangle::test
