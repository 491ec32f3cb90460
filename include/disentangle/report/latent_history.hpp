// SPDX-License-Identifier: Apache-2.0
// The KL of each latent over training, and for RF-VAE its relevance above it, from the log that csv_log()
// writes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/io/csv.hpp>
#include <disentangle/report/canvas.hpp>
#include <disentangle/report/line_plot.hpp>
#include <disentangle/report/stacked.hpp>

namespace disentangle::report {

namespace detail {

/// The columns prefix0, prefix1, ... of a log as curves over its steps.
inline std::vector<Series> latent_series(io::CsvTable const& log, std::string const& prefix) {
  std::vector<Series> series;
  auto const steps = log.numbers<double>("step");
  for (std::size_t l = 0;; ++l) {
    std::string const name = prefix + std::to_string(l);
    if (std::find(log.names.begin(), log.names.end(), name) == log.names.end()) break;
    series.push_back({"z" + std::to_string(l), steps, log.numbers<double>(name)});
  }
  return series;
}

}  // namespace detail

/// Whether a log has the relevance of latents.
[[nodiscard]] inline bool logs_relevance(std::filesystem::path const& log) {
  auto const names = io::read_csv(log).names;
  return std::find(names.begin(), names.end(), "relevance_0") != names.end();
}

/// KL of each latent in nats over the steps of a log.csv; where the log has relevance, r of each latent above
/// it, in the same colours. @throws FileError for a log without columns kl_0, ...
inline Canvas latent_history(std::filesystem::path const& log) {
  auto const table = io::read_csv(log);
  auto const kl = detail::latent_series(table, "kl_");
  if (kl.empty())
    throw FileError(log.string(), "found no column 'kl_0', expected the log of a method with latents");
  auto const relevance = detail::latent_series(table, "relevance_");
  Canvas const below = line_plot(kl, {.title = "KL of each latent (nats)", .x_label = "step", .height = 460});
  if (relevance.empty()) return below;
  Canvas const above =
      line_plot(relevance, {.title = "Relevance r of each latent", .x_label = "step", .height = 460});
  return stacked(std::array{above, below});
}

/// Writes it as a PNG, beside and renamed.
inline void latent_history(std::filesystem::path const& log, std::filesystem::path const& picture) {
  latent_history(log).save(picture);
}

}  // namespace disentangle::report
