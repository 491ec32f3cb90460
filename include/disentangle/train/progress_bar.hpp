// SPDX-License-Identifier: Apache-2.0
// progress_bar(): a callback of train() that shows images per second, the loss with its parts, and the time
// left.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#if __has_include(<unistd.h>)
#include <unistd.h>
#define DISENTANGLE_TRAIN_HAS_POSIX 1
#else
#define DISENTANGLE_TRAIN_HAS_POSIX 0
#endif

namespace disentangle {

/// What progress_bar() does.
struct ProgressOptions {
  /// Where to.
  std::FILE* out = stderr;
  /// Redraws one line (true), or prints a plain line every log_every steps (false). By default what `out` is
  /// decides.
  std::optional<bool> redraw{};
};

/// In a terminal one line, redrawn ten times a second; otherwise a line for step 1, every log_every-th and
/// the last step:
///     step 900/20000 (4 %)  1650 images/s  loss 41.87 = Bernoulli 29.31 + WeightedKl 12.56  12:20 left
/// Images per second are those since the line before. What is wrong with the run (RunWarnings) gets a line,
/// "warning: step 5000: ...", at the step where it is noticed.
class ProgressBar {
 public:
  explicit ProgressBar(ProgressOptions options) : out_(options.out) {
#if DISENTANGLE_TRAIN_HAS_POSIX
    redraw_ = options.redraw.value_or(::isatty(::fileno(out_)) != 0);
#else
    redraw_ = options.redraw.value_or(false);
#endif
  }

  void on_begin(auto& run) {
    last_step_ = run.first_step();
    last_seconds_ = rate_ = 0;
    open_line_ = false;
    warned_ = 0;
  }

  void on_step(auto& run, auto const& report) {
    print_warnings(run);
    double const seconds = run.seconds();
    bool const last = run.step() == run.options().steps;
    if (redraw_ ? !last && seconds - last_seconds_ < 0.1 : !run.logs(run.step())) return;
    double const now =
        static_cast<double>((run.step() - last_step_)) / std::max(seconds - last_seconds_, 1e-9);
    // A redrawn line averages over some seconds, so that it can be read.
    rate_ = rate_ == 0 || !redraw_ ? now : rate_ + 0.1 * (now - rate_);
    last_step_ = run.step();
    last_seconds_ = seconds;
    draw(run, report);
  }

  void on_end(auto& run) {
    print_warnings(run);
    end_line();
  }
  void on_failure(auto&, std::exception const&) { end_line(); }

 private:
  void print_warnings(auto& run) {
    for (; warned_ < run.warnings().size(); ++warned_) {
      end_line();
      std::fprintf(out_, "warning: %s\n", run.warnings()[warned_].c_str());
    }
  }

  void draw(auto& run, auto const& report) {
    length_ = 0;
    double const total = static_cast<double>(run.options().steps);
    add("step %ld/%ld (%.0f %%)  %.0f images/s  loss %.2f", run.step(), run.options().steps,
        100 * static_cast<double>(run.step()) / total, rate_ * static_cast<double>(report.images),
        report.loss);
    auto const& names = run.model().part_names();
    for (std::size_t i = 0; i < report.parts.size() && report.parts.size() > 1; ++i) {
      add(" %s %s %.2f", i == 0 ? "=" : "+", names[i].c_str(), report.parts[i]);
    }
    double const left = (total - static_cast<double>(run.step())) / rate_;
    long const seconds = static_cast<long>(std::min(left, 1e9) + 0.5);
    if (seconds >= 3600) {
      add("  %ld:%02ld:%02ld left", seconds / 3600, seconds / 60 % 60, seconds % 60);
    } else {
      add("  %ld:%02ld left", seconds / 60, seconds % 60);
    }
    std::fprintf(out_, redraw_ ? "\r%s\033[K" : "%s\n", line_.data());
    std::fflush(out_);
    open_line_ = redraw_;
  }

  template <class... Values>
  void add(char const* format, Values... values) {
    int const written = std::snprintf(line_.data() + length_, line_.size() - length_, format, values...);
    if (written > 0) length_ = std::min(length_ + static_cast<std::size_t>(written), line_.size() - 1);
  }

  void end_line() {
    if (open_line_) std::fputc('\n', out_);
    open_line_ = false;
  }

  std::FILE* out_;
  bool redraw_ = false, open_line_ = false;
  long last_step_ = 0;
  double last_seconds_ = 0, rate_ = 0;  // rate in steps per second
  std::array<char, 512> line_{};
  std::size_t length_ = 0;
  std::size_t warned_ = 0;  // of the run's warnings, how many have been printed
};

/// Shows progress on stderr, or where the options say.
[[nodiscard]] inline ProgressBar progress_bar(ProgressOptions options = {}) { return ProgressBar(options); }

}  // namespace disentangle
