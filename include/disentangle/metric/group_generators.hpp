// SPDX-License-Identifier: Apache-2.0
// Generators of a group that acts on samples, as pairs of rows: what the group test is asked about.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>

namespace disentangle::metric {

/// A generator of the group as pairs of rows of the features: row to[i] is that of the sample g u where
/// from[i] is that of u.
struct Generator {
  std::string name;
  std::vector<std::size_t> from;
  std::vector<std::size_t> to;
};

/// A generator of a grid: the factor goes on by one value. Where it is cyclic (an angle, a hue) the last
/// value goes to the first, elsewhere samples of the last value have no partner.
struct FactorStep {
  std::size_t factor = 0;
  bool cyclic = false;
};

/// The pairs of rows in which one factor takes a step and all others agree, one generator for each step. Rows
/// without a partner are left out; of rows with the same labels the first stands for all as a partner.
/// @param labels  (rows, factors)
/// @throws ShapeError where labels and factors differ in number, ValueError for a factor that there is not, a
/// label outside its factor's values, and a step without any pair.
[[nodiscard]] inline std::vector<Generator> step_generators(MatrixView<int const> labels,
                                                            std::span<Factor const> factors,
                                                            std::span<FactorStep const> steps) {
  if (labels.columns != factors.size())
    throw ShapeError("step_generators: labels have " + std::to_string(labels.columns) +
                     " columns, expected one for each of the " + std::to_string(factors.size()) + " factors");
  std::map<std::vector<int>, std::size_t> row_of;
  std::vector<int> values(labels.columns);
  for (std::size_t i = 0; i < labels.rows; ++i) {
    for (std::size_t k = 0; k < labels.columns; ++k) {
      values[k] = labels(i, k);
      if (values[k] < 0 || values[k] >= factors[k].cardinality)
        throw ValueError("step_generators: label " + std::to_string(values[k]) + " in row " +
                         std::to_string(i) + " of factor " + factors[k].name + ", expected 0 .. " +
                         std::to_string(factors[k].cardinality - 1));
    }
    row_of.emplace(values, i);
  }
  std::vector<Generator> generators;
  for (FactorStep const& step : steps) {
    if (step.factor >= factors.size())
      throw ValueError("step_generators: found factor " + std::to_string(step.factor) +
                       ", expected one of 0 .. " + std::to_string(factors.size()) + " - 1");
    Factor const& factor = factors[step.factor];
    Generator g{factor.name, {}, {}};
    for (std::size_t i = 0; i < labels.rows; ++i) {
      for (std::size_t k = 0; k < labels.columns; ++k) values[k] = labels(i, k);
      int& value = values[step.factor];
      if (++value == factor.cardinality) {
        if (!step.cyclic) continue;
        value = 0;
      }
      auto const partner = row_of.find(values);
      if (partner == row_of.end()) continue;
      g.from.push_back(i);
      g.to.push_back(partner->second);
    }
    if (g.from.empty())
      throw ValueError("step_generators: no two rows differ by one step of factor " + factor.name +
                       " alone, expected pairs of rows");
    generators.push_back(std::move(g));
  }
  return generators;
}

}  // namespace disentangle::metric
