// SPDX-License-Identifier: Apache-2.0
// CSV: quotes, line ends, numbers, errors with file and line; a log that is resumed has every step once.
#include <disentangle/io/csv.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace io = disentangle::io;
using disentangle::FileError;
using disentangle::ShapeError;
using test_support::read_text;
using test_support::ScratchFolder;
using Strings = std::vector<std::string>;

TEST_CASE("names, columns, numbers") {
  auto const table =
      io::parse_csv("\xEF\xBB\xBFid,shape,size\r\n1,heart,0.5\r\n\r\n-2,square, 1e-3", "t.csv");
  CHECK(table.names == Strings{"id", "shape", "size"});
  CHECK(table.rows() == 2);
  CHECK(table.column("shape") == Strings{"heart", "square"});
  CHECK(table.numbers<int>("id") == std::vector<int>{1, -2});
  CHECK(table.numbers<double>("size") == std::vector<double>{0.5, 1e-3});
  CHECK(table.lines == std::vector<std::size_t>{2, 4});
  CHECK(io::parse_csv("a\n", "t").rows() == 0);
}

TEST_CASE("quotes protect commas, quotes and line ends") {
  auto const table = io::parse_csv("\"a,b\",c\n\"say \"\"hi\"\"\",\"two\nlines\"\n\"\",x\n", "t.csv");
  CHECK(table.names == Strings{"a,b", "c"});
  CHECK(table.columns[0] == Strings{"say \"hi\"", ""});
  CHECK(table.columns[1] == Strings{"two\nlines", "x"});
  CHECK(table.lines == std::vector<std::size_t>{2, 4});
}

TEST_CASE("errors name file and line") {
  CHECK_THROWS_WITH_AS(io::parse_csv("", "t.csv"), doctest::Contains("t.csv: an empty table"), FileError);
  CHECK_THROWS_WITH_AS(io::parse_csv("a,b\n1,2\n3\n", "t.csv"),
                       doctest::Contains("t.csv:3: 1 fields, expected 2"), FileError);
  CHECK_THROWS_WITH_AS(io::parse_csv("a,b\n1,\"2\n3,4\n", "t.csv"),
                       doctest::Contains("the quote opened in the row of line 2 is not closed"), FileError);
  CHECK_THROWS_WITH_AS(io::parse_csv("a,b\n\"1\"2,3\n", "t.csv"),
                       doctest::Contains("t.csv:2: expected a comma"), FileError);
  CHECK_THROWS_WITH_AS(io::parse_csv("a,a\n", "t.csv"), doctest::Contains("two columns are named 'a'"),
                       FileError);
  auto const table = io::parse_csv("a,b\n1,x\n2.5,3\n", "t.csv");
  CHECK_THROWS_WITH_AS(table.column("c"), doctest::Contains("no column named 'c'; it has a, b"), FileError);
  CHECK_THROWS_WITH_AS(table.numbers<int>("a"), doctest::Contains("t.csv:3: column 'a': '2.5' is no integer"),
                       FileError);
  CHECK_THROWS_WITH_AS(table.numbers<double>("b"), doctest::Contains("t.csv:2: column 'b': 'x' is no number"),
                       FileError);
  CHECK_THROWS_AS(io::parse_csv("a\n300\n", "t").numbers<std::uint8_t>("a"), FileError);
  ScratchFolder folder;
  CHECK_THROWS_WITH_AS(io::read_csv(folder / "absent.csv"), doctest::Contains("absent.csv: no such file"),
                       FileError);
}

TEST_CASE("a log is written row by row and read back") {
  ScratchFolder folder;
  auto const path = folder / "run/log.csv";
  io::CsvWriter writer(path, {"step", "loss", "note, with comma"});
  writer.row({1, 0.1, "plain"});
  CHECK(read_text(path) == "step,loss,\"note, with comma\"\n1,0.1,plain\n");
  writer.row({2, 1.0f / 3.0f, "a \"quoted\" word"});
  writer.row({3, std::numeric_limits<double>::quiet_NaN(), ""});
  CHECK_THROWS_WITH_AS(writer.row({1, 2}), doctest::Contains("a row of 2 fields, expected 3"), ShapeError);
  auto const table = io::read_csv(path);
  CHECK(table.numbers<int>("step") == std::vector<int>{1, 2, 3});
  CHECK(table.numbers<float>("loss")[1] == 1.0f / 3.0f);
  CHECK(table.column("note, with comma")[1] == "a \"quoted\" word");
}

TEST_CASE("a resumed log has every step once") {
  ScratchFolder folder;
  auto const path = folder / "log.csv";
  Strings const names{"step", "loss"};
  {
    io::CsvWriter writer(path, names);
    for (int step = 100; step <= 500; step += 100) writer.row({step, step / 8.0});
  }
  std::string const uninterrupted = read_text(path);
  // Killed in the middle of writing the row of step 600, resumed from the checkpoint of step 300.
  { std::ofstream(path, std::ios::app | std::ios::binary) << "60"; }
  {
    auto writer = io::CsvWriter::resume(path, "step", 300);
    CHECK(read_text(path) == "step,loss\n100,12.5\n200,25\n300,37.5\n");
    writer.row({400, 50.0});
    writer.row({500, 62.5});
  }
  CHECK(read_text(path) == uninterrupted);
  { auto writer = io::CsvWriter::resume(path, names, "step", 500); }
  CHECK(read_text(path) == uninterrupted);

  CHECK_THROWS_WITH_AS(io::CsvWriter::resume(path, {"step", "other"}, "step", 1),
                       doctest::Contains("the columns are step,loss, expected step,other"), FileError);
  CHECK_THROWS_WITH_AS(io::CsvWriter::resume(path, "epoch", 1), doctest::Contains("no column named 'epoch'"),
                       FileError);
  CHECK_THROWS_AS(io::CsvWriter::resume(folder / "absent.csv", "step", 1), FileError);
  { auto writer = io::CsvWriter::resume(folder / "absent.csv", names, "step", 1); }
  CHECK(read_text(folder / "absent.csv") == "step,loss\n");
}
