// SPDX-License-Identifier: Apache-2.0
// The adversary role: a term through networks that are trained against the method.
#pragma once

#include <disentangle/core/roles.hpp>
#include <disentangle/objective/step.hpp>

namespace disentangle {

/// The role of a term through networks that are trained against the method; a method may have several.
template <step_policy P>
struct Adversary {
  static constexpr Role kind = Role::adversary;
  using policy = P;
};

}  // namespace disentangle
