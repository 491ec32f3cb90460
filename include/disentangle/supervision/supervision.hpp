// SPDX-License-Identifier: Apache-2.0
// The supervision role: a term or a step that sees labels.
#pragma once

#include <disentangle/core/roles.hpp>
#include <disentangle/objective/step.hpp>

namespace disentangle {

/// The role of a term or a step that sees labels; a method may have several.
template <step_policy P>
struct Supervision {
  static constexpr Role kind = Role::supervision;
  using policy = P;
};

}  // namespace disentangle
