// SPDX-License-Identifier: Apache-2.0
// Checks of a source and of the counts in a metric's settings, and what a score says about its source.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/score_warnings.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric::detail {

/// The factors' names, and a warning where there is little to draw from.
template <factor_source Source>
void name_factors(Score& score, Source const& source) {
  for (Factor const& factor : source.factors()) score.factor_names.push_back(factor.name);
  warn_of_source(score, source);
}

/// Throws ValueError for a source in which a factor has a single value: drawing "the varied factor" is
/// undefined then.
template <factor_source Source>
void check_source(std::string_view metric, Source const& source) {
  for (Factor const& factor : source.factors())
    if (factor.cardinality < 2)
      throw ValueError(std::string(metric) + ": factor " + factor.name + " has " +
                       std::to_string(factor.cardinality) +
                       " values, expected at least 2 (leave constant factors out)");
}

/// Throws ValueError where a count of a metric's settings is 0.
inline void check_count(std::string_view metric, std::string_view setting, std::size_t found,
                        std::size_t least) {
  if (found < least)
    throw ValueError(std::string(metric) + ": " + std::string(setting) + " is " + std::to_string(found) +
                     ", expected at least " + std::to_string(least));
}

}  // namespace disentangle::metric::detail
