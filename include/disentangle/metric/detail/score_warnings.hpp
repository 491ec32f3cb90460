// SPDX-License-Identifier: Apache-2.0
// What makes a score say little, in words: few rows, few rows for each value of a factor, a single factor or
// latent.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/core/factor.hpp>
#include <disentangle/metric/detail/row_table.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/few_rows.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric::detail {

/// What a metric says of one factor, or of one latent, where its value is then decided: `one_factor`,
/// `one_latent`.
template <class Metric>
void warn_of_one(Score& score, std::size_t latents, std::size_t factors) {
  if constexpr (requires { Metric::one_factor; }) {
    if (factors == 1) score.warnings.push_back("one factor: " + std::string(Metric::one_factor));
  }
  if constexpr (requires { Metric::one_latent; }) {
    if (latents == 1) score.warnings.push_back("one latent: " + std::string(Metric::one_latent));
  }
}

/// The factor with the most different values, and how many; no values where factors are real numbers.
inline std::pair<std::size_t, std::size_t> most_values(Rows const& rows) {
  std::pair<std::size_t, std::size_t> most{0, 0};
  for (std::size_t k = 0; rows.whole && k < rows.factor_count(); ++k) {
    std::vector<double> column;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (!rows.missing(i, k)) column.push_back(rows.factors(i, k));
    std::sort(column.begin(), column.end());
    auto const values = static_cast<std::size_t>(std::unique(column.begin(), column.end()) - column.begin());
    if (values > most.second) most = {k, values};
  }
  return most;
}

/// Of rows that train; `test` is empty where nothing is set aside.
template <class Metric>
void warn_of_rows(Score& score, Rows const& train, std::size_t test = 0) {
  auto const [factor, values] = most_values(train);
  warn_of_few_rows(score, train.size(), values, factor, test == 0 ? "" : " to train on");
  if (test != 0 && test < enough_rows / 2 && score.warnings.empty())
    score.warnings.push_back(std::to_string(test) + " rows to test on: a share of so few is coarse");
  warn_of_one<Metric>(score, train.latents(), train.factor_count());
}

/// Of a source that says how many different points it has. Does not repeat what was said of the rows drawn.
template <factor_source Source>
void warn_of_source(Score& score, Source const& source) {
  if constexpr (requires { source.rows(); }) {
    std::size_t factor = 0;
    auto const of = source.factors();
    for (std::size_t k = 1; k < of.size(); ++k)
      if (of[k].cardinality > of[factor].cardinality) factor = k;
    bool const said = std::any_of(score.warnings.begin(), score.warnings.end(),
                                  [](std::string const& each) { return each.find(" rows") != each.npos; });
    if (!said && !of.empty()) {
      warn_of_few_rows(score, source.rows(), static_cast<std::size_t>(of[factor].cardinality), factor,
                       " to draw from");
    }
  }
}

/// The mean over factors of the share of test rows that have the most frequent training label: the accuracy
/// of a classifier that sees no code.
inline double majority_accuracy(MatrixView<int const> train, MatrixView<int const> test) {
  double sum = 0;
  for (std::size_t k = 0; k < train.columns; ++k) {
    std::vector<int> column(train.rows);
    for (std::size_t i = 0; i < train.rows; ++i) column[i] = train(i, k);
    std::sort(column.begin(), column.end());
    int most = 0;
    std::size_t count = 0;
    for (std::size_t i = 0, end = 0; i < column.size(); i = end) {
      while (end < column.size() && column[end] == column[i]) ++end;
      if (end - i > count) {
        count = end - i;
        most = column[i];
      }
    }
    std::size_t right = 0;
    for (std::size_t i = 0; i < test.rows; ++i) right += test(i, k) == most;
    sum += static_cast<double>(right) / static_cast<double>(test.rows);
  }
  return sum / static_cast<double>(train.columns);
}

/// The largest share of one row's sum in a table of (class, vote): the accuracy of naming that class always.
inline double largest_row_share(Matrix<double> const& votes) {
  double all = 0, most = 0;
  for (std::size_t k = 0; k < votes.rows; ++k) {
    double sum = 0;
    for (double const v : votes.row(k)) sum += v;
    all += sum;
    most = std::max(most, sum);
  }
  return all > 0 ? most / all : 1.0 / static_cast<double>(votes.rows);
}

}  // namespace disentangle::metric::detail
