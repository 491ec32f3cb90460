// SPDX-License-Identifier: Apache-2.0
// Method<Slots...>: WHAT is computed. A regular value made of role-wrapped policies in any order; every
// hyper-parameter is a run-time member of its policy, so a sweep never recompiles. It names no backend: Model
// binds it to one.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <disentangle/core/config.hpp>
#include <disentangle/core/method_rules.hpp>
#include <disentangle/core/preset.hpp>
#include <disentangle/core/roles.hpp>

namespace disentangle {

namespace detail {

template <class Policy, class... Slots>
inline constexpr std::size_t occurrences =
    (std::size_t{std::is_same_v<Policy, typename Slots::policy>} + ... + std::size_t{0});

/// Index of the n-th slot that has a role; sizeof...(Slots) if there is none.
template <Role Kind, std::size_t Nth, class... Slots>
constexpr std::size_t index_of() {
  std::size_t seen = 0, index = 0, found = sizeof...(Slots);
  ((Slots::kind == Kind&& seen++ == Nth ? found = index++ : index++), ...);
  return found;
}

}  // namespace detail

/// A disentanglement method as a pack of policies in their roles:
///
///     using BetaVae = Method<Encoder<encoder::LocatelloConv<>>, Decoder<decoder::LocatelloConv>,
///                            Prior<prior::StandardNormal>, Reconstruction<reconstruction::Bernoulli>,
///                            Regularizer<regularizer::WeightedKl>>;
///
/// The order of the slots is the order in which terms are evaluated and printed; it has no other meaning.
template <policy_slot... Slots>
struct Method : private detail::MethodRules<Slots...> {
  std::tuple<typename Slots::policy...> policies{detail::first_value<Slots>()...};

  /// The policy of a type: method.get<regularizer::TotalCorrelation>().beta = 6.
  template <class Policy>
  constexpr Policy& get() {
    check<Policy>();
    return std::get<Policy>(policies);
  }
  template <class Policy>
  constexpr Policy const& get() const {
    check<Policy>();
    return std::get<Policy>(policies);
  }

  /// The n-th policy of a role: method.get<Role::regularizer, 1>(), for when one type sits in two slots.
  template <Role Kind, std::size_t Nth = 0>
  constexpr auto& get() {
    static_assert(Nth < count<Kind>,
                  "[disentangle] get<Role, n>: the method has no n-th policy of this role");
    return std::get<detail::index_of<Kind, Nth, Slots...>()>(policies);
  }
  template <Role Kind, std::size_t Nth = 0>
  constexpr auto const& get() const {
    static_assert(Nth < count<Kind>,
                  "[disentangle] get<Role, n>: the method has no n-th policy of this role");
    return std::get<detail::index_of<Kind, Nth, Slots...>()>(policies);
  }

  /// How many policies have a role.
  template <Role Kind>
  static constexpr std::size_t count = count_of<Kind, Slots...>;

  template <Role Kind>
  static constexpr bool has = count<Kind> != 0;

  /// Calls visit(role, policy) for every slot in order.
  template <class Visitor>
  constexpr void for_each_policy(Visitor&& visit) {
    visit_all(*this, visit, std::index_sequence_for<Slots...>{});
  }
  template <class Visitor>
  constexpr void for_each_policy(Visitor&& visit) const {
    visit_all(*this, visit, std::index_sequence_for<Slots...>{});
  }

  friend constexpr bool operator==(Method const& a, Method const& b) { return a.policies == b.policies; }

 private:
  template <class Policy>
  static constexpr void check() {
    static_assert(detail::occurrences<Policy, Slots...> != 0,
                  "[disentangle] get<Policy>: the method has no such policy");
    static_assert(detail::occurrences<Policy, Slots...> < 2,
                  "[disentangle] get<Policy>: the method has this policy twice; write get<Role::..., n>()");
  }
  template <class Self, class Visitor, std::size_t... I>
  static constexpr void visit_all(Self& self, Visitor& visit, std::index_sequence<I...>) {
    (visit(Slots::kind, std::get<I>(self.policies)), ...);
  }
};

/// True for every instance of Method.
template <class M>
inline constexpr bool is_method = false;
template <class... Slots>
inline constexpr bool is_method<Method<Slots...>> = true;

}  // namespace disentangle
