// SPDX-License-Identifier: Apache-2.0
// Line plots: round ticks, curves where they belong, gaps at values that are no numbers.
#include <disentangle/report/line_plot.hpp>

#include <doctest/doctest.h>

namespace report = disentangle::report;

namespace {

int count(report::Canvas const& canvas, report::Colour colour) {
  int n = 0;
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) n += canvas.at(x, y) == colour;
  }
  return n;
}

}  // namespace

TEST_CASE("ticks are round") {
  using report::detail::tick_step;
  CHECK(tick_step(100, 6) == doctest::Approx(20));
  CHECK(tick_step(1, 6) == doctest::Approx(0.2));
  CHECK(tick_step(20000, 8) == doctest::Approx(2000));
  auto const unit = report::detail::TickUnit::of(20000);
  CHECK(report::detail::tick_text(1500, 500, unit) == "1.5k");
  CHECK(report::detail::tick_text(1e-12, 0.2, {}) == "0");
  auto const axis = report::detail::Axis::around(3, 97, 6, true);
  CHECK(axis.low == 0);
  CHECK(axis.high == doctest::Approx(100));
  CHECK(report::detail::Axis::around(5, 5, 6, true).share(5) == doctest::Approx(0.5).epsilon(0.01));
}

TEST_CASE("curves are drawn in their colours, and not through missing values") {
  report::Series line{"a", {0, 1, 2, 3}, {1, 1, 1, 1}};
  auto const whole = report::line_plot(std::span(&line, 1), {.width = 400, .height = 300});
  line.y[1] = std::numeric_limits<double>::quiet_NaN();
  auto const broken = report::line_plot(std::span(&line, 1), {.width = 400, .height = 300});
  int const drawn = count(whole, report::colours::series[0]),
            rest = count(broken, report::colours::series[0]);
  CHECK(drawn > 400);
  CHECK(rest > 100);
  CHECK(rest < 2 * drawn / 3);
}

TEST_CASE("nothing, one point, zeros on a logarithmic axis, and unequal lengths") {
  CHECK_NOTHROW(report::line_plot({}));
  report::Series point{"point", {1}, {0}};
  CHECK(count(report::line_plot(std::span(&point, 1)), report::colours::series[0]) > 20);
  CHECK_NOTHROW(report::line_plot(std::span(&point, 1), {.log_y = true}));
  point.x.push_back(2);
  CHECK_THROWS_WITH_AS(report::line_plot(std::span(&point, 1)),
                       doctest::Contains("2 x values and 1 y values"), disentangle::ShapeError);
  point.y.push_back(1);
  CHECK_THROWS_AS(report::line_plot(std::span(&point, 1), {.width = 100, .height = 60}),
                  disentangle::ShapeError);
}
