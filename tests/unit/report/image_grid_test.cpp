// SPDX-License-Identifier: Apache-2.0
// The grid: images in reading order, labels beside them, wrong counts refused.
#include <disentangle/report/image_grid.hpp>

#include <doctest/doctest.h>

namespace report = disentangle::report;

TEST_CASE("images lie in reading order") {
  std::vector<float> images(2 * 3 * 4);
  for (std::size_t i = 0; i < 6; ++i)
    std::fill_n(images.begin() + static_cast<std::ptrdiff_t>(4 * i), 4, static_cast<float>(i) / 10);
  report::GridStyle style;
  style.zoom = 5;
  style.margin = 20;
  style.gap = 4;
  auto const plain = report::image_grid(images, 2, 3, 2, 2, 1, {}, style);
  CHECK(plain.width() == 20 + 3 * 10 + 2 * 4 + 20);
  CHECK(plain.height() == 20 + 2 * 10 + 4 + 20);
  CHECK(plain.at(20, 20).red == 0);
  CHECK(plain.at(20 + 14 + 9, 20 + 9).red == 26);
  CHECK(plain.at(20 + 28, 20 + 14).red == 128);
  CHECK(plain.at(0, 0) == report::colours::white);
}

TEST_CASE("labels make room for themselves") {
  std::vector<float> const images(4, 0.5f);
  report::GridStyle style;
  style.zoom = 20;
  style.rows_per_group = 1;
  report::GridText words;
  words.row_labels = {{"z3  KL 4.20", "posX"}, {"z1", ""}};
  words.column_labels = {"-2", "+2"};
  auto const labelled = report::image_grid(images, 2, 2, 1, 1, 1, words, style);
  auto const plain = report::image_grid(images, 2, 2, 1, 1, 1, {}, style);
  CHECK(labelled.width() >= plain.width() + report::text_width("z3  KL 4.20", 2));
  CHECK(labelled.height() > plain.height());
  words.title = "A title that is wider than the whole grid of images below it";
  auto const titled = report::image_grid(images, 2, 2, 1, 1, 1, words, style);
  CHECK(titled.width() >= report::text_width(words.title, 3));
}

TEST_CASE("counts that disagree are refused") {
  std::vector<float> const images(4);
  CHECK_THROWS_AS(report::image_grid(images, 2, 3, 1, 1, 1), disentangle::ShapeError);
  report::GridText words;
  words.row_labels = {{"only one", ""}};
  CHECK_THROWS_WITH_AS(report::image_grid(images, 2, 2, 1, 1, 1, words), doctest::Contains("1 row labels"),
                       disentangle::ShapeError);
}
