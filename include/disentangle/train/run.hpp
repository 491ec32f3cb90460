// SPDX-License-Identifier: Apache-2.0
// Run<Model>: one call of train() as its callbacks see it; TrainOptions and TrainSummary, what goes in and
// comes out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/data/batch_source.hpp>

namespace disentangle {

/// What train() takes; every field has its default.
struct TrainOptions {
  /// Steps that the model shall have made in all: a model that comes from a checkpoint of step k makes steps
  /// - k more.
  long steps = 20'000;
  /// Images per minibatch, at least 1.
  std::size_t batch_size = 64;
  /// Steps between two lines of the progress report and the log, at least 1.
  long log_every = 100;
  /// Minibatches prepared ahead in the background; 0: none. The minibatches are the same.
  std::size_t prefetch = 2;
  /// Which images a minibatch holds.
  data::Order order = data::Order::shuffled_epochs;
  /// Images of the labelled minibatch of methods that take one; 0: batch_size.
  std::size_t labelled_batch_size = 0;
  /// What becomes of the images that do not fill the last minibatch of an epoch. PyTorch's default is to keep
  /// them as a smaller one (the authors of PartedVAE do); those of IP-IRM and RF-VAE drop them.
  data::LastBatch last_batch = data::LastBatch::drop;
};

/// What train() did.
struct TrainSummary {
  long first_step = 0;           ///< steps that the model had made before
  long steps = 0;                ///< steps that it has made now
  double seconds = 0;            ///< wall-clock time of the steps made here, callbacks included
  double images_per_second = 0;  ///< of the main minibatches
  double loss = 0;               ///< of the last step
  std::string stopped;           ///< why a callback stopped the run; empty: it was not stopped
  std::uint64_t data_waits = 0;  ///< steps that had to wait for their images
  double data_wait_seconds = 0;  ///< and how long, together
  /// That the run diverged or collapsed, and what to change, in words: "step 5000: ..." (RunWarnings).
  std::vector<std::string> warnings{};
};

/// What a callback may know and do about a run. Lives as long as the call of train().
template <class Model>
class Run {
 public:
  using model_type = Model;

  DISENTANGLE_COLD Run(Model& model, TrainOptions const& options, std::string data_name,
                       std::size_t data_size)
      : model_(&model), options_(options), data_name_(std::move(data_name)), data_size_(data_size) {
    begin();
  }

  Model& model() const { return *model_; }
  TrainOptions const& options() const { return options_; }
  std::string const& data_name() const { return data_name_; }
  std::size_t data_size() const { return data_size_; }
  /// Steps that the model had made before this run.
  long first_step() const { return first_step_; }
  /// Steps that it has made now.
  long step() const { return model_->steps(); }
  /// Wall-clock time since the run began.
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  /// Ends the run after this step; the first reason given stays.
  void stop(std::string const& reason) {
    if (!stopping_) stopped_ = reason;
    stopping_ = true;
  }
  bool stopping() const { return stopping_; }
  std::string const& stop_reason() const { return stopped_; }

  /// Whether this step gets a line of report: the first, every log_every-th and the last.
  bool logs(long step) const { return step == 1 || step % options_.log_every == 0 || step == options_.steps; }

  /// Notes that something is wrong with the run, "step 31: " put in front: progress_bar() prints it,
  /// csv_log() has it in its next row, TrainSummary in its list. The run goes on.
  void warn(std::string const& text) { warnings_.push_back("step " + std::to_string(step()) + ": " + text); }
  std::vector<std::string> const& warnings() const { return warnings_; }

  /// Set by whoever saves: "run/checkpoint.safetensors (step 3000)"; empty where nobody did.
  std::string const& last_checkpoint() const { return last_checkpoint_; }
  void set_last_checkpoint(std::string text) { last_checkpoint_ = std::move(text); }

  /// For the loop: the model's state stands, steps follow.
  void begin() {
    first_step_ = model_->steps();
    start_ = std::chrono::steady_clock::now();
  }
  void made_step(double loss, std::size_t images) {
    loss_ = loss;
    images_ += images;
  }
  void waited_for_data(std::uint64_t waits, double seconds) {
    waits_ += waits;
    wait_seconds_ += seconds;
  }
  TrainSummary summary() const {
    double const time = seconds();
    return {first_step_, step(),   time,   time > 0 ? static_cast<double>(images_) / time : 0,
            loss_,       stopped_, waits_, wait_seconds_,
            warnings_};
  }

 private:
  Model* model_;
  TrainOptions options_;
  std::string data_name_;
  std::size_t data_size_;
  long first_step_ = 0;
  std::chrono::steady_clock::time_point start_{};
  double loss_ = 0;
  std::size_t images_ = 0;
  bool stopping_ = false;
  std::string stopped_, last_checkpoint_;
  std::vector<std::string> warnings_;
  std::uint64_t waits_ = 0;
  double wait_seconds_ = 0;
};

}  // namespace disentangle
