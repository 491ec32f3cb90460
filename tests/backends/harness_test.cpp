// SPDX-License-Identifier: Apache-2.0
// The harness itself: wrong backends (wrong/) are found by the rows that all backends run, and the comparison
// and the matrix find what is missing.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/backends/support/matrix.hpp"
#include "tests/backends/support/registry.hpp"

using namespace disentangle::test;

namespace {

Topic const& find(std::string const& topic, std::string const& backend) {
  auto const found = std::find_if(topics().begin(), topics().end(),
                                  [&](Topic const& t) { return t.name == topic && t.backend == backend; });
  REQUIRE_MESSAGE(found != topics().end(), topic << " on " << backend);
  return *found;
}

/// Whether the rows of a wrong backend agree with the reference, by name.
std::map<std::string, Agreement> agreements(std::string const& topic, std::string const& backend) {
  std::vector<Row> expected, found;
  find(topic, "cpu_double")
      .run_as_reference([](std::string const&) {}, [&](Row row) { expected.push_back(row); });
  Topic const& wrong = find(topic, backend);
  wrong.run([](std::string const&) {}, [&](Row row) { found.push_back(row); });
  REQUIRE(found.size() == expected.size());
  std::map<std::string, Agreement> result;
  for (std::size_t i = 0; i < found.size(); ++i)
    result[found[i].name] = compare(found[i], expected[i], wrong.tolerances);
  return result;
}

void check_wrong(std::string const& topic, std::string const& backend, std::vector<std::string> const& caught,
                 std::vector<std::string> const& right) {
  auto const found = agreements(topic, backend);
  for (std::string const& row : caught) {
    REQUIRE_MESSAGE(found.count(row) == 1, row);
    CHECK_MESSAGE(!found.at(row).agrees, backend << " passes " << row);
  }
  for (std::string const& row : right) {
    REQUIRE_MESSAGE(found.count(row) == 1, row);
    CHECK_MESSAGE(found.at(row).agrees, backend << " fails " << row << ": " << found.at(row).text);
  }
}

Row row_of(std::vector<double> numbers, Kind kind = Kind::values, Scale scale = Scale::tensor) {
  return {"row", {{"value", kind, scale, 1e-30, std::move(numbers)}}, {}};
}
constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

bool agree(Row const& found, Row const& expected) {
  return compare(found, expected, single_precision).agrees;
}

}  // namespace

TEST_CASE("rows find a backend whose scatter_add_rows assigns") {
  check_wrong("indexing", "scatter_assigns",
              {"scatter_add_rows", "gather, repeated rows", "gather of a transpose"},
              {"gather_rows", "pick"});
}
TEST_CASE("rows find a backend whose multiply exchanges strides") {
  check_wrong("matrices", "strides_swapped",
              {"A B 3 x 4 x 5", "A' B' 65 x 33 x 70", "covariance", "C by columns, added"},
              {"A B 1 x 1 x 1", "pairwise_differences"});
}
TEST_CASE("rows find a backend whose fill has no strides") {
  check_wrong("storage", "fill_without_stride", {"fill"}, {"memory of its own", "uniform, 5"});
}
TEST_CASE("rows find a backend whose random numbers use half of the step") {
  check_wrong("storage", "half_of_the_step", {"uniform, 1", "uniform, 20001"}, {"normal, 1000", "fill"});
}
TEST_CASE("rows find a backend whose derivatives are assigned") {
  check_wrong("broadcast", "adjoint_assigns",
              {"matrix, row", "(20011), scalar", "rank 5, (3, 1) and (1, 2, 3, 1, 1)"}, {});
}
TEST_CASE("rows find a backend that leaves numbers unwritten") {
  check_wrong("broadcast", "last_unwritten", {"matrix, row", "(600, 33), column", "inserted axes"}, {});
}
TEST_CASE("rows find a backend whose maxima start at zero") {
  check_wrong("reductions", "maximum_above_zero", {"maxima of negative numbers"},
              {"sum of 1000", "sums of rows of 17"});
}
TEST_CASE("rows find a backend whose second contribution replaces the first") {
  check_wrong("dense", "contribution_assigned", {"identity, twice", "chain, twice"},
              {"identity", "chain, frozen"});
}

TEST_CASE("the comparison: tolerances by kind and scale") {
  CHECK(agree(row_of({1, -100}), row_of({1, -100})));
  CHECK(agree(row_of({1.0005, -100}), row_of({1, -100})));
  CHECK_FALSE(agree(row_of({1.0005, -100}, Kind::values, Scale::element),
                    row_of({1, -100}, Kind::values, Scale::element)));
  CHECK_FALSE(agree(row_of({1.002, -100}), row_of({1, -100})));
  CHECK(agree(row_of({1.001}, Kind::steps), row_of({1}, Kind::steps)));
  CHECK_FALSE(agree(row_of({1.001}, Kind::gradients), row_of({1}, Kind::gradients)));
  CHECK_FALSE(agree(row_of({1 + 1e-15}, Kind::exact), row_of({1}, Kind::exact)));
  CHECK(compare(row_of({1.0005, -100}), row_of({1, -100}), single_precision).error == doctest::Approx(5e-6));
  CHECK(agree(row_of({0}), row_of({0})));
  CHECK_FALSE(agree(row_of({1e-3}), row_of({0})));
}

TEST_CASE("the comparison: numbers that are none, tensors that are missing, exceptions") {
  CHECK_FALSE(agree(row_of({none}), row_of({1})));
  CHECK_FALSE(agree(row_of({infinite}), row_of({1})));
  CHECK_FALSE(agree(row_of({infinite}), row_of({infinite})));  // never written on either side
  CHECK_FALSE(agree(row_of({none}), row_of({none})));
  CHECK_FALSE(agree(row_of({1}), row_of({1, 2})));
  CHECK_FALSE(agree({"row", {}, {}}, row_of({1})));
  CHECK_FALSE(agree({"row", {}, {}}, {"row", {}, {}}));
  Row other = row_of({1}), thrown = row_of({1});
  other.name = "other";
  thrown.failure = "no memory";
  CHECK_FALSE(agree(other, row_of({1})));
  CHECK_FALSE(agree(thrown, row_of({1})));
  CHECK_FALSE(agree(row_of({1}), thrown));
  CHECK(compare(thrown, row_of({1}), single_precision).text == "threw: no memory");
}

TEST_CASE("the matrix: rows by backends, failures, rows and programs that are missing") {
  std::filesystem::create_directory("matrix");
  auto const write = [](std::string const& name, std::string const& text) {
    std::ofstream("matrix/" + name + ".rows") << text;
  };
  write("t.one", "a\tFAILED\tit ended the program\na\t1.0e-07\t\nb\t0.0e+00\t\n");
  write("t.two", "a\t2.0e-07\t\nb\tFAILED\tit ended the program\n");
  auto const problems = [](std::vector<std::string> backends, std::vector<std::string> unsupported = {}) {
    return make_matrix({"matrix", {"t"}, std::move(backends), std::move(unsupported)}).problems;
  };
  using Lines = std::vector<std::string>;
  CHECK(problems({"one"}).empty());
  CHECK(problems({"one", "two"}) == Lines{"two t/b: it ended the program"});

  write("t.two", "a\t2.0e-07\t\n");
  CHECK(problems({"one", "two"}) == Lines{"two t/b is missing"});
  CHECK(problems({"one", "two"}, {"two t/b: it has none"}).empty());
  CHECK(problems({"one", "two"}, {"two t/b: it has none", "one t/a: nor this"}) ==
        Lines{"one t/a is declared unsupported, but there"});
  CHECK(problems({"one", "three"}) ==
        Lines{"backends.t.three has not run", "three t/a is missing", "three t/b is missing"});

  std::string const text = make_matrix({"matrix", {"t"}, {"one", "two"}, {"two t/b: it has none"}}).text;
  CHECK(text.find("| row | one     | two         |\n|-----|---------|-------------|\n"
                  "| t/a | 1.0e-07 | 2.0e-07     |\n| t/b | 0.0e+00 | unsupported |\n") != std::string::npos);
  CHECK(text.find("2 rows x 2 backends, 0 problems\n- two t/b is unsupported: it has none\n") !=
        std::string::npos);
  std::filesystem::remove_all("matrix");
}
