// SPDX-License-Identifier: Apache-2.0
// How alike partners and others were over the training of a contrastive method, and what IP-IRM's parts cost,
// from the log that csv_log() writes.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/found_partition.hpp>
#include <disentangle/io/csv.hpp>
#include <disentangle/report/line_plot.hpp>
#include <disentangle/report/stacked.hpp>

namespace disentangle::report {

namespace detail {

/// The columns of a log that are among `names` (column, name on the plot) as curves over its steps.
inline std::vector<Series> series_of(io::CsvTable const& log,
                                     std::span<std::pair<char const*, char const*> const> names) {
  std::vector<Series> series;
  for (auto const& [column, name] : names) {
    if (std::find(log.names.begin(), log.names.end(), column) != log.names.end())
      series.push_back({name, log.numbers<double>("step"), log.numbers<double>(column)});
  }
  return series;
}

}  // namespace detail

/// Mean cosine of positives and negatives over the steps of a log.csv; for IP-IRM below it the loss of the
/// whole and within subsets and the penalty, and the risk that each of `partitions` was found with over its
/// epoch. @throws FileError for the log of another method
[[nodiscard]] inline Canvas contrast_history(std::filesystem::path const& log,
                                             std::span<FoundPartition const> partitions = {}) {
  using Names = std::pair<char const*, char const*>;
  auto const table = io::read_csv(log);
  auto const likeness = detail::series_of(
      table, std::array{Names{"positive_similarity", "partners"}, Names{"negative_similarity", "others"}});
  if (likeness.empty()) {
    throw FileError(log.string(),
                    "found no column 'positive_similarity', expected the log of a contrastive method");
  }
  std::vector<Canvas> parts;
  parts.push_back(
      line_plot(likeness, {.title = "Mean cosine similarity of features", .x_label = "step", .height = 380}));
  auto const costs = detail::series_of(table, std::array{Names{"whole_loss", "loss of all"},
                                                         Names{"subset_loss", "loss within subsets"},
                                                         Names{"invariance_penalty", "penalty"}});
  if (!costs.empty())
    parts.push_back(line_plot(costs, {.title = "Parts of the objective", .x_label = "step", .height = 380}));
  if (!partitions.empty()) {
    Series risks{"risk", {}, {}};
    for (FoundPartition const& partition : partitions) {
      risks.x.push_back(static_cast<double>(partition.epoch));
      risks.y.push_back(partition.risk);
    }
    parts.push_back(line_plot(
        std::array{risks},
        {.title = "Risk of the partition found before each epoch", .x_label = "epoch", .height = 320}));
  }
  return stacked(parts);
}

}  // namespace disentangle::report
