// SPDX-License-Identifier: Apache-2.0
// csv_log("log.csv"): a callback of train() that writes a table of the loss, its parts and the KL of each
// latent.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/io/csv.hpp>
#include <disentangle/train/part_columns.hpp>
#include <disentangle/train/relevance.hpp>

namespace disentangle {

/// Columns: step; seconds of training so far; loss; a column per part of the loss, named as its policy; kl_0,
/// kl_1, ...: the mean KL of each latent over the minibatch in nats, for methods that infer a posterior; for
/// RF-VAE also relevance_0, ...: r of each latent; what policies measure, as critic_gap; warning: in words,
/// what was found wrong with the run since the row before, mostly empty (RunWarnings). A row for step 1,
/// every log_every-th and the last step, each flushed. Where the model comes from a checkpoint of step k,
/// rows up to step k are kept, later ones dropped, and seconds go on: a killed and resumed run has each row
/// once.
class CsvLog {
 public:
  explicit CsvLog(std::filesystem::path path) : path_(std::move(path)) {}

  void on_begin(auto& run) {
    std::vector<std::string> names{"step", "seconds", "loss"};
    auto const parts = part_columns(run.model().part_names(), names);
    names.insert(names.end(), parts.begin(), parts.end());
    if constexpr (std::remove_cvref_t<decltype(run.model())>::infers_posterior) {
      for (std::size_t l = 0; l < run.model().latent_size; ++l) names.push_back("kl_" + std::to_string(l));
    }
    if constexpr (knows_relevance<std::remove_cvref_t<decltype(run.model())>>) {
      for (std::size_t l = 0; l < run.model().latent_size; ++l)
        names.push_back("relevance_" + std::to_string(l));
    }
    for (std::string const& name : run.model().measure_names()) names.push_back(name);
    names.emplace_back("warning");
    earlier_seconds_ = 0;
    warned_ = 0;
    has_warnings_ = true;
    if (run.first_step() == 0) {
      writer_.emplace(path_, names);
      return;
    }
    if (lacks_warnings(names)) {
      names.pop_back();
      has_warnings_ = false;
    }
    writer_.emplace(io::CsvWriter::resume(path_, names, "step", run.first_step()));
    if (auto const seconds = io::read_csv(path_).numbers<double>("seconds"); !seconds.empty())
      earlier_seconds_ = seconds.back();
  }

  void on_step(auto& run, auto const& report) {
    if (!run.logs(run.step())) return;
    std::vector<io::CsvField> row{run.step(), earlier_seconds_ + run.seconds(), report.loss};
    for (double const part : report.parts) row.emplace_back(part);
    if constexpr (std::remove_cvref_t<decltype(run.model())>::infers_posterior) {
      for (float const kl : report.kl) row.emplace_back(kl);
    }
    if constexpr (knows_relevance<std::remove_cvref_t<decltype(run.model())>>) {
      for (double const r : relevance(run.model()).values) row.emplace_back(r);
    }
    for (double const measure : run.model().measures()) row.emplace_back(measure);
    if (has_warnings_) {
      std::string warning;
      for (; warned_ < run.warnings().size(); ++warned_)
        warning += (warning.empty() ? "" : "; ") + run.warnings()[warned_];
      row.emplace_back(warning);
    }
    writer_->row(row);
  }

 private:
  /// A log that a version of the library began which had no such column goes on without.
  bool lacks_warnings(std::vector<std::string> const& names) const {
    std::string header, old;
    std::ifstream file(path_);
    std::getline(file, header);
    for (std::size_t i = 0; i + 1 < names.size(); ++i)
      old += (i == 0 ? "" : ",") + io::CsvField(names[i]).text();
    return header == old;
  }

  std::filesystem::path path_;
  std::optional<io::CsvWriter> writer_;
  double earlier_seconds_ = 0;
  std::size_t warned_ = 0;  // of the run's warnings, how many have a row
  bool has_warnings_ = true;
};

/// Logs to a file; missing folders are made. @throws FileError if it cannot be written, or has other columns
/// on resuming.
[[nodiscard]] inline CsvLog csv_log(std::filesystem::path path) { return CsvLog(std::move(path)); }

}  // namespace disentangle
