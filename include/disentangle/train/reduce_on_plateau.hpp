// SPDX-License-Identifier: Apache-2.0
// reduce_on_plateau({...}): a callback of train() that lowers a learning rate where a loss no longer falls.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/roles.hpp>
#include <disentangle/data/batch_source.hpp>
#include <disentangle/objective/policy_traits.hpp>
#include <disentangle/train/method_traits.hpp>
#include <disentangle/train/part_columns.hpp>

namespace disentangle {

/// What reduce_on_plateau() watches and does. The meaning of each member is that of PyTorch's
/// ReduceLROnPlateau, mode min, relative threshold. The defaults are those of PartedVAE's authors for the
/// total loss (BibTeX: hajimiri2021semi).
struct PlateauOptions {
  /// Parts of the loss whose sum is watched, named as in log.csv, " + " between them: "LabelledStep",
  /// "Bernoulli + Kl". Empty: all but those of policies that learn from a labelled minibatch; what is watched
  /// is then the loss on the images without labels, as the authors do.
  std::string watch{};
  /// Whose learning rate: empty, the method's own; or a set with its own optimiser: "labelled".
  std::string set{};
  double factor = 0.5;         ///< of a reduction, in (0, 1)
  int patience = 2;            ///< epochs without an improvement that are put up with
  double threshold = 0.01;     ///< an improvement is a mean below best * (1 - threshold)
  int cooldown = 4;            ///< epochs after a reduction in which none is counted as bad
  double least_change = 2e-4;  ///< of the rate, as a share of its first: smaller reductions are not made
};

/// Takes the mean of what it watches over each epoch (data::steps_per_epoch()) and multiplies the rate
/// by `factor` once more than `patience` epochs brought no improvement. On a backend that queues its work the
/// mean is over the steps that are read back (TrainOptions::log_every, CudaOptions::read_back_every), and an
/// epoch without one does not count. A run that is resumed goes on where
/// it was, within an epoch too.
class ReduceOnPlateau {
 public:
  explicit ReduceOnPlateau(PlateauOptions options) : options_(std::move(options)) {
    if (!(options_.factor > 0 && options_.factor < 1) || options_.patience < 0 || options_.cooldown < 0 ||
        !(options_.threshold >= 0 && options_.threshold < 1)) {
      throw ValueError("reduce_on_plateau: found factor " + number_text(options_.factor) + ", patience " +
                       std::to_string(options_.patience) + ", cooldown " + std::to_string(options_.cooldown) +
                       ", threshold " + number_text(options_.threshold) +
                       ", expected 0 < factor < 1, at least 0, at least 0 and 0 <= threshold < 1");
    }
  }

  void on_begin(auto& run) {
    watched_ = options_.watch.empty() ? unlabelled_parts(run.model()) : named_parts(run.model());
    auto& state = run.model().note(note());
    if (state.empty()) state = {1, 0, 0, 0, 0, 0, 0};
    run.model().set_rate_factor(options_.set, state[rate]);
  }

  void on_step(auto& run, auto const& report) {
    auto& state = run.model().note(note());
    if (report.step == run.step()) {  // else it is of an earlier step, and was counted then
      double value = 0;
      for (std::size_t const part : watched_) value += static_cast<double>(report.parts[part]);
      state[sum] += value;
      ++state[count];
    }
    auto const& options = run.options();
    auto const epoch = static_cast<long>(
        data::steps_per_epoch(run.data_size(), options.batch_size, options.last_batch, options.order));
    if (run.step() % epoch != 0 || state[count] == 0) return;
    double const mean = state[sum] / state[count];
    state[sum] = state[count] = 0;
    if (state[has_best] == 0 || mean < state[best] * (1 - options_.threshold)) {
      state[has_best] = 1;
      state[best] = mean;
      state[bad] = 0;
    } else {
      ++state[bad];
    }
    if (state[pause] > 0) {
      --state[pause];
      state[bad] = 0;
    }
    if (state[bad] > options_.patience) {
      state[pause] = options_.cooldown;
      state[bad] = 0;
      double const lower = state[rate] * options_.factor;
      if (state[rate] - lower > options_.least_change) {
        state[rate] = lower;
        run.model().set_rate_factor(options_.set, lower);
      }
    }
  }

 private:
  enum Place : std::size_t { rate, has_best, best, bad, pause, sum, count };
  std::string note() const { return "plateau." + options_.set; }

  std::vector<std::size_t> named_parts(auto& model) const {
    auto const names = part_columns(model.part_names());
    std::vector<std::size_t> parts;
    std::string_view rest = options_.watch;
    for (bool more = true; more;) {
      std::size_t const plus = rest.find(" + ");
      more = plus != rest.npos;
      std::string_view const name = rest.substr(0, plus);
      auto const found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) {
        std::string known;
        for (auto const& each : names) known += (known.empty() ? "" : ", ") + each;
        throw ValueError("reduce_on_plateau: found watch '" + std::string(name) +
                         "', expected one of: " + known);
      }
      parts.push_back(static_cast<std::size_t>(found - names.begin()));
      if (more) rest.remove_prefix(plus + 3);
    }
    return parts;
  }

  /// The parts of policies that do not say `labelled`. @throws ValueError where there are none.
  std::vector<std::size_t> unlabelled_parts(auto& model) const {
    std::vector<std::size_t> parts;
    std::size_t part = 0;
    model.method().for_each_policy([&](Role role, auto const& policy) {
      if (!detail::is_part(role)) return;
      if (!policy_traits<std::remove_cvref_t<decltype(policy)>>::labelled) parts.push_back(part);
      ++part;
    });
    if (parts.empty()) {
      throw ValueError(
          "reduce_on_plateau: every part of this method's loss learns from labels; name in watch "
          "what to look at");
    }
    return parts;
  }
  PlateauOptions options_;
  std::vector<std::size_t> watched_{};
};

/// Lowers a learning rate where a loss no longer falls. PartedVAE's authors have two of them:
///     dis::train(model, data, options, dis::checkpoint("run/", {.resume = true}),
///                dis::reduce_on_plateau({}),
///                dis::reduce_on_plateau({.watch = "LabelledStep", .set = "labelled", .threshold = 0.1,
///                                        .cooldown = 3, .least_change = 2e-3}));
/// @throws ValueError for options out of range; when training begins, for a part or a set that the method
/// does not have.
[[nodiscard]] inline ReduceOnPlateau reduce_on_plateau(PlateauOptions options = {}) {
  return ReduceOnPlateau(std::move(options));
}

}  // namespace disentangle
