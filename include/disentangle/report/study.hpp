// SPDX-License-Identifier: Apache-2.0
// The scores of several methods over several seeds: tables (CSV, Markdown) and a plot of every run.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/csv.hpp>
#include <disentangle/report/canvas.hpp>
#include <disentangle/report/line_plot.hpp>

namespace disentangle::report {

/// One run of a study.
struct StudyRun {
  std::string method;
  std::uint64_t seed = 0;
  long steps = 0;
  std::vector<double> values;  ///< one for each metric of the study
};

/// A study: what was measured, and every run's values in the order of the methods.
struct Study {
  std::vector<std::string> metrics;
  std::vector<StudyRun> runs;
  std::vector<bool> lower_is_better{};  ///< for each metric; empty: none
};

/// The runs of one method.
struct StudySummary {
  std::string method;
  std::size_t runs = 0;
  std::vector<double> means;
  std::vector<double> deviations;  ///< sample standard deviations (n - 1); 0 for a single run
};

namespace detail {

inline void check(Study const& study) {
  for (StudyRun const& run : study.runs) {
    if (run.values.size() != study.metrics.size()) {
      throw ShapeError("study: run " + run.method + ", seed " + std::to_string(run.seed) + ": found " +
                       std::to_string(run.values.size()) + " values, expected " +
                       std::to_string(study.metrics.size()) + ", one for each metric");
    }
  }
}

inline std::string fixed(double value, char const* format) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace detail

/// Mean and standard deviation of each method, in the order in which methods first occur.
/// @throws ShapeError where a run lacks a value.
[[nodiscard]] inline std::vector<StudySummary> summarise(Study const& study) {
  detail::check(study);
  std::vector<StudySummary> all;
  for (StudyRun const& run : study.runs) {
    auto const same = [&](StudySummary const& s) { return s.method == run.method; };
    if (std::none_of(all.begin(), all.end(), same)) all.push_back({run.method, 0, {}, {}});
  }
  for (StudySummary& summary : all) {
    for (std::size_t m = 0; m < study.metrics.size(); ++m) {
      double sum = 0, squares = 0;
      std::size_t n = 0;
      for (StudyRun const& run : study.runs) {
        if (run.method != summary.method) continue;
        sum += run.values[m];
        ++n;
      }
      double const mean = sum / static_cast<double>(n);
      for (StudyRun const& run : study.runs) {
        if (run.method == summary.method) squares += (run.values[m] - mean) * (run.values[m] - mean);
      }
      summary.runs = n;
      summary.means.push_back(mean);
      summary.deviations.push_back(n > 1 ? std::sqrt(squares / static_cast<double>(n - 1)) : 0);
    }
  }
  return all;
}

/// One row per run: method, seed, steps, and a column for each metric. Written beside and renamed.
inline void write_study_runs(std::filesystem::path const& path, Study const& study) {
  detail::check(study);
  std::string text = "method,seed,steps";
  for (std::string const& metric : study.metrics) text += "," + io::CsvField(metric).text();
  text += "\n";
  for (StudyRun const& run : study.runs) {
    text +=
        io::CsvField(run.method).text() + "," + std::to_string(run.seed) + "," + std::to_string(run.steps);
    for (double const value : run.values) text += "," + io::CsvField(value).text();
    text += "\n";
  }
  io::write_file(path, text);
}

/// One row per method and metric: method, metric, runs, mean, standard_deviation.
inline void write_study_summary(std::filesystem::path const& path, Study const& study) {
  std::string text = "method,metric,runs,mean,standard_deviation\n";
  for (StudySummary const& summary : summarise(study)) {
    for (std::size_t m = 0; m < study.metrics.size(); ++m) {
      text += io::CsvField(summary.method).text() + "," + io::CsvField(study.metrics[m]).text() + "," +
              std::to_string(summary.runs) + "," + io::CsvField(summary.means[m]).text() + "," +
              io::CsvField(summary.deviations[m]).text() + "\n";
    }
  }
  io::write_file(path, text);
}

/// A Markdown table of means and standard deviations, and below it one of every run.
[[nodiscard]] inline std::string study_markdown(Study const& study) {
  std::string head, rule = "|---|";
  for (std::size_t m = 0; m < study.metrics.size(); ++m) {
    bool const lower = m < study.lower_is_better.size() && study.lower_is_better[m];
    head += " " + study.metrics[m] + (lower ? " (lower is better)" : "") + " |";
    rule += "---|";
  }
  std::string text = "| method (runs) |" + head + "\n" + rule + "\n";
  for (StudySummary const& summary : summarise(study)) {
    text += std::string("| ")
                .append(summary.method)
                .append(" (")
                .append(std::to_string(summary.runs))
                .append(") |");
    for (std::size_t m = 0; m < study.metrics.size(); ++m) {
      text.append(" ").append(detail::fixed(summary.means[m], "%.3f"));
      if (summary.runs > 1) text.append(" ± ").append(detail::fixed(summary.deviations[m], "%.3f"));
      text += " |";
    }
    text += "\n";
  }
  text += "\n| method | seed | steps |" + head + "\n|---|---" + rule + "\n";
  for (StudyRun const& run : study.runs) {
    text.append("| ").append(run.method).append(" | ").append(std::to_string(run.seed));
    text.append(" | ").append(std::to_string(run.steps)).append(" |");
    for (double const value : run.values) text.append(" ").append(detail::fixed(value, "%.4f")).append(" |");
    text += "\n";
  }
  return text;
}

/// A panel per metric, side by side; in each a line per method with a dot for every run and a bar at the
/// mean.
[[nodiscard]] inline Canvas study_plot(Study const& study, std::string const& title = "") {
  auto const summaries = summarise(study);
  constexpr int zoom = 2, margin = 20, row = 36, panel = 260, gap = 28;
  int names = 0;
  for (StudySummary const& summary : summaries) names = std::max(names, text_width(summary.method, zoom));
  int const top = margin + (title.empty() ? 0 : text_height(zoom + 1) + 12) + text_height(zoom) + 12;
  int const rows = static_cast<int>(summaries.size()) * row, panels = static_cast<int>(study.metrics.size());
  int const left = margin + names + 16;
  Canvas canvas(std::max(left + panels * (panel + gap) + margin, margin * 2 + text_width(title, zoom + 1)),
                top + rows + text_height(zoom) + 12 + margin);
  canvas.text(margin, margin, title, colours::ink, zoom + 1);
  auto const middle = [&](std::size_t method) { return top + static_cast<int>(method) * row + row / 2; };
  for (std::size_t s = 0; s < summaries.size(); ++s) {
    canvas.text(left - 16, middle(s) - font_ascent * zoom / 2, summaries[s].method, colours::ink, zoom,
                Align::right);
  }
  for (std::size_t m = 0; m < study.metrics.size(); ++m) {
    double low = 0, high = 0;
    bool any = false;
    for (StudyRun const& run : study.runs) {
      if (!std::isfinite(run.values[m])) continue;
      low = any ? std::min(low, run.values[m]) : run.values[m];
      high = any ? std::max(high, run.values[m]) : run.values[m];
      any = true;
    }
    auto const axis = detail::Axis::around(low, high, 3, true);
    int const x0 = left + static_cast<int>(m) * (panel + gap), y1 = top + rows;
    auto const column = [&](double value) {
      return x0 + static_cast<int>(std::lround(axis.share(value) * (panel - 1)));
    };
    canvas.text(x0, top - text_height(zoom) - 6, study.metrics[m], colours::ink, zoom);
    int free = x0 - gap;  // where the label before ended
    for (int tick = 0;; ++tick) {
      double const value = axis.low + tick * axis.step;
      if (value > axis.high + axis.step * 1e-6) break;
      canvas.rectangle(column(value), top, 1, rows, {233, 236, 239});
      std::string const label = detail::tick_text(value, axis.step, axis.unit());
      int const half = text_width(label, zoom) / 2;
      if (column(value) - half < free || column(value) + half > x0 + panel + gap / 2) continue;
      free = column(value) + half + gap / 2;
      canvas.text(column(value), y1 + 8, label, colours::muted, zoom, Align::centre);
    }
    canvas.rectangle(x0, y1, panel, 1, colours::frame);
    for (std::size_t s = 0; s < summaries.size(); ++s) {
      Colour const colour = colours::series[s % std::size(colours::series)];
      canvas.rectangle(x0, middle(s), panel, 1, {243, 244, 246});
      if (std::isfinite(summaries[s].means[m]))
        canvas.rectangle(column(summaries[s].means[m]) - 1, middle(s) - 11, 3, 23, colour);
      for (StudyRun const& run : study.runs) {
        if (run.method != summaries[s].method || !std::isfinite(run.values[m])) continue;
        int const x = column(run.values[m]);
        canvas.line(x, middle(s), x, middle(s), colour, 9);
      }
    }
  }
  return canvas;
}

}  // namespace disentangle::report
