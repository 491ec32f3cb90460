// SPDX-License-Identifier: Apache-2.0
// Whether there are rows enough for a score to say something.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// Below these codes that know nothing reach high scores; thresholds of ours, not of a paper.
inline constexpr std::size_t enough_rows = 100, enough_rows_a_value = 20;

/// Adds a warning where a score is of few rows, or of few for each of the `values` of factor number `factor`
/// (0: not known). `of` says which rows: " to train on".
inline void warn_of_few_rows(Score& score, std::size_t rows, std::size_t values = 0, std::size_t factor = 0,
                             std::string_view of = {}) {
  std::string const found = std::to_string(rows) + " rows" + std::string(of);
  if (rows < enough_rows) {
    score.warnings.push_back(found + ": with fewer than " + std::to_string(enough_rows) +
                             " codes that know nothing may score high");
  } else if (rows < enough_rows_a_value * values) {
    score.warnings.push_back(found + " for " + std::to_string(values) + " values of factor " +
                             std::to_string(factor) + ": with fewer than " +
                             std::to_string(enough_rows_a_value) +
                             " a value codes that know nothing may score high");
  }
}

}  // namespace disentangle::metric
