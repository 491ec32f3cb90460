// SPDX-License-Identifier: Apache-2.0
// The optimiser role: how parameters follow their gradients.
#pragma once

#include <concepts>
#include <cstddef>

#include <disentangle/core/config.hpp>
#include <disentangle/core/fixed_array.hpp>
#include <disentangle/core/roles.hpp>

namespace disentangle {

/// An optimiser states its update once, for any number type P (a scalar on a device, a SIMD pack on the
/// host):
///     static constexpr std::size_t moments = 2;                       scalars kept per parameter
///     auto update(long step, double gradient_factor) const;  -> kernel(P& w, P g, FixedArray<P, moments>& m)
///     double learning_rate;                            of the first step; schedules multiply it
///     double clip_norm;                                gradients are scaled down to this global norm; 0: off
/// `step` counts from 1; the kernel multiplies the gradient by gradient_factor (clipping).
template <class P>
concept optimizer_policy =
    std::semiregular<P> && requires(P const& policy, P& changed, float& w, FixedArray<float, P::moments>& m) {
      { policy.learning_rate } -> std::convertible_to<double>;
      changed.learning_rate *= 0.5;
      { policy.clip_norm } -> std::convertible_to<double>;
      policy.update(1L, 1.0)(w, 0.5f, m);
    };

/// The role of the optimiser of a method's own parameters; a method without one is trained by optim::Adam{}.
template <optimizer_policy P>
struct Optimizer {
  static constexpr Role kind = Role::optimizer;
  using policy = P;
};

}  // namespace disentangle
