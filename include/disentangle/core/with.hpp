// SPDX-License-Identifier: Apache-2.0
// With<M, Slot...>, Plus<M, Slot...> and Without<M, Slot...>: a variant of a method, saying only what
// differs.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <disentangle/core/method.hpp>

namespace disentangle {

namespace detail {

template <class... Slots>
struct Pack {};

/// Occurrences of a slot, presets apart.
template <class Slot, class... Slots>
inline constexpr std::size_t count_of_slot =
    (std::size_t{std::is_same_v<typename BareSlot<Slot>::type, typename BareSlot<Slots>::type>} + ... +
     std::size_t{0});

template <class... A, class... B>
Pack<A..., B...> operator+(Pack<A...>, Pack<B...>);

template <bool Stays, class Slot>
using kept_if = std::conditional_t<Stays, Pack<Slot>, Pack<>>;

/// The slots of one role among some, in their order.
template <Role Kind, class... Slots>
using slots_of = decltype((Pack<>{} + ... + kept_if<Slots::kind == Kind, Slots>{}));

/// What stands in the place of slot number I: itself, or where its role is replaced, all given slots of that
/// role in the place of the first, nothing in those of the others.
template <std::size_t I, class Slot, class Slots, class... Given>
struct Place;
template <std::size_t I, class Slot, class... Slots, class... Given>
struct Place<I, Slot, Pack<Slots...>, Given...> {
  static constexpr bool is_replaced = count_of<Slot::kind, Given...> != 0,
                        is_first = index_of<Slot::kind, 0, Slots...>() == I;
  using type = std::conditional_t<is_replaced && is_first, slots_of<Slot::kind, Given...>,
                                  kept_if<!is_replaced, Slot>>;
};

template <class Slots>
struct MethodOf;
template <class... Slots>
struct MethodOf<Pack<Slots...>> {
  using type = Method<Slots...>;
};

template <class M, class Index, class... Given>
struct Replace;
template <class... Slots, std::size_t... I, class... Given>
struct Replace<Method<Slots...>, std::index_sequence<I...>, Given...>
    : MethodOf<decltype((Pack<>{} + ... + typename Place<I, Slots, Pack<Slots...>, Given...>::type{}) +
                        (Pack<>{} + ... + kept_if<count_of<Given::kind, Slots...> == 0, Given>{}))> {};

template <class M, class... Given>
struct WithOf;
template <class... Slots, class... Given>
struct WithOf<Method<Slots...>, Given...>
    : Replace<Method<Slots...>, std::index_sequence_for<Slots...>, Given...> {};

template <class M, class... Given>
struct PlusOf;
template <class... Slots, class... Given>
struct PlusOf<Method<Slots...>, Given...> {
  using type = Method<Slots..., Given...>;
};

template <class M, class... Gone>
struct WithoutOf;
template <class... Slots, class... Gone>
struct WithoutOf<Method<Slots...>, Gone...>
    : MethodOf<decltype((Pack<>{} + ... + kept_if<count_of_slot<Slots, Gone...> == 0, Slots>{}))> {
  static_assert(((count_of_slot<Gone, Slots...> != 0) && ...),
                "[disentangle] Without<M, Slot...>: the method has no such slot");
};

}  // namespace detail

/// The method M with the roles of the given slots replaced (or added where M lacks them):
///     using FactorVae = With<BetaVae, Regularizer<regularizer::WeightedKl>, Adversary<...>>;
/// All policies of a replaced role go, and the given ones stand where the first of them stood, so that the
/// parts of the loss keep their order; a role that M lacks comes last. Values are defaults.
template <class M, policy_slot... Given>
using With = typename detail::WithOf<M, Given...>::type;

/// The method M with further slots beside its own: Plus<BetaTcVae, Regularizer<OrthogonalMeans>>.
template <class M, policy_slot... Given>
using Plus = typename detail::PlusOf<M, Given...>::type;

/// The method M without the given slots: Without<PartedVae, Regularizer<regularizer::BhattacharyyaHinge>>, an
/// ablation.
template <class M, policy_slot... Gone>
using Without = typename detail::WithoutOf<M, Gone...>::type;

}  // namespace disentangle
