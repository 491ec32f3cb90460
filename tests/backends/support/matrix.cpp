// SPDX-License-Identifier: Apache-2.0
// Prints the matrix rows x backends. Fails if a row failed, if a program has not run, or if a backend lacks a
// row that another has and that is not declared unsupported.
//
//     backends_matrix FOLDER OUTPUT --topics t... --backends b...
//                     [--unsupported "backend topic/row: reason"...]
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/backends/support/matrix.hpp"

int main(int argc, char** argv) {
  disentangle::test::MatrixInput input;
  std::vector<std::string>* list = nullptr;
  for (int i = 3; i < argc; ++i) {
    std::string const word = argv[i];
    if (word == "--topics") {
      list = &input.topics;
    } else if (word == "--backends") {
      list = &input.backends;
    } else if (word == "--unsupported") {
      list = &input.unsupported;
    } else if (list != nullptr) {
      list->push_back(word);
    }
  }
  if (input.topics.empty() || input.backends.empty()) {
    std::cerr << "usage: backends_matrix FOLDER OUTPUT --topics t... --backends b... "
                 "[--unsupported \"backend topic/row: reason\"...]\n";
    return 2;
  }
  input.folder = argv[1];
  auto const matrix = disentangle::test::make_matrix(input);
  std::cout << matrix.text;
  std::ofstream(argv[2]) << matrix.text;
  return matrix.problems.empty() ? 0 : 1;
}
