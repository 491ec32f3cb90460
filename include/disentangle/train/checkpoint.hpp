// SPDX-License-Identifier: Apache-2.0
// checkpoint("run/"): a callback of train() that saves the model's state every so many steps and at the end.
#pragma once

#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/io/lock_file.hpp>
#include <disentangle/train/checkpoint_file.hpp>

namespace disentangle {

/// What checkpoint() does.
struct CheckpointOptions {
  /// Steps between two checkpoints, at least 1; the last step is saved in any case.
  long every = 1000;
  /// Goes on from the checkpoint if there is one; a run without any starts anew.
  bool resume = false;
  /// Further text to keep in the file.
  std::map<std::string, std::string> notes{};
  /// allow: a resumed run goes on with the model's hyper-parameters where they are not those of the
  /// checkpoint; what changed is kept in the file (CheckpointInfo::changes). refuse: that is an error which
  /// lists them.
  ChangedSettings changed_settings = ChangedSettings::refuse;
  /// A lock that keeps other processes out of the folder, where the caller holds one already; else the
  /// callback takes its own for as long as training lasts.
  std::shared_ptr<io::LockFile> lock{};
};

/// The file that is locked while somebody trains into a checkpoint: "run/checkpoint.lock".
[[nodiscard]] inline std::filesystem::path lock_of(std::filesystem::path checkpoint) {
  return checkpoint.replace_extension(".lock");
}

/// Saves to one file, which always holds the newest state whose numbers are finite: each checkpoint replaces
/// the one before by renaming. Where a state is not finite, the run ends with a NumericalError and the file
/// stays. While training lasts the file beside it, "checkpoint.lock", is locked: a second run into the same
/// checkpoint, of this process or another, is a FileError that names who trains there.
class Checkpoint {
 public:
  Checkpoint(std::filesystem::path path, CheckpointOptions options)
      : path_(std::move(path)), options_(std::move(options)) {
    if (path_.extension() != ".safetensors") path_ /= "checkpoint.safetensors";
    if (options_.every < 1) {
      throw ValueError("checkpoint: every is " + std::to_string(options_.every) + ", expected at least 1");
    }
  }

  std::filesystem::path const& path() const { return path_; }

  void on_resume(auto& run) {
    lock_ = options_.lock;
    if (!lock_) lock_ = std::make_shared<io::LockFile>(lock_of(path_), "a training run");
    if (!lock_->guards()) {
      std::fprintf(stderr,
                   "checkpoint: the file system of %s has no locks, so nothing keeps a second run out\n",
                   path_.string().c_str());
    }
    changes_.clear();
    saved_step_ = -1;
    if (!options_.resume || !std::filesystem::exists(path_)) return;
    CheckpointInfo const before = read_checkpoint_info(path_);
    expect_same_run(run, before);
    changes_ = load_checkpoint(run.model(), path_, {.changed_settings = options_.changed_settings}).changes;
    if (changes_ != before.changes) save(run);  // from now on the file is of the settings that the run has
    saved_step_ = run.step();
    run.set_last_checkpoint(text());
  }
  void on_step(auto& run, auto const&) {
    if (run.step() % options_.every == 0) save(run);
  }
  void on_end(auto& run) {
    if (saved_step_ != run.step()) save(run);
    lock_.reset();
  }
  void on_failure(auto&, std::exception const&) { lock_.reset(); }

 private:
  void expect_same_run(auto& run, CheckpointInfo const& info) const {
    expect(info.data_name == run.data_name() && info.data_size == run.data_size(), "data set",
           info.data_name + " (" + std::to_string(info.data_size) + " images)",
           run.data_name() + " (" + std::to_string(run.data_size()) + " images)");
    expect(info.batch_size == run.options().batch_size, "batch size", std::to_string(info.batch_size),
           std::to_string(run.options().batch_size));
    auto const last = info.notes.find(last_batch_note);
    std::string const found_last = last == info.notes.end() ? "dropped" : last->second;
    expect(found_last == last_batch(run), "treatment of an epoch's last batch", found_last, last_batch(run));
    if (std::string const labelled = labelled_batch(run); !labelled.empty()) {
      auto const found = info.notes.find(labelled_note);
      expect(found == info.notes.end() || found->second == labelled, "labelled batch size",
             found == info.notes.end() ? "" : found->second, labelled);
    }
  }
  void save(auto& run) {
    // throws where a loss that is still on the device is not finite: the last good file stays
    run.model().read_back();
    auto notes = options_.notes;
    if (std::string const labelled = labelled_batch(run); !labelled.empty()) notes[labelled_note] = labelled;
    if (std::string const last = last_batch(run); last != "dropped") notes[last_batch_note] = last;
    save_checkpoint(run.model(), path_,
                    {.data_name = run.data_name(),
                     .data_size = run.data_size(),
                     .batch_size = run.options().batch_size,
                     .notes = std::move(notes),
                     .changes = changes_});
    saved_step_ = run.step();
    run.set_last_checkpoint(text());
  }
  static constexpr char const* last_batch_note = "last batch";
  static std::string last_batch(auto const& run) {
    bool const kept = run.options().last_batch == data::LastBatch::keep &&
                      run.options().order == data::Order::shuffled_epochs;
    return kept ? "kept" : "dropped";
  }
  static constexpr char const* labelled_note = "labelled batch size";
  /// Images of a labelled minibatch as text; empty for methods that take none.
  static std::string labelled_batch(auto const& run) {
    if (!std::remove_cvref_t<decltype(run.model())>::takes_labels) return {};
    auto const& options = run.options();
    return std::to_string(options.labelled_batch_size == 0 ? options.batch_size
                                                           : options.labelled_batch_size);
  }
  std::string text() const { return path_.string() + " (step " + std::to_string(saved_step_) + ")"; }
  void expect(bool same, char const* what, std::string const& found, std::string const& expected) const {
    if (!same)
      throw FileError(path_.string(), std::string("the checkpoint is of another ") + what + ": found " +
                                          found + ", expected " + expected);
  }

  std::filesystem::path path_;
  CheckpointOptions options_;
  long saved_step_ = -1;
  std::vector<SettingChange> changes_;
  std::shared_ptr<io::LockFile> lock_;
};

/// Saves to folder/checkpoint.safetensors, or to the path itself where it ends in .safetensors. Missing
/// folders are made.
///
///     dis::train(model, data, {.steps = 20'000}, dis::checkpoint("run/", {.every = 1000}));
///
/// To go on with another learning rate, give the model that rate and
///
///     dis::checkpoint("run/", {.resume = true, .changed_settings = dis::ChangedSettings::allow})
[[nodiscard]] inline Checkpoint checkpoint(std::filesystem::path const& path,
                                           CheckpointOptions options = {}) {
  return {path, std::move(options)};
}

}  // namespace disentangle
