// SPDX-License-Identifier: Apache-2.0
// Rows in which some labels are missing, factor by factor: each factor is scored by itself on the rows that
// have it, and the scores are put side by side. For metrics whose quantities concern one factor each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/detail/row_table.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric::detail {

inline bool has_missing(Rows const& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < rows.factor_count(); ++k)
      if (rows.missing(i, k)) return true;
  return false;
}

inline double known_count(Rows const& rows, std::size_t factor) {
  double count = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) count += !rows.missing(i, factor);
  return count;
}

/// The rows that have this factor, and this factor alone. Throws ShapeError for fewer than `least`.
inline Rows known_rows(std::string_view metric, Rows const& rows, std::size_t factor, std::size_t least) {
  Rows known;
  known.single = rows.single;
  known.whole = rows.whole;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows.missing(i, factor)) continue;
    auto const code = rows.codes.row(i);
    known.codes.values.insert(known.codes.values.end(), code.begin(), code.end());
    known.factors.values.push_back(rows.factors(i, factor));
  }
  known.codes.rows = known.factors.rows = known.factors.values.size();
  known.codes.columns = rows.latents();
  known.factors.columns = 1;
  if (known.size() < least)
    throw ShapeError(std::string(metric) + ": factor " + std::to_string(factor) + " has a label in " +
                     std::to_string(known.size()) + " of " + std::to_string(rows.size()) +
                     " rows, expected at least " + std::to_string(least));
  return known;
}

/// The part of every score that has it, or nothing where one has not.
inline std::vector<double> part_of_each(std::span<Score const> each, std::string const& name) {
  std::vector<double> values;
  for (Score const& s : each)
    for (auto const& [key, value] : s.parts)
      if (key == name) values.push_back(value);
  if (values.size() != each.size()) values.clear();
  return values;
}

/// The tables of this number of every score side by side, one for each factor.
inline Table side_by_side(std::span<Score const> each, std::size_t number) {
  Table joined = each[0].tables[number];
  bool const vector = joined.column_axis.empty();
  std::size_t const rows = vector ? 1 : joined.values.rows;
  Matrix<double> columns(rows, each.size());
  for (std::size_t k = 0; k < each.size(); ++k)
    for (std::size_t i = 0; i < rows; ++i) columns(i, k) = each[k].tables[number].values(i, 0);
  if (vector) std::swap(columns.rows, columns.columns);
  joined.values = std::move(columns);
  return joined;
}

/// Scores of single factors as one: the value and each part that all have are means, tables per factor have a
/// column or an entry of each. What is per latent is left to the metric.
inline Score joined_over_factors(std::span<Score const> each) {
  Score joined = each[0];
  std::vector<double> values;
  for (Score const& s : each) values.push_back(s.value);
  joined.value = mean(values);
  joined.parts.clear();
  for (auto const& [name, first] : each[0].parts)
    if (auto const parts = part_of_each(each, name); !parts.empty())
      joined.parts.emplace_back(name, mean(parts));
  joined.tables.clear();
  for (std::size_t t = 0; t < each[0].tables.size(); ++t) {
    Table const& first = each[0].tables[t];
    bool const per_factor =
        first.column_axis == "factor" || (first.column_axis.empty() && first.row_axis == "factor");
    bool const alike = std::all_of(each.begin(), each.end(), [&](Score const& s) {
      return s.tables[t].values.rows == first.values.rows;
    });
    if (per_factor && alike) joined.tables.push_back(side_by_side(each, t));
  }
  if (std::all_of(each.begin(), each.end(), [](Score const& s) { return s.chance.has_value(); })) {
    std::vector<double> chances;
    for (Score const& s : each) chances.push_back(*s.chance);
    joined.chance = mean(chances);
  }
  joined.choices.emplace_back("missing labels", "left out, factor by factor");
  return joined;
}

/// Says how many rows there were, and how many of them had each factor.
inline void name_known_rows(Score& score, std::string const& name, Rows const& rows) {
  for (auto& [key, value] : score.settings)
    if (key == name) value = static_cast<double>(rows.size());
  std::vector<double> counts(rows.factor_count());
  for (std::size_t k = 0; k < counts.size(); ++k) counts[k] = known_count(rows, k);
  score.tables.push_back(Table::vector(name + "_per_factor", "factor", std::move(counts)));
}

/// score(k) for each factor; what it throws names the factor.
template <class ScoreOne>
std::vector<Score> scores_of_factors(std::size_t factors, ScoreOne const& score) {
  std::vector<Score> each;
  for (std::size_t k = 0; k < factors; ++k) {
    std::string const who = "in the rows that have factor " + std::to_string(k) + ", alone: ";
    try {
      each.push_back(score(k));
    } catch (ShapeError const& error) {
      throw ShapeError(who + error.what());
    } catch (ValueError const& error) {
      throw ValueError(who + error.what());
    }
  }
  return each;
}

/// Writes a part, the headline number too where it is one.
inline void set_part(Score& score, std::string const& name, double value) {
  for (auto& [key, number] : score.parts)
    if (key == name) {
      number = value;
      return;
    }
  score.parts.emplace_back(name, value);
}

/// Writes a table, in the place of one of the same name.
inline void set_table(Score& score, Table table) {
  for (Table& other : score.tables)
    if (other.name == table.name) {
      other = std::move(table);
      return;
    }
  score.tables.push_back(std::move(table));
}

}  // namespace disentangle::metric::detail
