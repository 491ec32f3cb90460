// SPDX-License-Identifier: Apache-2.0
#include <disentangle/report/heat_map.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace dis = disentangle;
namespace report = disentangle::report;
using dis::metric::Matrix;

namespace {

/// How many pixels of a canvas have the colour.
std::size_t count(report::Canvas const& canvas, report::Colour colour) {
  std::size_t n = 0;
  for (int y = 0; y < canvas.height(); ++y)
    for (int x = 0; x < canvas.width(); ++x) n += canvas.at(x, y) == colour;
  return n;
}

}  // namespace

TEST_CASE("the scale of heat gets darker evenly and ends where it says") {
  int before = 1000;
  for (int i = 0; i <= 100; ++i) {
    auto const c = report::detail::heat(i / 100.0);
    int const light = 2 * c.red + 5 * c.green + c.blue;
    CHECK(light < (i == 0 ? 10000 : before));
    before = light;
  }
  CHECK(report::detail::heat(-3) == report::detail::heat(0));
  CHECK(report::detail::heat(7) == report::detail::heat(1));
}

TEST_CASE("a cell has the colour of its value, and the range is that of the values from 0") {
  Matrix<double> m(2, 3);
  m.values = {0, 0.5, 1, 0.25, 0, 0};
  auto const canvas = report::heat_map(m.view(), {.cell = 12});  // no room for numbers
  // Cells touch at this size: 144 pixels each, and what the colour bar has of the same shade.
  CHECK(count(canvas, report::detail::heat(0)) >= 3 * 144);
  CHECK(count(canvas, report::detail::heat(1)) >= 144);
  CHECK(count(canvas, report::detail::heat(0.5)) >= 144);
  CHECK(count(canvas, report::detail::heat(0.25)) >= 144);
  auto const fixed = report::heat_map(m.view(), {.low = 0, .high = 2, .cell = 12});
  CHECK(count(fixed, report::detail::heat(1)) < 144);
  CHECK(count(fixed, report::detail::heat(0.5)) >= 144);
}

TEST_CASE("numbers stand in cells that have room, in white on dark shades") {
  Matrix<double> const one(1, 1, 0.3);
  auto const large = report::heat_map(one.view());
  CHECK(count(large, report::colours::white) > 0);
  auto const plain = report::heat_map(one.view(), {.cell = 10});
  CHECK(count(plain, report::detail::heat(1)) >= 100);
  CHECK(report::detail::cell_text(0.304, 1) == "0.30");
  CHECK(report::detail::cell_text(-0.001, 1) == "0.00");
  CHECK(report::detail::cell_text(12.34, 50) == "12.3");
  CHECK(report::detail::cell_text(123.4, 500) == "123");
  CHECK(report::detail::cell_text(123456, 2e5) == "1e+05");
  CHECK(report::detail::cell_text(0, 1e-3) == "0");
  CHECK(report::detail::cell_text(std::numeric_limits<double>::infinity(), 1) == "inf");
}

TEST_CASE("values that are no numbers, equal values and large matrices make pictures, too") {
  Matrix<double> m(200, 70);
  for (std::size_t i = 0; i < m.values.size(); ++i) m.values[i] = std::sin(static_cast<double>(i));
  m(3, 3) = std::nan("");
  m(4, 4) = std::numeric_limits<double>::infinity();
  m(5, 5) = -std::numeric_limits<double>::infinity();
  auto const canvas = report::heat_map(m.view());
  CHECK(canvas.height() < 1300);
  CHECK(count(canvas, report::colours::shade) > 0);
  Matrix<double> const nothing(2, 2, std::nan(""));
  CHECK(report::heat_map(nothing.view()).width() > 50);
  Matrix<double> const zeros(2, 2);
  CHECK(count(report::heat_map(zeros.view(), {.cell = 8}), report::detail::heat(0)) >= 4 * 64);
}

TEST_CASE("long names are turned and widen the picture above, a score names its factors") {
  Matrix<double> const m(2, 3, 0.5);
  std::vector<std::string> const names{"orientation of the object", "b", "c"};
  auto const turned = report::heat_map(m.view(), {.column_names = names});
  auto const upright = report::heat_map(m.view(), {.column_names = {"a", "b", "c"}});
  CHECK(turned.height() > upright.height() + 200);
  dis::metric::Score score;
  score.metric = "dci";
  score.definition = "paper";
  score.factor_names = names;
  score.tables = {{"importance", "latent", "factor", m}};
  CHECK(report::heat_map(score, "importance").height() > turned.height());
  CHECK_THROWS_WITH_AS(report::heat_map(score, "robustness"), "score dci: no table is named robustness",
                       dis::ValueError);
}

TEST_CASE("a matrix without entries and names that do not fit are refused") {
  Matrix<double> const m(2, 3), none(0, 3);
  CHECK_THROWS_WITH_AS(
      report::heat_map(none.view()),
      "a heat map of 0 x 3 values with 0 names of rows and 0 of columns, expected at least one "
      "value and as many names or none",
      dis::ShapeError);
  CHECK_THROWS_AS(report::heat_map(m.view(), {.row_names = {"a", "b", "c"}}), dis::ShapeError);
  Matrix<double> const many(1, 33000);
  CHECK_THROWS_AS(report::heat_map(many.view()), dis::ShapeError);
}
