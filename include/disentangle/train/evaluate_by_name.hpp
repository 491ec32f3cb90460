// SPDX-License-Identifier: Apache-2.0
// evaluate(model, data, {"mig", "dci"}): scores of metrics that are named at run time. It knows every metric,
// which takes a while to compile: who knows the metrics beforehand names their types (evaluate.hpp).
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/data/data_set.hpp>
#include <disentangle/metric/by_name.hpp>
#include <disentangle/metric/score.hpp>
#include <disentangle/train/encoded_data.hpp>
#include <disentangle/train/evaluate.hpp>

namespace disentangle {

/// Calls done(score) after each metric, so that a program can show scores as they come.
template <class Model, data::data_set Data, std::invocable<metric::Score const&> Done>
[[nodiscard]] std::vector<metric::Score> evaluate(Model& model, Data const& data,
                                                  std::span<std::string const> names,
                                                  EvaluateOptions const& options, Done&& done) {
  expect_model_metric_names(names);
  EncodedData encoded(model, data);
  detail::expect_factors(encoded);
  std::vector<metric::Score> scores;
  for (std::string const& name : names) {
    scores.push_back(with_model_metric(
        name, [&](auto const& metric) { return detail::score_beside_chance(encoded, metric, options); }));
    done(scores.back());
  }
  return scores;
}

/// The same by name: evaluate(model, data, {"mig", "dci"}). @throws ValueError that lists the names there
/// are.
template <class Model, data::data_set Data>
[[nodiscard]] std::vector<metric::Score> evaluate(Model& model, Data const& data,
                                                  std::vector<std::string> const& names,
                                                  EvaluateOptions const& options = {}) {
  return evaluate(model, data, std::span<std::string const>(names), options, [](metric::Score const&) {});
}

}  // namespace disentangle
