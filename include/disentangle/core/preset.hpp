// SPDX-License-Identifier: Apache-2.0
// Preset<Slot, values>: a slot of a method whose policy begins with other values than its type's.
#pragma once

#include <concepts>

#include <disentangle/core/roles.hpp>

namespace disentangle {

/// `Slot`, whose policy begins as `Values()` returns it, in place of the defaults of its type: for a method
/// whose authors have a setting of their own for a policy that others share.
///     inline optim::Adam quicker() { return {.learning_rate = 5e-4}; }
///     using JointVae = With<Vae, ..., Preset<Optimizer<optim::Adam>, &quicker>>;
/// The policy is the same in every other respect: get<optim::Adam>(), set, With and Without find it by its
/// own name. A slot that With replaces takes its preset away with it.
template <policy_slot Slot, auto Values>
  requires std::convertible_to<decltype(Values()), typename Slot::policy>
struct Preset {
  static constexpr Role kind = Slot::kind;
  using policy = typename Slot::policy;
  [[nodiscard]] static constexpr policy value() { return Values(); }
};

namespace detail {

/// A slot without its preset.
template <class Slot>
struct BareSlot {
  using type = Slot;
};
template <class Slot, auto Values>
struct BareSlot<Preset<Slot, Values>> {
  using type = Slot;
};

/// What the policy of a slot is before anybody changes it.
template <class Slot>
constexpr typename Slot::policy first_value() {
  if constexpr (std::same_as<typename BareSlot<Slot>::type, Slot>) {
    return {};
  } else {
    return Slot::value();
  }
}

}  // namespace detail

}  // namespace disentangle
