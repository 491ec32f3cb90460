// SPDX-License-Identifier: Apache-2.0
// progress_bar(), csv_log() and stop_signal().
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/progress_bar.hpp>
#include <disentangle/train/stop_signal.hpp>

#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace dis = disentangle;
using namespace test_support;

namespace {

constexpr dis::TrainOptions options(long steps, long log_every = 10) {
  return {.steps = steps, .batch_size = 8, .log_every = log_every};
}

/// A file to print to, and what was printed.
class Printed {
 public:
  Printed() : file_(std::tmpfile()) {}
  ~Printed() { std::fclose(file_); }
  std::FILE* file() const { return file_; }
  std::string text() const {
    std::rewind(file_);
    std::string result;
    for (int c; (c = std::fgetc(file_)) != EOF;) result += static_cast<char>(c);
    return result;
  }

 private:
  std::FILE* file_;
};

std::vector<std::int64_t> steps_of(std::filesystem::path const& log) {
  return dis::io::read_csv(log).numbers<std::int64_t>("step");
}

int handled = 0;
void handle(int) { ++handled; }

}  // namespace

TEST_CASE("a progress report that is no terminal: one plain line per interval, with the loss in its parts") {
  Printed printed;
  auto model = tiny_model(TinyAdversarial{});
  dis::train(model, Blocks{}, options(25), dis::progress_bar({.out = printed.file()}));
  std::string const text = printed.text();
  CHECK(text.find('\r') == std::string::npos);
  std::regex const line(
      R"(step (1|10|20|25)/25 \(\d+ %\)  \d+ images/s  loss -?[\d.]+ = Bernoulli [\d.]+ \+ WeightedKl [\d.]+ \+ TinyCritic -?[\d.]+  \d+:\d\d left)");
  std::size_t lines = 0;
  std::istringstream stream(text);
  for (std::string each; std::getline(stream, each); ++lines) {
    CAPTURE(each);
    CHECK(std::regex_match(each, line));
  }
  CHECK(lines == 4);
}

TEST_CASE("in a terminal one line is redrawn, and ended") {
  Printed printed;
  auto model = tiny_model(TinyVae{});
  dis::train(model, Blocks{}, options(5), dis::progress_bar({.out = printed.file(), .redraw = true}));
  std::string const text = printed.text();
  CHECK(text.starts_with('\r'));
  CHECK(text.find("step 5/5 (100 %)") != std::string::npos);
  CHECK(text.ends_with("0:00 left\033[K\n"));
}

TEST_CASE("the log has a row for the first, each log_every-th and the last step") {
  ScratchFolder const folder;
  auto const path = folder / "run/log.csv";
  auto model = tiny_model(TinyAdversarial{});
  std::vector<double> losses;
  dis::train(model, Blocks{}, options(25), dis::csv_log(path), [&](auto& run, auto const& report) {
    if (run.logs(report.step)) losses.push_back(report.loss);
  });
  auto const table = dis::io::read_csv(path);
  CHECK(table.names == std::vector<std::string>{"step", "seconds", "loss", "Bernoulli", "WeightedKl",
                                                "TinyCritic", "kl_0", "kl_1", "kl_2", "warning"});
  CHECK(steps_of(path) == std::vector<std::int64_t>{1, 10, 20, 25});
  CHECK(table.numbers<double>("loss") == losses);
  for (std::size_t i = 0; i < 4; ++i) {
    double const sum = table.numbers<double>("Bernoulli")[i] + table.numbers<double>("WeightedKl")[i] +
                       table.numbers<double>("TinyCritic")[i];
    CHECK(sum == doctest::Approx(losses[i]));
    CHECK(table.numbers<double>("kl_1")[i] >= 0);
  }
}

TEST_CASE("the log of a killed and resumed run has each row once, and its seconds go on") {
  ScratchFolder const folder;
  auto const path = folder / "log.csv";
  auto killed = tiny_model(TinyVae{});  // gets to step 37, its checkpoint to step 20
  auto const kill = [](auto&, auto const& report) {
    if (report.step == 37) throw std::runtime_error("killed");
  };
  CHECK_THROWS_AS(dis::train(killed, Blocks{}, options(1000), dis::csv_log(path),
                             dis::checkpoint(folder.path(), {.every = 20}), kill),
                  std::runtime_error);
  CHECK(steps_of(path) == std::vector<std::int64_t>{1, 10, 20, 30});
  double const seconds = dis::io::read_csv(path).numbers<double>("seconds")[2];
  auto resumed = tiny_model(TinyVae{});
  dis::train(resumed, Blocks{}, options(45), dis::csv_log(path),
             dis::checkpoint(folder.path(), {.resume = true}));
  CHECK(steps_of(path) == std::vector<std::int64_t>{1, 10, 20, 30, 40, 45});
  CHECK(dis::io::read_csv(path).numbers<double>("seconds")[3] > seconds);

  auto whole = tiny_model(TinyVae{});
  dis::train(whole, Blocks{}, options(45), dis::csv_log(folder / "whole.csv"));
  CHECK(dis::io::read_csv(path).column("loss") == dis::io::read_csv(folder / "whole.csv").column("loss"));
}

TEST_CASE("SIGINT ends the run after its step, saves, says so, and gives the handlers back") {
  ScratchFolder const folder;
  Printed printed;
  auto const before = std::signal(SIGINT, handle);
  auto model = tiny_model(TinyVae{});
  auto const summary = dis::train(model, Blocks{}, options(1000), dis::checkpoint(folder.path()),
                                  dis::stop_signal(printed.file()), [](auto&, auto const& report) {
                                    if (report.step == 6) std::raise(SIGINT);
                                  });
  CHECK(summary.stopped == "SIGINT");
  CHECK(model.steps() == 7);
  CHECK(dis::read_checkpoint_info(folder / "checkpoint.safetensors").step == 7);
  CHECK(printed.text() == "stopped by SIGINT after step 7; saved " +
                              (folder / "checkpoint.safetensors").string() + " (step 7)\n");
  std::raise(SIGINT);
  CHECK(handled == 1);
  std::signal(SIGINT, before);

  auto const again = dis::train(model, Blocks{}, options(20), dis::stop_signal(printed.file()),
                                [](auto&, auto const& report) {
                                  if (report.step == 9) std::raise(SIGTERM);
                                });
  CHECK(again.stopped == "SIGTERM");
  CHECK(dis::train(model, Blocks{}, options(30), dis::stop_signal(printed.file())).stopped.empty());
}
