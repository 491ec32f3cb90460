// SPDX-License-Identifier: Apache-2.0
// The contrast role: a term on pairs, perturbations or subsets of codes and images.
#pragma once

#include <disentangle/core/roles.hpp>
#include <disentangle/objective/step.hpp>

namespace disentangle {

/// The role of a term on pairs, perturbations or subsets of codes and images; a method may have several.
template <step_policy P>
struct Contrast {
  static constexpr Role kind = Role::contrast;
  using policy = P;
};

}  // namespace disentangle
