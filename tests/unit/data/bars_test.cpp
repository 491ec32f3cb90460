// SPDX-License-Identifier: Apache-2.0
// The drawn bars: their angle is their class, whatever else they look like.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/data/bars.hpp>

using namespace disentangle;

static_assert(data::data_set<data::Bars>);

TEST_CASE("the long axis of a bar has the angle of its class") {
  data::Bars const bars;
  std::vector<std::size_t> indices(bars.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  std::vector<float> images(bars.size() * 1024);
  std::vector<int> labels(bars.size());
  bars.images(indices, images);
  bars.labels(indices, labels);
  double worst = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (std::size_t p = 0; p < 1024; ++p) {
      if (images[i * 1024 + p] == 0) continue;
      double const px = static_cast<double>(p % 32), py = static_cast<double>(p / 32);
      n += 1, x += px, y += py, xx += px * px, yy += py * py, xy += px * py;
    }
    double const axis =
        0.5 * std::atan2(2 * (xy / n - x / n * y / n), xx / n - x / n * x / n - yy / n + y / n * y / n);
    double const turn = axis - labels[i] * std::numbers::pi / 10;  // the same bar after half a turn
    worst = std::max(worst, std::abs(std::remainder(turn, std::numbers::pi)));
  }
  CHECK(worst < std::numbers::pi / 20);  // no bar is nearer to another class
}

TEST_CASE("bars of a class differ; the same bar is the same; what is not there is said") {
  data::Bars const bars;
  std::size_t const asked[] = {3, 13, 3};
  std::vector<float> images(3 * 1024);
  bars.images(asked, images);
  std::vector<float> const a(images.begin(), images.begin() + 1024),
      b(images.begin() + 1024, images.begin() + 2048), c(images.begin() + 2048, images.end());
  CHECK(a != b);
  CHECK(a == c);
  std::size_t const outside[] = {2000};
  std::vector<float> one(1024);
  CHECK_THROWS_AS(bars.images(outside, one), ValueError);
  CHECK_THROWS_AS(bars.images(asked, one), ShapeError);
}
