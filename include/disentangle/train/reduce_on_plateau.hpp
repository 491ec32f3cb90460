// SPDX-License-Identifier: Apache-2.0
// reduce_on_plateau({...}): a callback of train() that lowers a learning rate where a loss no longer falls.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>

namespace disentangle {

/// What reduce_on_plateau() watches and does. The meaning of each member is that of PyTorch's
/// ReduceLROnPlateau, mode min, relative threshold. The defaults are those of PartedVAE's authors for the
/// total loss (BibTeX: hajimiri2021semi).
struct PlateauOptions {
  std::string
      watch{};  ///< the name of a part of the loss, as in log.csv: "LabelledStep"; empty: the whole loss
  std::string
      set{};  ///< whose learning rate: empty, the method's own; or a set with its own optimiser: "labelled"
  double factor = 0.5;         ///< of a reduction, in (0, 1)
  int patience = 2;            ///< epochs without an improvement that are put up with
  double threshold = 0.01;     ///< an improvement is a mean below best * (1 - threshold)
  int cooldown = 4;            ///< epochs after a reduction in which none is counted as bad
  double least_change = 2e-4;  ///< of the rate, as a share of its first: smaller reductions are not made
};

/// Takes the mean of what it watches over each epoch (data size / batch size steps) and multiplies the rate
/// by `factor` once more than `patience` epochs brought no improvement. A run that is resumed goes on where
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
    auto const& names = run.model().part_names();
    part_ = names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == options_.watch) part_ = i;
    }
    if (!options_.watch.empty() && part_ == names.size()) {
      std::string known;
      for (auto const& name : names) known += (known.empty() ? "" : ", ") + name;
      throw ValueError("reduce_on_plateau: found watch '" + options_.watch + "', expected one of: " + known);
    }
    auto& state = run.model().note(note());
    if (state.empty()) state = {1, 0, 0, 0, 0, 0, 0};
    run.model().set_rate_factor(options_.set, state[rate]);
  }

  void on_step(auto& run, auto const& report) {
    auto& state = run.model().note(note());
    state[sum] += part_ < report.parts.size() ? static_cast<double>(report.parts[part_])
                                              : static_cast<double>(report.loss);
    ++state[count];
    long const epoch = static_cast<long>(run.data_size() / run.options().batch_size);
    if (run.step() % epoch != 0) return;
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

  PlateauOptions options_;
  std::size_t part_ = 0;
};

/// Lowers a learning rate where a loss no longer falls. PartedVAE's authors have two of them:
///     dis::train(model, data, options, dis::checkpoint("run/", {.resume = true}),
///                dis::reduce_on_plateau({}),
///                dis::reduce_on_plateau({.watch = "LabelledStep", .set = "labelled", .threshold = 0.1,
///                                        .cooldown = 3, .least_change = 2e-3}));
/// @throws ValueError for options out of range; when training begins, for a part or a set that the method
/// does not have
inline ReduceOnPlateau reduce_on_plateau(PlateauOptions options = {}) {
  return ReduceOnPlateau(std::move(options));
}

}  // namespace disentangle
