// SPDX-License-Identifier: Apache-2.0
// Tests of data/label_table.hpp.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <disentangle/data/label_table.hpp>

namespace dis = disentangle;
namespace fs = std::filesystem;

namespace {

dis::data::LabelTable table_of(std::string const& text) {
  fs::path const path = "label_table_test.csv";
  {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
  }
  struct Remove {
    fs::path path;
    ~Remove() { fs::remove(path); }
  } const remove{path};
  return dis::data::read_label_table(path);
}

std::string error_of(std::string const& text) {
  try {
    table_of(text);
  } catch (dis::FileError const& error) {
    return error.what();
  }
  return "no FileError";
}

}  // namespace

TEST_CASE("label_table: numbers, words in sorted order, missing cells") {
  auto const table = table_of("file,digit,colour\n"
                              "b.png,3,red\n"
                              "a.png,,blue\n"
                              "c.png,-1,\n"
                              "d.png,0,red\n");
  CHECK(table.files == std::vector<std::string>{"b.png", "a.png", "c.png", "d.png"});
  CHECK(table.factors == std::vector<dis::Factor>{{"digit", 4}, {"colour", 2}});
  CHECK(table.labels == std::vector{3, 1, -1, 0, -1, -1, 0, 1});
  CHECK(table.words == std::vector<std::vector<std::string>>{{}, {"blue", "red"}});
}

TEST_CASE("label_table: quotes, both line ends, byte order mark, empty lines, no last line end") {
  auto const table = table_of("\xEF\xBB\xBFname,\"a, \"\"b\"\"\"\r\n\r\n\"x,\n1.png\",left\r\n\ny.png,right");
  CHECK(table.files == std::vector<std::string>{"x,\n1.png", "y.png"});
  CHECK(table.factors == std::vector<dis::Factor>{{"a, \"b\"", 2}});
  CHECK(table.labels == std::vector{0, 1});
}

TEST_CASE(
    "label_table: a column with one word is a column of words; without rows every factor has one value") {
  CHECK(table_of("f,k\na,1\nb,x\n").words[0] == std::vector<std::string>{"1", "x"});
  CHECK(table_of("f,k\na,99999999999\n").words[0] == std::vector<std::string>{"99999999999"});
  CHECK(table_of("f,k\n").factors == std::vector<dis::Factor>{{"k", 1}});
  CHECK(table_of("f\na.png\n").factors.empty());
}

TEST_CASE("label_table: what is wrong is named by line") {
  CHECK(error_of("") == "label_table_test.csv: empty, expected a header line");
  CHECK(error_of("f,k\na,1\n\nb\n") ==
        "label_table_test.csv: line 4: 1 columns, expected 2 as in the header");
  CHECK(error_of("f,k\na,1\na,2\n") == "label_table_test.csv: line 3: the file 'a' occurs a second time");
  CHECK(error_of("f,k\n,1\n") == "label_table_test.csv: line 2: no file name");
  CHECK(error_of("f,k\na,-2\n") ==
        "label_table_test.csv: line 2, column 'k': -2, expected 0 or more, or -1 or nothing "
        "where the label is missing");
  CHECK(error_of("f,k\na,2147483647\n").find("2147483647") != std::string::npos);
  CHECK(error_of("f,k\n\"a,1\n") == "label_table_test.csv: line 2: the closing quote is missing");
  CHECK(error_of("f,k\n\"a\"b,1\n") == "label_table_test.csv: line 2: text after a closing quote");
  CHECK_THROWS_AS(dis::data::read_label_table("no_such_file.csv"), dis::FileError);
}
