// SPDX-License-Identifier: Apache-2.0
// What every metric returns: the number, and all that is needed to print, plot or question it without knowing
// the metric.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric {

/// A named vector or matrix of a score. The axes say what a row and a column stand for: "latent", "factor",
/// or empty for the single column of a vector.
struct Table {
  std::string name;
  std::string row_axis;
  std::string column_axis;
  Matrix<double> values;

  /// A vector with one entry per latent, factor, ...
  [[nodiscard]] static Table vector(std::string name, std::string axis, std::vector<double> values) {
    Table table{std::move(name), std::move(axis), "", {}};
    table.values.rows = values.size();
    table.values.columns = 1;
    table.values.values = std::move(values);
    return table;
  }
};

/// The result of a metric. No entry is ever NaN. Higher is better unless lower_is_better.
struct Score {
  std::string metric;      ///< its short name as the command line spells it, e.g. "mig"
  std::string definition;  ///< whose definition was followed, e.g. "disentanglement_lib"
  double value = 0;        ///< the headline number
  bool lower_is_better = false;
  std::vector<std::pair<std::string, double>> parts;  ///< named parts, the headline number among them
  std::vector<std::pair<std::string, double>>
      settings;  ///< numbers that define it: rows used, bins, thresholds
  std::vector<std::pair<std::string, std::string>> choices;  ///< words that define it: classifier, normaliser
  std::vector<std::string> factor_names;  ///< empty where the metric was given plain arrays
  std::vector<Table> tables;              ///< per latent, per factor and latent x factor
  std::vector<std::string> warnings;      ///< why it says little: "8 rows: ...", "one factor: ..."
  /// What codes that know nothing reach, where that is known (the share of the largest class) or was
  /// estimated.
  std::optional<double> chance;

  /// The part of this name. Throws ValueError where there is none.
  double part(std::string_view name) const {
    for (auto const& [key, number] : parts)
      if (key == name) return number;
    throw ValueError("score " + metric + ": no part is named " + std::string(name));
  }

  /// The table of this name. Throws ValueError where there is none.
  Matrix<double> const& table(std::string_view name) const {
    for (Table const& entry : tables)
      if (entry.name == name) return entry.values;
    throw ValueError("score " + metric + ": no table is named " + std::string(name));
  }
};

}  // namespace disentangle::metric
