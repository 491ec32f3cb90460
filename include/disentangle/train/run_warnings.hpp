// SPDX-License-Identifier: Apache-2.0
// RunWarnings: says in words that a run diverged or collapsed, and which hyper-parameters to change. train()
// has one of its own.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/config.hpp>
#include <disentangle/core/describe.hpp>

namespace disentangle {

namespace detail {

/// A hyper-parameter that is a number.
struct NumberMember {
  Address address;
  std::string name;  // the shortest that set() takes
  double value = 0;

  /// "beta" of "schedule.beta"
  std::string_view last() const {
    std::string_view const all = address.member;
    return all.substr(all.rfind('.') + 1);  // npos + 1 is 0
  }
};

/// All of them, in the order of the method.
template <class M>
DISENTANGLE_COLD std::vector<NumberMember> number_members(M const& method) {
  std::vector<Address> addresses;
  std::vector<NumberMember> numbers;
  visit_addresses(method, [&](Address const& address, auto const& value) {
    addresses.push_back(address);
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>)
      numbers.push_back({address, {}, static_cast<double>(value)});
  });
  for (NumberMember& number : numbers) number.name = short_name(number.address, addresses);
  return numbers;
}

inline std::string three_digits(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", value);
  return buffer;
}

/// "Adam.learning_rate (10)", as describe() prints the number
DISENTANGLE_COLD inline std::string with_value(NumberMember const& number) {
  return number.name + " (" + value_text(number.value) + ")";
}

/// What to do about a loss that explodes: the rate of the method's optimiser, that of the policy whose part
/// is largest where it has an optimiser of its own, and clipping where there is none.
DISENTANGLE_COLD inline std::string against_divergence(std::vector<NumberMember> const& numbers,
                                                       std::string_view largest_part) {
  std::string rates, clips;
  for (NumberMember const& number : numbers) {
    bool const of_method = number.address.role == Role::optimizer;
    if (!of_method && number.address.policy != largest_part) continue;
    if (number.last() == "learning_rate") rates += (rates.empty() ? "" : " and ") + with_value(number);
    if (of_method && number.last() == "clip_norm" && number.value == 0) clips = number.name;
  }
  if (rates.empty()) rates = "the learning rate: give the method an Optimizer<optim::Adam>";
  return "lower " + rates + (clips.empty() ? "" : ", or set " + clips);
}

/// What to do about a posterior that is the prior: the largest weights of the terms that pull it there. A
/// weight is told by its name; a policy that aims at a capacity has one to raise instead.
DISENTANGLE_COLD inline std::string against_collapse(std::vector<NumberMember> const& numbers) {
  std::string capacities;
  NumberMember const *largest = nullptr, *second = nullptr;  // of equals the one that stands first
  for (NumberMember const& number : numbers) {
    if (number.address.role != Role::regularizer && number.address.role != Role::adversary) continue;
    std::string_view const last = number.last();
    if (last == "capacity_end") {
      capacities += (capacities.empty() ? "" : " and ") + with_value(number);
    } else if (number.value > 0 && (last == "alpha" || last == "beta" || last == "gamma" ||
                                    last == "weight" || last == "lambda" || last == "largest")) {
      if (largest == nullptr || number.value > largest->value) {
        second = std::exchange(largest, &number);
      } else if (second == nullptr || number.value > second->value) {
        second = &number;
      }
    }
  }
  if (!capacities.empty()) return "raise " + capacities + ", or reach it sooner";
  if (largest == nullptr)
    return "weigh the KL less with Regularizer<regularizer::WeightedKl>, or set a capacity "
           "(regularizer::Capacity)";
  std::string text = "lower " + with_value(*largest);
  if (second != nullptr) text += " or " + with_value(*second);
  return text + ", or set a capacity (regularizer::Capacity)";
}

}  // namespace detail

/// Watches the reports of a run, and gives the run at most one warning of each kind:
///
///   diverged   |loss| was more than 10,000 times what it was in the run's first step (or than 1, if that is
///              more) in three reports in a row. Signs do not count: a critic's loss, or a bound on a
///              likelihood, may pass zero.
///   collapsed  all latents carried less than 0.01 nat in every report of the last 5,000 steps; or, said with
///              the last step of a run of 200 steps or more, of the last quarter of its steps.
///
/// The run goes on. What to change is found in the method's description, whatever the method. Costs some
/// comparisons a step, and allocates only when it warns. On a backend that queues its work only what is read
/// back for others is looked at.
class RunWarnings {
 public:
  static constexpr double divergence_factor = 1e4;
  static constexpr int divergence_reports = 3;
  static constexpr double collapse_nats = 0.01;
  static constexpr long collapse_steps = 5000;
  static constexpr long shortest_run = 200;

  void on_step(auto& run, auto const& report) {
    if (report.step != run.step()) return;  // not of this step: not read back yet
    watch_loss(run, report);
    if constexpr (std::remove_cvref_t<decltype(run.model())>::infers_posterior) watch_kl(run, report);
  }

 private:
  DISENTANGLE_COLD void watch_loss(auto& run, auto const& report) {
    if (first_step_ == 0) {
      first_step_ = report.step;
      first_loss_ = report.loss;
      return;
    }
    bool const large = std::abs(report.loss) > divergence_factor * std::max(std::abs(first_loss_), 1.0);
    large_reports_ = large ? large_reports_ + 1 : 0;
    if (diverged_ || large_reports_ < divergence_reports) return;
    diverged_ = true;
    auto const& names = run.model().part_names();
    std::size_t largest = 0;
    for (std::size_t i = 1; i < report.parts.size(); ++i) {
      if (std::abs(report.parts[i]) > std::abs(report.parts[largest])) largest = i;
    }
    std::string text = "the loss " + std::string(report.loss > first_loss_ ? "rose" : "fell") + " from " +
                       detail::three_digits(first_loss_) + " to " + detail::three_digits(report.loss) +
                       " in " + std::to_string(report.step - first_step_) + " steps";
    if (names.size() > 1)
      text += " (" + names[largest] + " is " + detail::three_digits(report.parts[largest]) + ")";
    run.warn(text + ": " +
             detail::against_divergence(detail::number_members(run.model().method()), names[largest]) +
             "; the run goes on");
  }

  DISENTANGLE_COLD void watch_kl(auto& run, auto const& report) {
    std::size_t silent = 0;
    for (float const kl : report.kl) {
      silent += static_cast<double>(kl) < collapse_nats ? 1 : 0;
      measured_ = measured_ || kl != 0;
    }
    if (silent < report.kl.size()) {
      silent_since_ = 0;
      return;
    }
    if (silent_since_ == 0) silent_since_ = report.step;
    long const steps = report.step - silent_since_ + 1, made = run.step() - run.first_step();
    bool const at_end = run.step() == run.options().steps && made >= shortest_run && 4 * steps >= made;
    if (collapsed_ || !measured_ || !(steps >= collapse_steps || at_end)) return;
    collapsed_ = true;
    std::string const n = std::to_string(silent);
    run.warn(n + " of " + n + " latents carry less than " + detail::three_digits(collapse_nats) +
             " nat, for " + std::to_string(steps) +
             " steps now: " + detail::against_collapse(detail::number_members(run.model().method())) +
             (steps < collapse_steps ? ", or make more steps" : ""));
  }

  long first_step_ = 0, silent_since_ = 0;  // 0: none yet
  double first_loss_ = 0;
  int large_reports_ = 0;
  bool diverged_ = false, collapsed_ = false;
  bool measured_ = false;  // whether a KL was ever not 0: posteriors without one report 0
};

}  // namespace disentangle
