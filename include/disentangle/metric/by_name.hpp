// SPDX-License-Identifier: Apache-2.0
// The metrics by the names that the command line and stored scores use. A metric is added to the list here,
// and nowhere else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/aam.hpp>
#include <disentangle/metric/beta_vae.hpp>
#include <disentangle/metric/chen_mig.hpp>
#include <disentangle/metric/code_dependence.hpp>
#include <disentangle/metric/dci.hpp>
#include <disentangle/metric/dci_regression.hpp>
#include <disentangle/metric/dcimig.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/dependent_gap.hpp>
#include <disentangle/metric/downstream.hpp>
#include <disentangle/metric/explicitness.hpp>
#include <disentangle/metric/factor_vae.hpp>
#include <disentangle/metric/factorised_support.hpp>
#include <disentangle/metric/fairness.hpp>
#include <disentangle/metric/infomec.hpp>
#include <disentangle/metric/irs.hpp>
#include <disentangle/metric/jemmig.hpp>
#include <disentangle/metric/linear_probe.hpp>
#include <disentangle/metric/med.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/mig_sup.hpp>
#include <disentangle/metric/modularity.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>
#include <disentangle/metric/rf_vae.hpp>
#include <disentangle/metric/rmig.hpp>
#include <disentangle/metric/sap.hpp>
#include <disentangle/metric/score.hpp>
#include <disentangle/metric/wsepin.hpp>

namespace disentangle {

namespace metric::detail {

template <class... Metrics>
struct MetricList {};

using NamedMetrics = MetricList<Mig, Dci, Sap, FactorVae, BetaVae, RfVaeMetricI, RfVaeMetricII, DciLasso,
                                DciRandomForest, MigSup, DciMig, Jemmig, Aam, Modularity, Med, Irs,
                                Explicitness, GaussianTotalCorrelation, GaussianWassersteinCorrelation,
                                MutualInformationScore, DependentMig, InfoMec, DownstreamLogisticRegression,
                                DownstreamTrees, NearestNeighbours, LinearProbe, Fairness, FactorisedSupport>;

/// Those that take means and deviations of posteriors, so that they need a model.
using PosteriorMetrics = MetricList<Rmig, ChenMig, Wsepin>;

/// "mig:ubisoft" -> "mig", "ubisoft"; the second is empty where there is no colon.
inline std::pair<std::string_view, std::string_view> split_name(std::string_view name) {
  std::size_t const colon = name.find(':');
  return colon == name.npos ? std::pair(name, std::string_view())
                            : std::pair(name.substr(0, colon), name.substr(colon + 1));
}

/// Calls visit with a metric of the name and definition, and returns whether there is one.
template <class Metric, class Visitor>
bool visit_if_named(std::string_view full_name, Visitor& visit) {
  auto const [name, definition] = split_name(full_name);
  if (name != Metric::name) return false;
  Metric metric;
  if (!definition.empty()) {
    if constexpr (requires { Metric::definitions; }) {
      check_definition(name, Metric::definitions, Definition{definition});
      for (Definition const& each : Metric::definitions) {
        if (each.name != definition) continue;
        if constexpr (requires { Metric::with(each); }) {
          metric = Metric::with(each);
        } else {
          metric.definition = each;
        }
      }
    } else {
      throw ValueError(std::string(name) + ": found definition '" + std::string(definition) +
                       "', expected none: it has a single one");
    }
  }
  visit(metric);
  return true;
}

template <class Visitor, class... Metrics>
bool visit_named(std::string_view name, Visitor& visit, MetricList<Metrics...>) {
  return (visit_if_named<Metrics>(name, visit) || ...);
}

template <class... Metrics>
std::vector<std::string> names_of(MetricList<Metrics...>) {
  return {std::string(Metrics::name)...};
}

}  // namespace metric::detail

/// The metrics of codes known by name.
[[nodiscard]] inline std::vector<std::string> metric_names() {
  return metric::detail::names_of(metric::detail::NamedMetrics{});
}

/// The metrics of whole posteriors known by name: evaluate() takes them beside the others.
[[nodiscard]] inline std::vector<std::string> posterior_metric_names() {
  return metric::detail::names_of(metric::detail::PosteriorMetrics{});
}

namespace detail {

/// visit(metric) with a metric of the name among the lists, and what it returns. @throws ValueError that
/// lists the known names or definitions for one that is none.
template <class Visitor, class... Lists>
metric::Score with_metric_of(std::string_view name, Visitor& visit, Lists... lists) {
  metric::Score score;
  auto const keep = [&](auto const& metric) { score = visit(metric); };
  if ((metric::detail::visit_named(name, keep, lists) || ...)) return score;
  std::string known;
  for (auto const& names : {metric::detail::names_of(lists)...})
    for (std::string const& each : names) known += (known.empty() ? "" : ", ") + each;
  throw ValueError("no metric '" + std::string(name) + "'; there are: " + known);
}

}  // namespace detail

/// What visit(metric) returns, a Score, for the metric of codes of a name ("mig") or of a name and a
/// definition ("mig:ubisoft"), with its default settings. @throws ValueError that lists the known names or
/// definitions for one that is none.
///     auto const score = dis::with_metric("dci", [&](auto const& metric) { return metric(source, seed); });
template <class Visitor>
[[nodiscard]] metric::Score with_metric(std::string_view name, Visitor&& visit) {
  return detail::with_metric_of(name, visit, metric::detail::NamedMetrics{});
}

/// The same for a metric of codes or of posteriors ("rmig").
template <class Visitor>
[[nodiscard]] metric::Score with_model_metric(std::string_view name, Visitor&& visit) {
  return detail::with_metric_of(name, visit, metric::detail::NamedMetrics{},
                                metric::detail::PosteriorMetrics{});
}

/// @throws ValueError that lists the known names, for a name that is none.
inline void expect_metric_names(std::span<std::string const> names) {
  for (std::string const& name : names) (void)with_metric(name, [](auto const&) { return metric::Score{}; });
}

/// The same for what evaluate() takes.
inline void expect_model_metric_names(std::span<std::string const> names) {
  for (std::string const& name : names)
    (void)with_model_metric(name, [](auto const&) { return metric::Score{}; });
}

}  // namespace disentangle
