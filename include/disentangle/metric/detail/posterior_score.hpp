// SPDX-License-Identifier: Apache-2.0
// What metrics of whole posteriors have in common: labels of their rows, the beginning of their scores, and
// the floor of densities in the code of Do and Tran.
#pragma once

#include <string>
#include <string_view>

#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/posteriors.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/few_rows.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric::detail {

template <matrix_like F>
Matrix<int> posterior_labels(std::string_view metric, Posteriors const& q, F const& factors) {
  Rows rows = rows_of(q.mean, factors);
  check_rows(metric, rows, 2, {false, "densities of codes are averages over the same rows for every factor"});
  return varied_labels_of(metric, rows);
}

inline Score begin_posterior_score(std::string_view metric, Definition definition, Posteriors const& q,
                                   double value) {
  Score s;
  s.metric = metric;
  s.definition = definition.name;
  s.value = value;
  s.parts = {{std::string(metric), value}};
  s.settings = {{"rows", static_cast<double>(q.rows())}};
  s.choices = {{"representation", "posterior, mean and deviation"}};
  warn_of_few_rows(s, q.rows());
  return s;
}

inline constexpr double density_floor = 1e-8;  // of clarken92

}  // namespace disentangle::metric::detail
