// SPDX-License-Identifier: Apache-2.0
// A hyper-parameter of any term as a function of the step.
#pragma once

#include <algorithm>
#include <cmath>

#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

namespace detail {

template <class Member>
struct MemberOf;
template <class Policy, class T>
struct MemberOf<T Policy::*> {
  using policy = Policy;
};

}  // namespace detail

/// How a value goes from `from` to `to`.
enum class RampKind {
  constant,  ///< `to` at once
  linear,    ///< over `steps` steps, then `to`
  /// linear over the first half of every `steps` steps, `to` in the second (Fu et al. 2019, BibTeX:
  /// fu2019cyclical)
  cyclic
};

/// A value that depends on the step.
struct Ramp {
  RampKind kind = RampKind::linear;
  double from = 0;
  double to = 1;
  long steps = 10'000;

  /// At a step, counted from 1.
  double operator()(long step) const {
    if (kind == RampKind::constant || steps <= 0) return to;
    double const period = static_cast<double>(steps);
    double t = static_cast<double>(step) / period;
    if (kind == RampKind::cyclic) t = 2 * (t - std::floor(t));
    return from + (to - from) * std::min(t, 1.0);
  }
  friend bool operator==(Ramp const&, Ramp const&) = default;
};

/// The term that Member belongs to, with that member set from `ramp` at every step:
///
///     using WarmUp = dis::regularizer::Scheduled<&dis::regularizer::WeightedKl::beta>;
///     // beta from 0 to 1 in 10,000 steps
///     using WarmBetaVae = dis::With<dis::method::Vae, dis::Regularizer<WarmUp>>;
///
/// The ramp's members are set like any other: --set Scheduled.ramp.to=4.
template <auto Member>
struct Scheduled {
  using Policy = typename detail::MemberOf<decltype(Member)>::policy;
  Policy policy{};
  Ramp ramp{};

  auto operator()(auto const& posterior) const {
    Policy now = policy;
    now.*Member = ramp(posterior.step);
    return now(posterior);
  }
  friend bool operator==(Scheduled const&, Scheduled const&) = default;
};

}  // namespace disentangle::regularizer
