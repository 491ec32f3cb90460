// SPDX-License-Identifier: Apache-2.0
// How uncertain a score is: a bootstrap over the rows that it was made of, and the spread of scores that
// differ in a seed. Neither knows of the other: a model's score varies with its seed of training by far more
// than with the rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// Of a bootstrap.
struct BootstrapOptions {
  std::size_t repeats = 200;
  double level = 0.95;     ///< of the interval, in (0, 1)
  std::uint64_t seed = 0;  ///< of the rows drawn
};

namespace detail {

/// Rows drawn with replacement.
inline Rows resampled(Rows const& rows, Philox random) {
  Rows drawn = rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::size_t const from = random.integer(i, static_cast<std::uint32_t>(rows.size()));
    std::copy_n(rows.codes.row(from).begin(), rows.latents(), drawn.codes.row(i).begin());
    std::copy_n(rows.factors.row(from).begin(), rows.factor_count(), drawn.factors.row(i).begin());
  }
  return drawn;
}

/// values must be sorted; linear interpolation between order statistics.
inline double sorted_quantile(std::vector<double> const& values, double q) {
  double const position = q * static_cast<double>(values.size() - 1);
  std::size_t const below = static_cast<std::size_t>(position);
  double const above = values[std::min(below + 1, values.size() - 1)];
  return values[below] + (position - static_cast<double>(below)) * (above - values[below]);
}

inline void add_interval(Score& score, std::vector<double> values, BootstrapOptions const& options) {
  std::sort(values.begin(), values.end());
  double const tail = (1 - options.level) / 2;
  double const low = 2 * score.value - sorted_quantile(values, 1 - tail);
  double const high = 2 * score.value - sorted_quantile(values, tail);
  score.parts.insert(score.parts.end(), {{"bootstrap_low", low},
                                         {"bootstrap_high", high},
                                         {"bootstrap_standard_error", standard_deviation(values)},
                                         {"bootstrap_bias", mean(values) - score.value}});
  score.settings.insert(score.settings.end(), {{"bootstrap_repeats", static_cast<double>(options.repeats)},
                                               {"bootstrap_level", options.level},
                                               {"bootstrap_seed", static_cast<double>(options.seed)}});
  score.choices.emplace_back("bootstrap", "rows with replacement, basic interval");
}

inline void check_bootstrap(BootstrapOptions const& options) {
  check_count("bootstrap", "repeats", options.repeats, 2);
  if (!(options.level > 0 && options.level < 1))
    throw ValueError("bootstrap: level is " + number_text(options.level) + ", expected between 0 and 1");
}

}  // namespace detail

/// The score of a metric of rows with four parts more: bootstrap_low and bootstrap_high, the basic interval 2
/// value - quantile, which takes back what resampling adds to plug-in informations (repeated rows look
/// dependent); bootstrap_standard_error; bootstrap_bias, the mean over resamples less the value. A resample
/// in which a factor has a single value throws as the metric does. Cost: repeats + 1 times the metric's.
template <class Metric, matrix_like C, matrix_like F>
[[nodiscard]] Score bootstrap(Metric const& metric, C const& codes, F const& factors,
                              BootstrapOptions options = {}) {
  detail::check_bootstrap(options);
  static_assert(!detail::splits_rows<Metric>,
                "[disentangle] bootstrap: this metric trains on some rows and tests on others; say "
                "how many train: bootstrap(metric, codes, factors, train_rows)");
  detail::Rows const rows = detail::rows_of(codes, factors);
  Score score = detail::RowsAccess::of_all(metric, rows);
  std::vector<double> values;
  for (std::size_t r = 0; r < options.repeats; ++r)
    values.push_back(detail::RowsAccess::of_all(
                         metric, detail::resampled(rows, Philox{options.seed, stream("metric/bootstrap"), r}))
                         .value);
  detail::add_interval(score, std::move(values), options);
  return score;
}

/// The same for a metric that trains on the first train_rows rows and tests on the others; each part is
/// resampled by itself.
template <detail::splits_rows Metric, matrix_like C, matrix_like F>
[[nodiscard]] Score bootstrap(Metric const& metric, C const& codes, F const& factors, std::size_t train_rows,
                              BootstrapOptions options = {}) {
  detail::check_bootstrap(options);
  detail::Rows const rows = detail::rows_of(codes, factors);
  detail::check_rows(Metric::name, rows, 3, detail::RowsAccess::missing_labels<Metric>());
  std::size_t const split = detail::check_split(Metric::name, rows.size(), train_rows);
  detail::Rows const train = detail::part_of(rows, 0, split);
  detail::Rows const test = detail::part_of(rows, split, rows.size() - split);
  Score score = detail::RowsAccess::of_split(metric, train, test);
  std::vector<double> values;
  for (std::size_t r = 0; r < options.repeats; ++r)
    values.push_back(detail::RowsAccess::of_split(
                         metric,
                         detail::resampled(train, Philox{options.seed, stream("metric/bootstrap"), 2 * r}),
                         detail::resampled(test, Philox{options.seed, stream("metric/bootstrap"), 2 * r + 1}))
                         .value);
  detail::add_interval(score, std::move(values), options);
  return score;
}

/// Scores of one metric from several seeds (of training, of samples) as one: the value and every part that
/// all have are means; parts standard_deviation (n - 1), smallest and largest are of the value; the table
/// value_per_seed has all. Settings are those of the first. Throws ShapeError for fewer than 2 scores,
/// ValueError where metrics or definitions differ.
[[nodiscard]] inline Score over_seeds(std::span<Score const> scores) {
  if (scores.size() < 2)
    throw ShapeError("over_seeds: found " + std::to_string(scores.size()) + " scores, expected at least 2");
  std::vector<double> values;
  for (Score const& s : scores) {
    if (s.metric != scores[0].metric || s.definition != scores[0].definition)
      throw ValueError("over_seeds: found " + s.metric + " (" + s.definition + ") beside " +
                       scores[0].metric + " (" + scores[0].definition +
                       "), expected one metric of one definition");
    values.push_back(s.value);
  }
  Score result = scores[0];
  result.value = mean(values);
  result.tables.clear();
  result.parts.clear();
  for (auto const& [part, first] : scores[0].parts) {
    std::vector<double> each;
    for (Score const& s : scores)
      for (auto const& [other, number] : s.parts)
        if (other == part) each.push_back(number);
    if (each.size() == scores.size()) result.parts.emplace_back(part, mean(each));
  }
  result.parts.insert(result.parts.end(), {{"standard_deviation", standard_deviation(values)},
                                           {"smallest", *std::min_element(values.begin(), values.end())},
                                           {"largest", *std::max_element(values.begin(), values.end())}});
  result.settings.emplace_back("seeds", static_cast<double>(scores.size()));
  result.tables = {Table::vector("value_per_seed", "seed", std::move(values))};
  return result;
}

}  // namespace disentangle::metric
