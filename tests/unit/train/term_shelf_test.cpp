// SPDX-License-Identifier: Apache-2.0
// The check_term tests walk the whole shelf of terms: each policy of the library that has a formula is in one
// of them.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

namespace {

std::string contents(std::filesystem::path const& path) {
  std::ifstream const file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("every term of the library is checked on arrays") {
  auto const root = std::filesystem::path(DISENTANGLE_TEST_DATA_DIR).parent_path().parent_path();
  std::string tests;
  for (auto const& entry : std::filesystem::directory_iterator(root / "tests/unit/train")) {
    if (entry.path().filename().string().starts_with("check_term")) tests += contents(entry.path());
  }
  // "struct Name {" or a line of a macro-free struct, then a call operator on a posterior, a likelihood or a
  // step
  std::regex const begins(R"(^struct (\w+))"),
      formula(R"(^  auto operator\(\)\(auto(?: const)?& (posterior|likelihood|step)\))");
  int terms = 0;
  for (auto const* folder : {"regularizer", "reconstruction", "adversary", "contrast", "supervision"}) {
    for (auto const& entry : std::filesystem::directory_iterator(root / "include/disentangle" / folder)) {
      std::istringstream lines(contents(entry.path()));
      std::string line, name;
      std::smatch found;
      while (std::getline(lines, line)) {
        if (std::regex_search(line, found, begins)) name = found[1];
        if (!std::regex_search(line, found, formula)) continue;
        ++terms;
        CAPTURE(entry.path().string());
        CAPTURE(name);
        CHECK(std::regex_search(tests, std::regex("::" + name + R"(\b)")));
      }
    }
  }
  CHECK(terms >= 29);
}
