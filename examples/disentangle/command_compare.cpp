// SPDX-License-Identifier: Apache-2.0
// disentangle compare: a grid of methods and seeds, one process per run, as many at once as the machine has
// cores. Every run is a folder as `disentangle train` makes it; a study that was interrupted goes on where
// its runs were.
#include "commands.hpp"
#include "run_config.hpp"
#include "usage_error.hpp"

#include <disentangle/io/csv.hpp>
#include <disentangle/io/json.hpp>
#include <disentangle/io/lock_file.hpp>
#include <disentangle/report/study.hpp>
#include <disentangle/train/evaluate_by_name.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

extern char** environ;

namespace dis = disentangle;
namespace fs = std::filesystem;

namespace {

std::atomic<bool> interrupted{false};

struct PlannedRun {
  std::string method;
  std::uint64_t seed;
  std::vector<std::string> set;
  fs::path folder;
  enum class State { waiting, training, evaluating, finished, failed, stopped } state = State::waiting;
  bool was_finished = false;
};

/// The step of the last row of a run's log, 0 where there is none yet. A row is written in one piece and
/// flushed.
long logged_step(fs::path const& folder) {
  try {
    auto const steps = dis::io::read_csv(folder / "log.csv").numbers<long>("step");
    return steps.empty() ? 0 : steps.back();
  } catch (dis::Error const&) {
    return 0;
  }
}

/// The values of the metrics in scores.json, nothing where one is missing or the file is.
std::optional<std::vector<double>> scores_of(fs::path const& folder, std::vector<std::string> const& metrics,
                                             std::vector<std::string>* definitions = nullptr,
                                             std::vector<bool>* lower = nullptr) {
  fs::path const file = folder / "scores.json";
  if (!fs::exists(file)) return std::nullopt;
  auto const json = dis::io::read_json(file);
  std::vector<double> values;
  for (std::string const& metric : metrics) {
    auto const found = std::find_if(json.values().begin(), json.values().end(),
                                    [&](auto const& score) { return score["metric"] == metric; });
    if (found == json.values().end()) return std::nullopt;
    auto const value = (*found)["value"].as<double>();
    if (!value) return std::nullopt;
    values.push_back(*value);
    if (definitions != nullptr) definitions->push_back((*found)["definition"].text());
    if (lower != nullptr) lower->push_back((*found)["lower_is_better"] == true);
  }
  return values;
}

/// What scores.json says of scores that say little, each once.
std::vector<std::string> warnings_of(fs::path const& folder) {
  std::vector<std::string> found;
  dis::io::Json const scores = dis::io::read_json(folder / "scores.json");
  for (dis::io::Json const& score : scores.values()) {
    for (dis::io::Json const& warning : score["warnings"].values()) {
      std::string const text = score["metric"].text() + ": " + warning.text();
      if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(text);
    }
  }
  return found;
}

/// Runs this program with arguments, its output added to a file. Returns the exit status, or 128 + the signal
/// that ended it.
int run_program(std::vector<std::string> arguments, fs::path const& output) {
  std::string const program = fs::read_symlink("/proc/self/exe").string();
  arguments.insert(arguments.begin(), program);
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  pid_t child = 0;
  int const error = posix_spawn(&child, program.c_str(), &files, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw dis::Error("compare: " + program + " cannot be started: " + std::strerror(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw dis::Error(std::string("compare: waitpid: ") + std::strerror(errno));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// "POLICY.MEMBER=VALUE" for the methods that the words before a colon name:
/// factor_vae:TotalCorrelation.weight=10.
std::vector<std::string> settings_of(std::string const& method, std::vector<std::string> const& all,
                                     std::vector<std::string> const& methods) {
  std::vector<std::string> own;
  for (std::string const& setting : all) {
    std::size_t const colon = setting.find(':');
    std::string const whose = setting.substr(0, colon);
    if (colon == std::string::npos || std::find(methods.begin(), methods.end(), whose) == methods.end()) {
      throw UsageError("--set: found '" + setting + "', expected METHOD:POLICY.MEMBER=VALUE with one of " +
                       joined(methods));
    }
    if (whose == method) own.push_back(setting.substr(colon + 1));
  }
  return own;
}

char const* word(PlannedRun::State state) {
  constexpr char const* words[] = {"waits", "trains", "is scored", "done", "FAILED", "stopped"};
  return words[static_cast<int>(state)];
}

/// One line per run, redrawn in place on a terminal; elsewhere a line whenever the state of a run changes.
class StudyProgress {
 public:
  StudyProgress(std::vector<PlannedRun> const& runs, long steps)
      : runs_(runs), steps_(steps), shown_(runs.size()) {}

  void show() {
    if (terminal_ && drawn_) std::fprintf(stderr, "\033[%zuA", runs_.size());
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      PlannedRun const& run = runs_[i];
      std::string state = word(run.state);
      if (run.was_finished) state += " (before)";
      if (!terminal_ && shown_[i] == state) continue;
      shown_[i] = state;
      long const step = run.state == PlannedRun::State::waiting && !terminal_ ? 0 : logged_step(run.folder);
      std::fprintf(stderr, "%s%-16s seed %-4llu %-14s step %ld/%ld\n", terminal_ ? "\r\033[K" : "",
                   run.method.c_str(), static_cast<unsigned long long>(run.seed), state.c_str(), step,
                   steps_);
    }
    drawn_ = true;
  }

 private:
  std::vector<PlannedRun> const& runs_;
  long steps_;
  std::vector<std::string> shown_;
  bool terminal_ = isatty(2) != 0, drawn_ = false;
};

void one_run(PlannedRun& run, CompareArguments const& given, unsigned threads, std::mutex& mutex) {
  auto const enter = [&](PlannedRun::State state) {
    std::lock_guard const lock(mutex);
    run.state = state;
  };
  fs::create_directories(run.folder);
  fs::path const output = run.folder / "output.txt";
  std::string const out = run.folder.string();
  if (logged_step(run.folder) < given.steps) {
    enter(PlannedRun::State::training);
    fs::remove(run.folder / "scores.json");
    std::vector<std::string> words{
        "train", "--out", out, "--steps", std::to_string(given.steps), "--threads", std::to_string(threads)};
    if (fs::exists(run.folder / "checkpoint.safetensors")) {
      words.push_back("--resume");
    } else {
      words.insert(words.end(), {"--method", run.method, "--data", given.data, "--batch-size",
                                 std::to_string(given.batch_size), "--seed", std::to_string(run.seed)});
      for (std::string const& setting : run.set) words.insert(words.end(), {"--set", setting});
    }
    int const status = run_program(words, output);
    if (status != 0) return enter(interrupted ? PlannedRun::State::stopped : PlannedRun::State::failed);
    if (logged_step(run.folder) < given.steps) return enter(PlannedRun::State::stopped);
  }
  if (!scores_of(run.folder, given.metrics)) {
    enter(PlannedRun::State::evaluating);
    std::string metrics;
    for (std::string const& metric : given.metrics) metrics += (metrics.empty() ? "" : ",") + metric;
    int const status =
        run_program({"evaluate", out, "--metrics", metrics, "--threads", std::to_string(threads)}, output);
    if (status != 0) return enter(interrupted ? PlannedRun::State::stopped : PlannedRun::State::failed);
  }
  enter(PlannedRun::State::finished);
}

/// A folder that holds another run than the one planned for it is not touched.
void expect_same_run(PlannedRun const& run, CompareArguments const& given) {
  fs::path const file = run.folder / "config.json";
  if (!fs::exists(file)) return;
  RunConfig const found = read_config(file);
  auto const expect = [&](char const* what, std::string const& is, std::string const& planned) {
    if (is != planned)
      throw UsageError(file.string() + ": found " + what + " '" + is + "', expected '" + planned +
                       "'; give another --out");
  };
  expect("method", found.method, run.method);
  expect("data", found.data, with_absolute_path(given.data));
  expect("settings", joined(found.set), joined(run.set));
  expect("seed", std::to_string(found.seed), std::to_string(run.seed));
  expect("batch size", std::to_string(found.batch_size), std::to_string(given.batch_size));
  if (long const made = logged_step(run.folder); made > given.steps) {
    throw UsageError(run.folder.string() + ": found a run of " + std::to_string(made) +
                     " steps, expected at most " + std::to_string(given.steps) +
                     "; give another --out, or more --steps");
  }
}

}  // namespace

void compare_command(CompareArguments const& given) {
  if (given.methods.empty()) throw UsageError("--methods is needed; disentangle list shows what there is");
  try {
    dis::expect_model_metric_names(given.metrics);
  } catch (dis::ValueError const& error) {
    throw UsageError(std::string("--metrics: ") + error.what());
  }
  std::vector<PlannedRun> runs;
  fs::path const out = given.out;
  for (std::string const& method : given.methods) {
    auto const set = settings_of(method, given.set, given.methods);
    find_method(method).described(set);  // throws for a method or a setting that there is not
    for (std::uint64_t const seed : given.seeds) {
      fs::path const folder = out / method / ("seed_" + std::to_string(seed));
      if (std::any_of(runs.begin(), runs.end(),
                      [&](PlannedRun const& run) { return run.folder == folder; })) {
        throw UsageError("--methods, --seeds: found " + method + " with seed " + std::to_string(seed) +
                         " twice, expected each run once");
      }
      runs.push_back({method, seed, set, folder});
    }
  }
  for (PlannedRun const& run : runs) expect_same_run(run, given);
  open_data(given.data);  // what is missing is said once, before anything is written
  fs::create_directories(out);
  dis::io::LockFile const held(out / "compare.lock", "a study");

  unsigned const cores = std::max(1U, std::thread::hardware_concurrency());
  auto const jobs =
      static_cast<unsigned>(std::min<std::size_t>(given.jobs == 0 ? cores : given.jobs, runs.size()));
  unsigned const threads = std::max(1U, cores / jobs);
  for (PlannedRun& run : runs) {
    if (logged_step(run.folder) == given.steps && scores_of(run.folder, given.metrics)) {
      run.state = PlannedRun::State::finished;
      run.was_finished = true;
    }
  }

  // Ctrl-C reaches the runs too, which save and end; the study then ends without starting others.
  auto const before = std::signal(SIGINT, [](int) { interrupted = true; });
  std::mutex mutex;
  std::size_t next = 0;
  std::atomic<unsigned> working{jobs};
  std::string trouble;
  std::vector<std::thread> workers;
  for (unsigned j = 0; j < jobs; ++j) {
    workers.emplace_back([&] {
      for (;;) {
        PlannedRun* run = nullptr;
        {
          std::lock_guard const lock(mutex);
          while (next < runs.size() && runs[next].state != PlannedRun::State::waiting) ++next;
          if (next == runs.size() || interrupted) break;
          run = &runs[next++];
        }
        try {
          one_run(*run, given, threads, mutex);
        } catch (std::exception const& error) {
          std::lock_guard const lock(mutex);
          run->state = PlannedRun::State::failed;
          if (trouble.empty()) trouble = error.what();
        }
      }
      --working;
    });
  }
  StudyProgress progress(runs, given.steps);
  while (working > 0) {
    {
      std::lock_guard const lock(mutex);
      progress.show();
    }
    for (int i = 0; i < 10 && working > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  for (std::thread& worker : workers) worker.join();
  progress.show();
  std::signal(SIGINT, before);

  // What is finished is written even where some runs are not.
  dis::report::Study study{given.metrics, {}, {}};
  std::vector<std::string> definitions, warnings;
  std::string failed;
  for (PlannedRun const& run : runs) {
    if (run.state == PlannedRun::State::failed) failed += "\n  " + (run.folder / "output.txt").string();
    if (run.state != PlannedRun::State::finished) continue;
    definitions.clear();
    study.lower_is_better.clear();
    study.runs.push_back({run.method, run.seed, given.steps,
                          *scores_of(run.folder, given.metrics, &definitions, &study.lower_is_better)});
    for (std::string const& warning : warnings_of(run.folder))
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
  }
  if (!study.runs.empty()) {
    std::string text = "# " + joined(given.methods) + " on " + given.data + "\n\n" +
                       std::to_string(given.steps) + " steps of " + std::to_string(given.batch_size) +
                       " images. Networks: " +
                       (program_network() == "own" ? "each method its own" : program_network() + " for all") +
                       ". Mean ± sample standard deviation over seeds. Definitions:";
    for (std::size_t m = 0; m < definitions.size(); ++m)
      text += (m == 0 ? " " : ", ") + given.metrics[m] + " (" + definitions[m] + ")";
    text += ".\n\n" + dis::report::study_markdown(study);
    for (std::size_t w = 0; w < warnings.size(); ++w)
      text += (w == 0 ? "\nWarning: " : "Warning: ") + warnings[w] + "\n";
    dis::report::write_study_runs(out / "runs.csv", study);
    dis::report::write_study_summary(out / "table.csv", study);
    dis::io::write_file(out / "table.md", text);
    dis::report::study_plot(study, given.data + ", " + std::to_string(given.steps) + " steps")
        .save(out / "scores.png");
    std::printf("%s\n%s\n", text.c_str(), (out / "scores.png").string().c_str());
  }
  if (!trouble.empty()) throw dis::Error(trouble);
  if (!failed.empty()) throw dis::Error("compare: some runs failed; what they said:" + failed);
  if (study.runs.size() < runs.size())
    std::fprintf(stderr, "stopped; the same command goes on with the study\n");
}
