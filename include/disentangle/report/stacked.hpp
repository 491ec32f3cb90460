// SPDX-License-Identifier: Apache-2.0
// Several pictures above each other.
#pragma once

#include <algorithm>
#include <span>

#include <disentangle/report/canvas.hpp>

namespace disentangle::report {

/// One picture with the others below it, flush left on white.
[[nodiscard]] inline Canvas stacked(std::span<Canvas const> parts) {
  int width = 1, height = 0;
  for (Canvas const& part : parts) {
    width = std::max(width, part.width());
    height += part.height();
  }
  Canvas all(width, std::max(height, 1));
  int top = 0;
  for (Canvas const& part : parts) {
    for (int y = 0; y < part.height(); ++y) {
      for (int x = 0; x < part.width(); ++x) all.set(x, top + y, part.at(x, y));
    }
    top += part.height();
  }
  return all;
}

}  // namespace disentangle::report
