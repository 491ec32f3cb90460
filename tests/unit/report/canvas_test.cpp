// SPDX-License-Identifier: Apache-2.0
// The canvas: what is drawn is where it should be, nothing is drawn outside.
#include <disentangle/report/canvas.hpp>

#include "tests/unit/io/scratch_folder.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>

namespace report = disentangle::report;
using disentangle::ShapeError;
using report::Canvas;
using report::Colour;

namespace {

constexpr Colour red{255, 0, 0};

int count(Canvas const& canvas, Colour colour) {
  int n = 0;
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) n += canvas.at(x, y) == colour;
  }
  return n;
}

}  // namespace

TEST_CASE("rectangles are filled and cut off at the border") {
  Canvas canvas(10, 8);
  canvas.rectangle(7, 6, 100, 100, red);
  CHECK(count(canvas, red) == 6);
  CHECK(canvas.at(7, 6) == red);
  CHECK(canvas.at(6, 6) == report::colours::white);
  canvas.rectangle(-5, -5, 6, 6, red);
  CHECK(canvas.at(0, 0) == red);
  CHECK(count(canvas, red) == 7);
  canvas.rectangle(3, 3, 0, 5, red);
  CHECK(count(canvas, red) == 7);
  Canvas frame(10, 8);
  frame.outline(1, 1, 5, 4, red);
  CHECK(count(frame, red) == 14);
}

TEST_CASE("lines join their ends, one pixel wide, and stay inside") {
  Canvas canvas(20, 20);
  canvas.line(2, 5, 12, 5, red);
  CHECK(count(canvas, red) == 11);
  canvas.line(-1e9, -1e9, 1e9, 1e9, red, 3);
  CHECK(canvas.at(10, 10) == red);
  canvas.line(0, 0, std::numeric_limits<double>::quiet_NaN(), 3, red);
}

TEST_CASE("images are clamped and magnified") {
  float const grey[] = {0, 0.5f, 2, -1, 1, std::numeric_limits<float>::quiet_NaN()};
  Canvas canvas(20, 20);
  canvas.image(2, 3, grey, 3, 2, 1, 2);
  CHECK(canvas.at(2, 3) == Colour{0, 0, 0});
  CHECK(canvas.at(5, 4) == Colour{128, 128, 128});
  CHECK(canvas.at(7, 3) == Colour{255, 255, 255});
  CHECK(canvas.at(2, 5) == Colour{0, 0, 0});
  CHECK(canvas.at(4, 6) == Colour{255, 255, 255});
  CHECK(canvas.at(6, 6) == Colour{0, 0, 0});
  float const colour[] = {1, 0, 0.2f};
  canvas.image(0, 0, colour, 1, 1, 3);
  CHECK(canvas.at(0, 0) == Colour{255, 0, 51});
  CHECK_THROWS_WITH_AS(canvas.image(0, 0, grey, 3, 2, 2), doctest::Contains("cannot draw 6 values"),
                       ShapeError);
  CHECK_THROWS_AS(Canvas(0, 5), ShapeError);
  CHECK_THROWS_AS(Canvas(30000, 30000), ShapeError);
}

TEST_CASE("every character has its own picture") {
  std::set<report::detail::Glyph> glyphs;
  for (char c = 32; c < 127; ++c) {
    auto const& glyph = report::detail::glyph_of(c);
    glyphs.insert(glyph);
    for (auto const row : glyph) CHECK(row < 32);
  }
  CHECK(glyphs.size() == 95);
  CHECK(report::detail::glyph_of('\xC3') == report::detail::glyph_of('?'));
  for (auto const drawing : report::detail::font_drawings) {
    CHECK((drawing.empty() || drawing.size() % 6 == 5));
    CHECK(drawing.size() <= 9 * 6 - 1);
  }
}

TEST_CASE("text stands where it is put") {
  Canvas canvas(100, 40);
  canvas.text(10, 5, "I", red);
  CHECK(canvas.at(12, 5) == red);
  CHECK(canvas.at(12, 11) == red);
  CHECK(count(canvas, red) == 11);
  Canvas right(100, 40);
  right.text(100, 5, "HH", red, 2, report::Align::right);
  CHECK(right.at(98, 5) == red);
  CHECK(right.at(99, 5) == red);
  CHECK(report::text_width("HH", 2) == 22);
  Canvas upright(100, 100);
  upright.vertical_text(10, 50, "I", red);
  CHECK(count(upright, red) == 11);
  CHECK(upright.at(10, 49) == red);
}

TEST_CASE("the picture is what the file holds") {
  test_support::ScratchFolder folder;
  Canvas canvas(5, 4);
  canvas.set(1, 2, red);
  canvas.save(folder / "a/b.png");
  auto const image = disentangle::io::read_png(folder / "a/b.png");
  CHECK(image.width == 5);
  CHECK(image.pixels == canvas.to_image().pixels);
}
