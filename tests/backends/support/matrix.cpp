// SPDX-License-Identifier: Apache-2.0
// Prints the matrix rows x backends from what the programs of tests/backends wrote: for every row the worst relative error
// against the CPU in double, or FAILED. Fails if anything failed, if a program has not run, or if a backend lacks a row that
// another has and does not declare it.
//
//     backends_matrix FOLDER OUTPUT --topics t... --backends b... [--unsupported "backend topic/row: reason"...]
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

struct Options {
  std::string folder, output;
  std::vector<std::string> topics, backends, unsupported;
};

Options parse(int argc, char** argv) {
  Options options;
  if (argc < 3) return options;
  options.folder = argv[1];
  options.output = argv[2];
  std::vector<std::string>* list = nullptr;
  for (int i = 3; i < argc; ++i) {
    std::string const word = argv[i];
    if (word == "--topics")
      list = &options.topics;
    else if (word == "--backends")
      list = &options.backends;
    else if (word == "--unsupported")
      list = &options.unsupported;
    else if (list != nullptr)
      list->push_back(word);
  }
  return options;
}

struct Cell {
  std::string text, detail;
};

/// The rows of one program in their order; a later line of a row replaces an earlier one.
struct Column {
  bool run = false;
  std::vector<std::string> order;
  std::map<std::string, Cell> cells;
};

Column read(std::string const& path) {
  Column column;
  std::ifstream file(path);
  column.run = file.is_open();
  for (std::string line; std::getline(file, line);) {
    auto const first = line.find('\t');
    if (first == std::string::npos) continue;
    auto const second = line.find('\t', first + 1);
    std::string const name = line.substr(0, first);
    Cell const cell{line.substr(first + 1, second == std::string::npos ? second : second - first - 1),
                    second == std::string::npos ? "" : line.substr(second + 1)};
    if (column.cells.insert_or_assign(name, cell).second) column.order.push_back(name);
  }
  return column;
}

/// Why "backend topic/row" is declared unsupported; empty if it is not.
std::string reason_of(std::vector<std::string> const& unsupported, std::string const& row) {
  for (std::string const& entry : unsupported) {
    auto const colon = entry.find(": ");
    if (colon != std::string::npos && entry.substr(0, colon) == row) return entry.substr(colon + 2);
  }
  return "";
}

std::string padded(std::string text, std::size_t width) {
  text.resize(text.size() < width ? width : text.size(), ' ');
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  Options const options = parse(argc, argv);
  if (options.topics.empty() || options.backends.empty()) {
    std::cerr << "usage: backends_matrix FOLDER OUTPUT --topics t... --backends b... "
                 "[--unsupported \"backend topic/row: reason\"...]\n";
    return 2;
  }

  std::vector<std::string> problems, notes;
  std::vector<std::vector<std::string>> table{{"row"}};
  for (std::string const& backend : options.backends) table[0].push_back(backend);
  std::size_t rows = 0;
  for (std::string const& topic : options.topics) {
    std::vector<Column> columns;
    std::vector<std::string> order;  // the union of the backends' rows
    std::map<std::string, bool> known;
    for (std::string const& backend : options.backends) {
      columns.push_back(read(options.folder + "/" + topic + "." + backend + ".rows"));
      if (!columns.back().run) problems.push_back("backends." + topic + "." + backend + " has not run");
      for (std::string const& row : columns.back().order) {
        if (known.emplace(row, true).second) order.push_back(row);
      }
    }
    if (order.empty()) problems.push_back("the topic " + topic + " has no rows");
    for (std::string const& row : order) {
      ++rows;
      table.push_back({topic + "/" + row});
      for (std::size_t b = 0; b < options.backends.size(); ++b) {
        std::string const name = options.backends[b] + " " + topic + "/" + row;
        std::string const reason = reason_of(options.unsupported, name);
        bool const excused = !reason.empty();
        auto const cell = columns[b].cells.find(row);
        if (cell == columns[b].cells.end()) {
          table.back().push_back(excused ? "unsupported" : "MISSING");
          (excused ? notes : problems)
              .push_back(name + (excused ? " is unsupported: " + reason : " is missing"));
        } else {
          table.back().push_back(cell->second.text);
          if (cell->second.text == "FAILED") problems.push_back(name + ": " + cell->second.detail);
          if (excused) problems.push_back(name + " is declared unsupported and there");
        }
      }
    }
  }

  std::vector<std::size_t> widths(table[0].size(), 0);
  for (auto const& line : table) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text = "Worst relative error of each row against the CPU in double.\n\n";
  for (std::size_t l = 0; l < table.size(); ++l) {
    for (std::size_t i = 0; i < table[l].size(); ++i) text += "| " + padded(table[l][i], widths[i]) + " ";
    text += "|\n";
    if (l > 0) continue;
    for (std::size_t width : widths) text += "|" + std::string(width + 2, '-');
    text += "|\n";
  }
  text += "\n" + std::to_string(rows) + " rows x " + std::to_string(options.backends.size()) + " backends, " +
          std::to_string(problems.size()) + " problems\n";
  for (auto const* list : {&notes, &problems}) {
    for (std::string const& line : *list) text += "- " + line + "\n";
  }
  std::cout << text;
  std::ofstream(options.output) << text;
  return problems.empty() ? 0 : 1;
}
