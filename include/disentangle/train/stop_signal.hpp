// SPDX-License-Identifier: Apache-2.0
// stop_signal(): a callback of train() that ends the run after the current step when the process is asked to
// stop.
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>

#include <disentangle/core/error.hpp>

namespace disentangle {

namespace detail {

/// The signal that came, 0 if none.
inline std::atomic<int> signal_received{0};
static_assert(std::atomic<int>::is_always_lock_free);

/// Notes the signal, and leaves the next one to its default: a second Ctrl-C ends the program at once.
inline void note_signal(int number) {
  signal_received.store(number);
  std::signal(number, SIG_DFL);
}

}  // namespace detail

/// On SIGINT (Ctrl-C) or SIGTERM the step is finished, the other callbacks save, train() returns with the
/// signal's name in TrainSummary::stopped, and a message says so. A second signal ends the program as usual.
/// The handlers that were there before come back when the run ends. One run at a time.
class StopSignal {
 public:
  explicit StopSignal(std::FILE* out) : out_(out) {}
  StopSignal(StopSignal const&) = delete;
  StopSignal& operator=(StopSignal const&) = delete;
  ~StopSignal() { restore(); }

  void on_begin(auto&) {
    detail::signal_received.store(0);
    for (std::size_t i = 0; i < signals.size(); ++i)
      before_[i] = std::signal(signals[i], detail::note_signal);
    installed_ = true;
  }
  void on_step(auto& run, auto const&) {
    int const number = detail::signal_received.load(std::memory_order_relaxed);
    if (number == 0 || run.stopping()) return;
    run.stop(number == SIGINT ? "SIGINT" : "SIGTERM");
    step_ = run.step();
  }
  void on_end(auto& run) {
    restore();
    if (step_ == 0) return;
    std::string const saved = run.last_checkpoint().empty() ? "" : "; saved " + run.last_checkpoint();
    std::fprintf(out_, "stopped by %s after step %ld%s\n", run.stop_reason().c_str(), step_, saved.c_str());
    step_ = 0;
  }
  void on_failure(auto&, std::exception const&) { restore(); }

 private:
  static constexpr std::array<int, 2> signals{SIGINT, SIGTERM};

  void restore() {
    for (std::size_t i = 0; i < signals.size() && installed_; ++i) {
      if (before_[i] != SIG_ERR) std::signal(signals[i], before_[i]);
    }
    installed_ = false;
  }

  std::FILE* out_;
  std::array<void (*)(int), 2> before_{};
  bool installed_ = false;
  long step_ = 0;
};

/// Give it after checkpoint(), so that its message can name what was saved.
inline StopSignal stop_signal(std::FILE* out = stderr) { return StopSignal(out); }

}  // namespace disentangle
