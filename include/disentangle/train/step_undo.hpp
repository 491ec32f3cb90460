// SPDX-License-Identifier: Apache-2.0
// StepUndo: takes back what a training step that throws has changed before its update.
#pragma once

#include <disentangle/backend/backend_traits.hpp>

namespace disentangle::detail {

/// While a step is made: it counts from the start, since random numbers and schedules depend on its number.
/// Where it ends before updated() was called, the number, the report, and the statistics that forward passes
/// move (those of batch normalisation, which would keep a NaN) are again what they were. What policies'
/// before_step updated stays. On a backend that queues its work nothing has run by the time that something
/// throws, so there are no statistics to give back.
template <class A>
class StepUndo {
 public:
  explicit StepUndo(A& a) : a_(a), report_(a.report) {
    each_set([](auto& parameters) { parameters.keep_statistics(); });
    ++a_.steps;
  }
  StepUndo(StepUndo const&) = delete;
  StepUndo& operator=(StepUndo const&) = delete;
  ~StepUndo() {
    if (updated_) return;
    --a_.steps;
    a_.report = report_;
    each_set([](auto& parameters) { parameters.restore_statistics(); });
  }

  /// From here on the step is made, whatever an after_step throws.
  void updated() { updated_ = true; }

 private:
  /// The sets whose statistics passes move. One without parameters of its own has a second optimiser's
  /// moments for statistics.
  template <class Visitor>
  void each_set(Visitor&& visit) {
    if constexpr (!backend::backend_traits<typename A::backend_type>::queues_steps) {
      visit(a_.main);
      for (auto const& set : a_.own) {
        if (set->parameters.size() != 0) visit(set->parameters);
      }
    }
  }

  A& a_;
  typename A::report_type report_;
  bool updated_ = false;
};

}  // namespace disentangle::detail
