// SPDX-License-Identifier: Apache-2.0
// With<M, Slot...>, Plus<M, Slot...> and Without<M, Slot...>: a variant of a method, saying only what
// differs.
#pragma once

#include <type_traits>

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

template <class Kept, class Rest, class... Given>
struct Replace;
template <class... Kept, class... Given>
struct Replace<Pack<Kept...>, Pack<>, Given...> {
  using type = Method<Kept..., Given...>;
};
template <class... Kept, class First, class... Rest, class... Given>
struct Replace<Pack<Kept...>, Pack<First, Rest...>, Given...>
    : Replace<std::conditional_t<((Given::kind == First::kind) || ...), Pack<Kept...>, Pack<Kept..., First>>,
              Pack<Rest...>, Given...> {};

template <class M, class... Given>
struct WithOf;
template <class... Slots, class... Given>
struct WithOf<Method<Slots...>, Given...> : Replace<Pack<>, Pack<Slots...>, Given...> {};

template <class M, class... Given>
struct PlusOf;
template <class... Slots, class... Given>
struct PlusOf<Method<Slots...>, Given...> {
  using type = Method<Slots..., Given...>;
};

template <class Kept, class Rest, class... Gone>
struct Remove;
template <class... Kept, class... Gone>
struct Remove<Pack<Kept...>, Pack<>, Gone...> {
  using type = Method<Kept...>;
};
template <class... Kept, class First, class... Rest, class... Gone>
struct Remove<Pack<Kept...>, Pack<First, Rest...>, Gone...>
    : Remove<std::conditional_t<(count_of_slot<First, Gone...> != 0), Pack<Kept...>, Pack<Kept..., First>>,
             Pack<Rest...>, Gone...> {};

template <class M, class... Gone>
struct WithoutOf;
template <class... Slots, class... Gone>
struct WithoutOf<Method<Slots...>, Gone...> : Remove<Pack<>, Pack<Slots...>, Gone...> {
  static_assert(((count_of_slot<Gone, Slots...> != 0) && ...),
                "[disentangle] Without<M, Slot...>: the method has no such slot");
};

}  // namespace detail

/// The method M with the roles of the given slots replaced (or added where M lacks them):
///     using FactorVae = With<BetaVae, Regularizer<regularizer::WeightedKl>, Adversary<...>>;
/// All policies of a replaced role go; the given ones take their place at the end. Values are defaults.
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
