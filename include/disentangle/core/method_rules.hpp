// SPDX-License-Identifier: Apache-2.0
// Which roles go together: the cross-slot rules of a method, each a static_assert in words.
#pragma once

#include <disentangle/core/roles.hpp>

namespace disentangle::detail {

template <class... Slots>
struct MethodRules {
 private:
  template <Role Kind>
  static constexpr std::size_t n = count_of<Kind, Slots...>;

  static_assert(n<Role::encoder> <= 1,
                "[disentangle] duplicate role: a Method has at most one Encoder<...>; see docs/policies.md");
  static_assert(n<Role::decoder> <= 1,
                "[disentangle] duplicate role: a Method has at most one Decoder<...>; see docs/policies.md");
  static_assert(n<Role::prior> <= 1,
                "[disentangle] duplicate role: a Method has at most one Prior<...>; see docs/policies.md");
  static_assert(
      n<Role::reconstruction> <= 1,
      "[disentangle] duplicate role: a Method has at most one Reconstruction<...>; see docs/policies.md");
  static_assert(
      n<Role::optimizer> <= 1,
      "[disentangle] duplicate role: a Method has at most one Optimizer<...>; see docs/policies.md");
  static_assert(
      n<Role::encoder> + n<Role::decoder> != 0,
      "[disentangle] missing role: a Method needs an Encoder<...> or a Decoder<...>; see docs/policies.md");
  static_assert(
      n<Role::decoder> == 0 || n<Role::prior> != 0,
      "[disentangle] missing role: a Method with a Decoder<...> needs a Prior<...>; see docs/policies.md");
  static_assert(n<Role::reconstruction> == 0 || (n<Role::encoder> != 0 && n<Role::decoder> != 0),
                "[disentangle] missing role: a Reconstruction<...> needs an Encoder<...> and a Decoder<...>; "
                "see docs/policies.md");
  static_assert(n<Role::regularizer> == 0 || n<Role::encoder> != 0,
                "[disentangle] missing role: a Regularizer<...> needs an Encoder<...>; see docs/policies.md");
  static_assert(n<Role::reconstruction> + n<Role::contrast> + n<Role::adversary> + n<Role::supervision> != 0,
                "[disentangle] missing role: a Method needs something to learn from: a Reconstruction<...>, "
                "Contrast<...>, "
                "Adversary<...> or Supervision<...>; see docs/policies.md");
};

}  // namespace disentangle::detail
