// SPDX-License-Identifier: Apache-2.0
// Learning-rate schedules: a factor of the base rate as a function of the step.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace disentangle::optim {

enum class ScheduleKind {
  constant,     ///< 1
  linear,       ///< from 1 at the end of the warm-up to `final_factor` at `steps`
  cosine,       ///< the same two ends on half a cosine
  exponential,  ///< the same two ends, by a constant ratio per step
  step_decay    ///< times `final_factor` every `steps` steps
};

/// A schedule is a plain value, so it is printed, saved and set with its optimiser: --set
/// Adam.schedule.kind=cosine.
struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  long warm_up = 0;  ///< steps of linear growth from 0 before the schedule starts; 0: none
  long steps =
      0;  ///< length of the decay (linear, cosine, exponential) or of one stair (step_decay), in steps
  double final_factor = 0;  ///< factor at the end, or per stair; exponential needs it above 0

  /// The factor at a step, counted from 1.
  double operator()(long step) const {
    if (step <= warm_up) return static_cast<double>(step) / static_cast<double>(warm_up);
    if (kind == ScheduleKind::constant || steps <= 0) return 1;
    double const done = static_cast<double>(step - warm_up) / static_cast<double>(steps);
    double const t = std::min(1.0, done);
    switch (kind) {
      case ScheduleKind::constant: break;
      case ScheduleKind::linear: return 1 + (final_factor - 1) * t;
      case ScheduleKind::cosine:
        return final_factor + (1 - final_factor) * (1 + std::cos(std::numbers::pi * t)) / 2;
      case ScheduleKind::exponential: return std::pow(final_factor, t);
      case ScheduleKind::step_decay: return std::pow(final_factor, std::floor(done));
    }
    return 1;
  }
  friend bool operator==(Schedule const&, Schedule const&) = default;
};

}  // namespace disentangle::optim
